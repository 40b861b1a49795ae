import type { Mesh } from "../../mesh/mesh";
import { ownedObjects, withBundleKinds } from "../clusters/prune";
import type { Kubectl } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";

// What `mesh destroy` leaves in a cluster: Istio's CRDs, unless --crds is given, and namespaces that existed before the
// mesh, without its objects and labels (`clusters/adopted-namespaces.ts`).

export const isKept = ({ kind }: KubernetesObject, crds: boolean) =>
  kind === "CustomResourceDefinition" && !crds;

/** istiod writes them into every namespace, and leaves them there. */
export const configMapsOfIstiod = ["istio-ca-root-cert", "istio-ca-crl"];

const leaderAnnotation = "control-plane.alpha.kubernetes.io/leader";

/** The mesh's objects in a namespace that stays. */
export async function meshObjectsIn(
  kubectl: Kubectl,
  mesh: Mesh,
  extensionKinds: readonly string[],
  { metadata: { name } }: KubernetesObject,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const [owned, configMaps] = await Promise.all([
    ownedObjects(kubectl, mesh, withBundleKinds(mesh, extensionKinds), signal),
    kubectl.get(["-n", name, "configmaps"], { signal }),
  ]);
  // istiod's replicas elect their leader in these. They have no label.
  const leaders = configMaps.filter(({ metadata }) => metadata.annotations?.[leaderAnnotation] !== undefined);
  return [...owned.filter(({ metadata }) => metadata.namespace === name), ...leaders];
}
