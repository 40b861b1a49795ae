import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Kubectl } from "../exec/kubectl";
import { type KubernetesObject, objectTitle } from "../exec/kubernetes-object";
import { lastApplied, lastAppliedAnnotation } from "./drift";
import { isOwned } from "./owner";

/**
 * On a namespace that existed before the mesh, for example with pull secrets. `mesh destroy` keeps such a namespace.
 */
const adoptedAnnotation = "mesh/adopted";

export const isAdopted = ({ kind, metadata }: KubernetesObject) =>
  kind === "Namespace" && metadata.annotations?.[adoptedAnnotation] !== undefined;

/**
 * Annotates existing namespaces that the mesh does not own, before it takes them over.
 * @throws if the sample's namespace contains other workloads: its labels would change them
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
    `the namespace ${namespace} of ${name} does not belong to ${mesh.name} and runs ${objectTitle(workload)}; nothing was ` +
      "changed there; the sample needs its own namespace: set another one in mesh.yaml (sample.namespace)",
  );
}

/** Removes the mesh's labels and annotations from a namespace, and nothing else. */
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
