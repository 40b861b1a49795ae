import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Inventory } from "./inventory";

/**
 * What a running cluster is called otherwise than in mesh.yaml. Its proxies have been told both names when they started:
 * istiod disconnects those of a cluster that it does not know, and sends no requests into a network that it does not know.
 * https://github.com/istio/istio/issues/54764
 * @param network the cluster's label topology.istio.io/network, which is what an apply has left there
 */
export function renamings(
  { clusters }: Mesh,
  inventory: Inventory,
  cluster: Cluster,
  network: string | undefined,
): string[] {
  if (network === undefined) return [];
  const isMoved = network !== cluster.network;
  // A context that leads to another cluster of the mesh is not a new name.
  if (isMoved && clusters.some((other) => other.network === network)) return [];
  const before = inventory.clusters.find((one) => one.network === network);
  return [
    ...(before && before.name !== cluster.name
      ? [`it is ${before.name} in the running mesh, and ${cluster.name} in mesh.yaml`]
      : []),
    ...(isMoved
      ? [`its network is ${network} in the running mesh, and ${cluster.network} in mesh.yaml`]
      : []),
  ];
}
