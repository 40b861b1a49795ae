import type { Cluster, Mesh } from "../../mesh/mesh";

// Which meshes and clusters a check is about.

export const hasSample = ({ sample }: Mesh) => sample !== undefined;
export const isRemote = (_: Mesh, { role }: Pick<Cluster, "role">) => role === "remote";
export const readsNetworkLabels = ({ istio }: Mesh) => istio.line.networksFrom === "labels";
