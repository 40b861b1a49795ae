import type { Cluster, Mesh } from "../../mesh/mesh";

// Which meshes and clusters a check is about.

export const hasSample = ({ sample }: Mesh) => sample !== undefined;
export const isRemote = (_: Mesh, { role }: Pick<Cluster, "role">) => role === "remote";
/** Current lines; else the shared control plane of 1.7. */
export const isPrimaryRemote = ({ istio }: Mesh) => istio.line.installation === "primary-remote";
