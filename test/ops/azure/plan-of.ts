import type { ResourceChange, ShownPlan } from "../../../ops/azure/shown-plan";

type Change = Partial<ResourceChange["change"]> & Pick<Partial<ResourceChange>, "action_reason" | "address">;

/** A plan for the cluster aks-main, as `terraform show -json` prints it. */
export const ofCluster = (change: Change): ResourceChange =>
  resource("azurerm_kubernetes_cluster", "aks-main", change);

/** A plan for the node pool user of aks-main. */
export const ofPool = (change: Change): ResourceChange =>
  resource("azurerm_kubernetes_cluster_node_pool", "user", change);

export function resource(
  type: string,
  name: string,
  { action_reason, address = `${type}.${name}`, ...change }: Change,
): ResourceChange {
  const filled = { actions: ["update"], before: null, after: null, ...change };
  return { address, type, ...(action_reason ? { action_reason } : {}), change: filled };
}

export const planOf = (...resource_changes: ResourceChange[]): ShownPlan => ({ resource_changes });
