import { istioNamespace } from "../../k8s/istio-names";
import { ownerLabels } from "../../k8s/mesh-chart";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Kubectl } from "../exec/kubectl";
import { type KubernetesObject, objectTitle } from "../exec/kubernetes-object";
import { lastApplied, lastAppliedAnnotation } from "./drift";

/**
 * Somebody may have made a namespace of the mesh ahead of it, for pull secrets. It bears this annotation from then on,
 * and is given back when the mesh goes: whoever made it may miss what is in it.
 */
const adoptedAnnotation = "mesh/adopted";

export const isAdopted = ({ kind, metadata }: KubernetesObject) =>
  kind === "Namespace" && metadata.annotations?.[adoptedAnnotation] !== undefined;

/** Whether an object bears the ownership labels of this mesh. */
export const isOwned = ({ metadata }: KubernetesObject, mesh: Mesh) =>
  Object.entries(ownerLabels(mesh)).every(([key, value]) => metadata.labels?.[key] === value);

/**
 * Marks those namespaces that are there and not of this mesh, before it makes them its own.
 * @throws where the one for the sample holds somebody's workloads: its labels would change what runs in it
 */
export async function adoptNamespaces(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const found = await kubectl.get(["namespaces", ...names], { signal });
  const foreign = found.filter(
    (namespace) => namespace.metadata.deletionTimestamp === undefined && !isOwned(namespace, mesh),
  );
  for (const { metadata } of foreign) {
    if (metadata.name !== istioNamespace) await refuseUsed(kubectl, mesh, cluster, metadata.name, signal);
    const mark = ["annotate", "namespace", metadata.name, `${adoptedAnnotation}=true`, "--overwrite"];
    await kubectl.run(mark, { signal });
  }
}

async function refuseUsed(
  kubectl: Kubectl,
  mesh: Mesh,
  { name }: Cluster,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const [workload] = await kubectl.get(["-n", namespace, "deployments,statefulsets,daemonsets,pods"], {
    signal,
  });
  if (workload === undefined) return;
  throw new Error(
    `the namespace ${namespace} of ${name} is not of ${mesh.name}, and somebody's ${objectTitle(workload)} runs in it; nothing was ` +
      "changed there; the sample wants a namespace of its own: name another one in mesh.yaml (sample.namespace)",
  );
}

/** Takes away what the mesh has written on it; what else is in it stays. */
export async function giveBack(
  kubectl: Kubectl,
  namespace: KubernetesObject,
  signal: AbortSignal,
): Promise<void> {
  const { name } = namespace.metadata;
  const { labels = {}, annotations = {} } = lastApplied(namespace)?.metadata ?? {};
  const without = (keys: readonly string[]) => keys.map((key) => `${key}-`);
  await kubectl.run(["label", "namespace", name, ...without(Object.keys(labels))], { signal });
  const ours = [...Object.keys(annotations), lastAppliedAnnotation, adoptedAnnotation];
  await kubectl.run(["annotate", "namespace", name, ...without(ours)], { signal });
}
