import type { Cluster, Mesh } from "../../mesh/mesh";
import type { MeshPaths } from "../../mesh/paths";
import { shellQuote } from "../../mesh/shell-quote";

/** What the runbook is about. */
export interface Book {
  readonly mesh: Mesh;
  readonly paths: MeshPaths;
}

/** Its context as an option, whatever is in the name. */
export const at = ({ context }: Cluster): string => `--context ${shellQuote(context)}`;

export function kubectl(cluster: Cluster): string {
  return `kubectl ${at(cluster)}`;
}

/**
 * `npx --no mesh ca`, with `-f` where the mesh is not in `mesh.yaml`. `--no`: where this package is not installed, npx
 * would offer to fetch another one of the name.
 */
export function meshCommand({ paths }: Book, name: string): string {
  return `npx --no mesh ${name}${paths.mesh === "mesh.yaml" ? "" : ` -f ${shellQuote(paths.mesh)}`}`;
}

export function istioctlCommand({ mesh }: Book, name: "create-remote-secret" | "uninstall"): string {
  return mesh.istio.line.experimentalCommands.includes(name) ? `istioctl x ${name}` : `istioctl ${name}`;
}
