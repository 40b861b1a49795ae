import { clustersIn } from "../runbook/runbook";
import type { Resource } from "./resources";

/** Effects of a change on a running mesh that the changed lines do not show. */
export function consequencesOf(before: Resource | undefined, after: Resource | undefined): string[] {
  if (!before || !after) return [];
  if (before.kind === "terraform") return azureConsequences(before, after);
  return before.resource === "RUNBOOK.md" ? placeConsequences(before.text, after.text) : [];
}

interface Row {
  /** Terraform's type. */
  readonly of: string;
  /** Attributes in the Terraform JSON, from the resource down. */
  readonly at: string;
  /** As mesh.yaml calls it. */
  readonly what: string;
  readonly means: string;
}

/**
 * How azurerm applies a change.
 * https://registry.terraform.io/providers/hashicorp/azurerm/4.55.0/docs/resources/kubernetes_cluster (read 2026-11-27)
 */
const rows: readonly Row[] = [
  {
    of: "azurerm_kubernetes_cluster",
    at: "default_node_pool.node_count",
    what: "nodes",
    means:
      "applies only to a new pool; in a running one the autoscaler chooses between minNodes and maxNodes",
  },
  {
    of: "azurerm_kubernetes_cluster",
    at: "default_node_pool.min_count",
    what: "minNodes",
    means: "updated in place; the autoscaler adds nodes if there are fewer",
  },
  {
    of: "azurerm_kubernetes_cluster",
    at: "default_node_pool.max_count",
    what: "maxNodes",
    means: "updated in place; the autoscaler removes only idle nodes",
  },
  {
    of: "azurerm_kubernetes_cluster",
    at: "default_node_pool.vm_size",
    what: "vmSize",
    means: "rotates the node pool through a temporary one: every pod of the cluster restarts on a new node",
  },
  {
    of: "azurerm_kubernetes_cluster",
    at: "kubernetes_version",
    what: "kubernetesVersion",
    means: "upgraded in place: the control plane, then node by node; every pod restarts",
  },
  {
    of: "azurerm_resource_group",
    at: "location",
    what: "location",
    means: "replaces the resource group and every cluster in it: run `mesh destroy --infra` first",
  },
];

function azureConsequences(before: Resource, after: Resource): string[] {
  const [was, is] = [before, after].map(({ text }) => JSON.parse(text) as unknown);
  return rows
    .filter(({ of }) => after.resource.startsWith(`${of}.`))
    .map((row) => ({ ...row, was: valueAt(was, row.at), is: valueAt(is, row.at) }))
    .filter((row) => row.was !== row.is)
    .map((row) => `${row.what} ${row.was} -> ${row.is}: ${row.means}`);
}

const valueAt = (value: unknown, path: string) =>
  path
    .split(".")
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

/** The context identifies a cluster. Proxies get its name and network when they start. */
function placeConsequences(before: string, after: string): string[] {
  const was = new Map(clustersIn(before).map((cluster) => [cluster.context, cluster]));
  return clustersIn(after).flatMap(({ context, name, network }) => {
    const old = was.get(context);
    if (!old) return [];
    return [
      ...(old.name === name ? [] : [`cluster ${old.name} becomes ${name}`]),
      ...(old.network === network ? [] : [`network ${old.network} of ${name} becomes ${network}`]),
    ].map((change) => `${change}: \`mesh apply\` refuses this on a running mesh; see docs/rename.md`);
  });
}
