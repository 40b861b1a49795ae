import { istioNamespace } from "../k8s/istio-names";
import type { Mesh } from "../mesh/mesh";
import type { KubernetesObject } from "../ops/exec/kubernetes-object";

/** Which mesh has made istio-system. */
export interface Owner {
  /** Mesh ID. */
  readonly mesh: string;
  readonly namespace: KubernetesObject;
}

/** By the ownership labels that the bundles give it, applied by `mesh` or by hand; undefined: not this project. */
export function ownerOf(namespaces: readonly KubernetesObject[]): Owner | undefined {
  const namespace = namespaces.find(({ metadata }) => metadata.name === istioNamespace);
  const labels = namespace?.metadata.labels;
  const mesh = labels?.["app.kubernetes.io/part-of"];
  if (namespace === undefined || mesh === undefined) return undefined;
  return labels?.["app.kubernetes.io/managed-by"] === "mesh" ? { mesh, namespace } : undefined;
}

export const isOfMesh = (namespaces: readonly KubernetesObject[], { name }: Mesh) =>
  ownerOf(namespaces)?.mesh === name;
