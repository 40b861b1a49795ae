import { istioNamespace, networkLabel } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { type Inventory, isOfMesh, readInventory } from "../clusters/inventory";
import { renamings } from "../clusters/renamings";
import { Refused } from "../exec/errors";
import { kubectlFor } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";
import type { Context } from "../run/context";

/** What a run reads from the primary before its first step. */
export interface Findings {
  /** Version of the istioctl that is on the PATH, for example `1.31.1`. */
  readonly istioctlVersion: string;
  /** As the last run wrote it; undefined before the first. */
  readonly inventory: Inventory | undefined;
  /** The primary's gateway Service; undefined without a mesh. */
  readonly primaryGateway: KubernetesObject | undefined;
}

/**
 * Without an inventory of this mesh, an address on the primary is not the mesh's either.
 * @throws Refused where a cluster that runs has another name, or another network, in mesh.yaml
 */
export async function findOut(context: Context, mesh: Mesh, istioctlVersion: string): Promise<Findings> {
  const { signal } = context;
  const kubectl = kubectlFor(context.programs, mesh.primary.context);
  const inventory = await readInventory(kubectl, signal);
  if (!isOfMesh(inventory, mesh)) return { istioctlVersion, inventory, primaryGateway: undefined };
  await refuseRenamed(context, mesh, inventory);
  const { name } = mesh.istio.line.gateway;
  const [primaryGateway] = await kubectl.get(["-n", istioNamespace, "service", name], { signal });
  return { istioctlVersion, inventory, primaryGateway };
}

/** Proxies that run would be cut off, and a run that changes no pod would not notice. */
async function refuseRenamed({ programs, signal }: Context, mesh: Mesh, inventory: Inventory): Promise<void> {
  const isAsBefore = ({ name, context, network }: Cluster) =>
    inventory.clusters.some((one) => one.name === name && one.context === context && one.network === network);
  const found = await Promise.all(
    mesh.clusters
      .filter((cluster) => !isAsBefore(cluster))
      .map(async (cluster) => {
        const kubectl = kubectlFor(programs, cluster.context);
        const [namespace] = await kubectl.get(["namespace", istioNamespace], { signal });
        const { "app.kubernetes.io/part-of": owner, [networkLabel]: network } =
          namespace?.metadata.labels ?? {};
        const changes = owner === mesh.name ? renamings(mesh, inventory, cluster, network) : [];
        return changes.map((change) => `the cluster behind the context ${cluster.context}: ${change}`);
      }),
  );
  if (found.flat().length === 0) return;
  throw new Refused([
    ...found.flat(),
    "Its proxies keep the old names until they restart, and get no configuration until then. Write the old names into mesh.yaml again, or follow docs/rename.md; nothing was changed",
  ]);
}
