import { type App, Chart } from "cdk8s";
import type { Mesh } from "../mesh/mesh";

/** A chart whose resources have owner labels and exact names, by which Istio finds them. */
export class MeshChart extends Chart {
  /** @param id part of the file's name: `0000-<id>.k8s.yaml` */
  constructor(app: App, id: string, mesh: Mesh) {
    super(app, id, { labels: ownerLabels(mesh), disableResourceNameHashes: true });
  }
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/, read 2026-11-23 */
export function ownerLabels(mesh: Mesh): Record<string, string> {
  return { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": mesh.name };
}

/** For `kubectl --selector`. */
export const ownerSelector = (mesh: Mesh) =>
  Object.entries(ownerLabels(mesh))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
