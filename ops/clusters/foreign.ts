import { istioNamespace, networkLabel } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Kubectl } from "../exec/kubectl";
import { objectTitle } from "../exec/kubernetes-object";

/** Seconds. One or two questions to an API server. */
const deadlineSeconds = 20;

/**
 * Contexts are names, and names move: behind one may be another cluster of the mesh, or one with an Istio of somebody
 * else, which must neither be made over nor taken away.
 * @returns why the cluster is not this one to change; undefined: it is, or it is bare
 * @throws where the cluster does not answer: then nothing is known of it, and nothing may be changed
 */
export async function whyForeign(
  kubectl: Kubectl,
  mesh: Mesh,
  { name, context, network }: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [namespace] = await kubectl.get(["namespace", istioNamespace], { signal, deadlineSeconds });
  if (namespace === undefined) return undefined;
  const {
    "app.kubernetes.io/managed-by": tool,
    "app.kubernetes.io/part-of": owner,
    [networkLabel]: found,
  } = namespace.metadata.labels ?? {};
  const leadsTo = `the context ${context} of ${name} leads to`;
  const fix = "put the context right in mesh.yaml or in the kubeconfig";
  if (tool === "mesh" && owner !== mesh.name) {
    return `${leadsTo} a cluster of the mesh ${owner}, and mesh.yaml is of ${mesh.name}; ${fix}, or run mesh destroy with that mesh's mesh.yaml first`;
  }
  // A cluster that has left mesh.yaml may have left its network to one that is in it.
  const other = found === network ? undefined : mesh.clusters.find((one) => one.network === found);
  if (other) {
    return `${leadsTo} ${other.name}: its ${istioNamespace} is of ${found}, and ${name} has ${network} in mesh.yaml; ${fix}`;
  }
  if (tool === "mesh") return undefined;
  // A namespace alone may have been made ahead of the mesh, for pull secrets.
  const [workload] = await kubectl.get(["-n", istioNamespace, "deployments"], { signal, deadlineSeconds });
  if (workload === undefined) return undefined;
  return `${leadsTo} a cluster with an Istio that is not of ${mesh.name} (${objectTitle(workload)}); ${fix}, or take that Istio away first`;
}

/** @throws Error saying why, where the cluster is not this one to change, or does not answer */
export async function refuseForeign(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const reason = await whyForeign(kubectl, mesh, cluster, signal);
  if (reason !== undefined) throw new Error(`${reason}; nothing was changed there`);
}
