/** A cluster that Azure has upgraded past mesh.yaml. */
export interface UpgradedCluster {
  /** AKS name. */
  readonly aks: string;
  /** The version that it runs: of its control plane or its nodes, whichever is newer. */
  readonly runs: string;
  /** The version in mesh.yaml. */
  readonly wanted: string;
}

/** The relevant part of a plan as `terraform show -json` prints it. */
export interface ShownPlan {
  readonly resource_changes?: readonly {
    readonly type: string;
    readonly change: { readonly before: PlannedCluster | null; readonly after: PlannedCluster | null };
  }[];
}
interface PlannedCluster {
  readonly name?: string;
  readonly kubernetes_version?: string;
  readonly default_node_pool?: readonly { readonly orchestrator_version?: string }[];
}

/**
 * Clusters that a plan would downgrade, or change from a patch to its minor version. Azure rejects a downgrade, and the
 * other change comes back with every plan: https://github.com/hashicorp/terraform-provider-azurerm/issues/26946
 */
export function upgradedClusters({ resource_changes = [] }: ShownPlan): UpgradedCluster[] {
  return resource_changes.flatMap(({ type, change: { before, after } }) => {
    if (type !== "azurerm_kubernetes_cluster" || !before || !after) return [];
    const pairs = [
      [before.kubernetes_version, after.kubernetes_version],
      [poolVersion(before), poolVersion(after)],
    ] as const;
    const back = pairs.find(([runs, wanted]) => runs && wanted && isNewer(runs, wanted));
    return back ? [{ aks: before.name ?? "", runs: back[0]!, wanted: back[1]! }] : [];
  });
}

const poolVersion = ({ default_node_pool: [pool] = [] }: PlannedCluster) => pool?.orchestrator_version;

/** 1.35.4 is newer than 1.35.2, and than 1.35. */
function isNewer(one: string, other: string): boolean {
  const [numbers, others] = [one, other].map((version) => version.split(".").map(Number)) as [
    number[],
    number[],
  ];
  const at = numbers.findIndex((number, index) => number !== others[index]);
  return at >= 0 && numbers[at]! > (others[at] ?? -1);
}
