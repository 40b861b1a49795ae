import { clustersIn } from "../runbook/runbook";
import { type AttributeChange, attributeChanges, type Effect } from "./azurerm-changes";
import type { Resource } from "./resources";

/** Effects of a change on a running mesh that the changed lines do not show. */
export function consequencesOf(before: Resource | undefined, after: Resource | undefined): string[] {
  if (!before) return [];
  if (before.kind === "terraform") return azureConsequences(before, after);
  return after && before.resource === "RUNBOOK.md" ? placeConsequences(before.text, after.text) : [];
}

const rotates =
  "rotates the node pool through a temporary one: every pod of it restarts on a new node, nodes are not drained gracefully; needs quota for a second pool";

/** What azurerm's effect means, by Terraform's type. `NAME` is the cluster's name on Azure. */
const meanings: Readonly<Record<string, Readonly<Record<Effect, string>>>> = {
  azurerm_kubernetes_cluster: {
    updated: "updated in place",
    rotated: rotates,
    replaced: `new cluster: \`mesh up\` refuses it without \`--replace NAME\`; nothing carries its traffic over, see docs/azure.md`,
  },
  azurerm_kubernetes_cluster_node_pool: {
    updated: "updated in place",
    rotated: rotates,
    replaced: "new node pool: Terraform deletes the old one first, so its pods need room in another pool",
  },
};

/** What more an update in place means, by the attribute's last part. */
const details: Readonly<Record<string, string>> = {
  node_count:
    "applies only to a new pool; in a running one the autoscaler chooses between minNodes and maxNodes",
  min_count: "updated in place; the autoscaler adds nodes if there are fewer",
  max_count: "updated in place; the autoscaler removes only idle nodes",
  kubernetes_version: "upgraded in place: the control plane, then node by node; every pod restarts",
  orchestrator_version: "upgraded in place: the control plane, then node by node; every pod restarts",
};

/** As mesh.yaml calls them, by the attribute's last part. Other attributes have azurerm's name. */
const fields: Readonly<Record<string, string>> = {
  node_count: "nodes",
  min_count: "minNodes",
  max_count: "maxNodes",
  vm_size: "vmSize",
  kubernetes_version: "kubernetesVersion",
  // It follows the control plane.
  orchestrator_version: "kubernetesVersion",
};

function azureConsequences(before: Resource, after: Resource | undefined): string[] {
  const type = before.resource.split(".")[0]!;
  const [was, is] = [before, after].map((one) => one && JSON.parse(one.text));
  if (!after) {
    if (type !== "azurerm_kubernetes_cluster") return [];
    return [`deletes the AKS cluster ${was.name}: \`mesh up\` refuses it without \`--replace ${was.name}\``];
  }
  if (type === "azurerm_resource_group" && was.location !== is.location)
    return [
      `location ${was.location} -> ${is.location}: replaces the resource group and every cluster in it, which \`mesh up\` refuses: run \`mesh destroy --infra\` first`,
    ];
  // Tags change nothing on a running cluster.
  const changes = attributeChanges(type, was, is).filter(({ path }) => !/^(.*\.)?tags(\.|$)/.test(path));
  const lines = changes.map((change) => {
    const { effect, path } = change;
    const detail = effect === "updated" ? details[lastOf(path)] : undefined;
    return { change: shown(change), means: detail ?? meanings[type]![effect].replace("NAME", was.name) };
  });
  const effects = [...new Set(lines.map(({ means }) => means))];
  return effects.map((means) => {
    const same = lines.filter((line) => line.means === means).map(({ change }) => change);
    return `${[...new Set(same)].join(", ")}: ${means}`;
  });
}

const lastOf = (path: string) => path.split(".").at(-1)!;

function shown({ path, was, is }: AttributeChange): string {
  const name = fields[lastOf(path)] ?? path;
  const isLong = [was, is].some((value) => typeof value === "object" && value !== null);
  return isLong ? name : `${name} ${was ?? "(unset)"} -> ${is ?? "(unset)"}`;
}

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
