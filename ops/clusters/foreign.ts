import { istioNamespace } from "../../k8s/bundle";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Kubectl } from "../programs/kubectl";
import { type KubernetesObject, objectTitle } from "../programs/kubernetes-object";

/**
 * Contexts are names, and names move: behind one may be a cluster with an Istio of somebody else, which must neither be
 * made over nor taken away.
 * @param namespace istio-system as it is there; undefined where there is none, and then nothing of anybody's
 * @returns why the cluster is not this mesh's to change; undefined: it is
 */
export async function whyForeign(
  kubectl: Kubectl,
  mesh: Mesh,
  { name, context }: Cluster,
  namespace: KubernetesObject | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (namespace === undefined) return undefined;
  const { "app.kubernetes.io/managed-by": tool, "app.kubernetes.io/part-of": owner } =
    namespace.metadata.labels ?? {};
  const leadsTo = `the context ${context} of ${name} leads to a cluster`;
  const fix = "put the context right in mesh.yaml or in the kubeconfig";
  if (tool === "mesh") {
    if (owner === mesh.name) return undefined;
    return `${leadsTo} of the mesh ${owner}, and mesh.yaml is of ${mesh.name}; ${fix}, or run mesh destroy with that mesh's mesh.yaml first`;
  }
  // A namespace alone may have been made ahead of the mesh, for pull secrets.
  const [workload] = await kubectl.get(["-n", istioNamespace, "deployments"], { signal });
  if (workload === undefined) return undefined;
  return `${leadsTo} with an Istio that is not of ${mesh.name} (${objectTitle(workload)}); ${fix}, or take that Istio away first`;
}
