import type { Cluster, Mesh } from "../mesh/mesh";

// Which meshes and clusters a check applies to.

export const hasSample = ({ sample }: Mesh) => sample !== undefined;
export const isRemote = (_: Mesh, { role }: Pick<Cluster, "role">) => role === "remote";
export const readsNetworkLabels = ({ istio }: Mesh) => istio.line.networksFrom === "labels";

/** Whether the cluster has its own istiod. */
export const runsIstiod = ({ istio }: Mesh, { role }: Cluster) =>
  role === "primary" || istio.line.remotesRunIstiod;
