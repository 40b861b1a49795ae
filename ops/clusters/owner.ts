import { istioNamespace, networkLabel } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Kubectl } from "../exec/kubectl";
import { type KubernetesObject, objectTitle } from "../exec/kubernetes-object";

/** The mesh that owns an object by its labels; undefined: it does not come from `mesh`. */
export function ownerOf({ metadata: { labels } }: KubernetesObject): string | undefined {
  return labels?.["app.kubernetes.io/managed-by"] === "mesh"
    ? labels["app.kubernetes.io/part-of"]
    : undefined;
}

export const isOwned = (object: KubernetesObject, { name }: Mesh) => ownerOf(object) === name;

/** The namespace istio-system, which tells what the cluster is in the mesh. */
export const istioSystemIn = (namespaces: readonly KubernetesObject[]) =>
  namespaces.find(({ metadata }) => metadata.name === istioNamespace);

/** Whether this mesh is installed in the cluster, by its namespaces. */
export function holdsMesh(namespaces: readonly KubernetesObject[], mesh: Mesh): boolean {
  const namespace = istioSystemIn(namespaces);
  return namespace !== undefined && isOwned(namespace, mesh);
}

/** Unique to a cluster, whichever contexts lead to it. */
export const clusterUid = (namespaces: readonly KubernetesObject[]): string | undefined =>
  namespaces.find(({ metadata }) => metadata.name === "kube-system")?.metadata.uid as string | undefined;

/** The cluster's label topology.istio.io/network, which apply sets. */
export const networkOf = ({ metadata: { labels } }: KubernetesObject): string | undefined =>
  labels?.[networkLabel];

/** Why a cluster must not be changed, and the fix. */
export interface Foreign {
  readonly reason: string;
  readonly fix: string;
}

/**
 * A context is a name in a kubeconfig. It may lead to another cluster of the mesh, or to one with a foreign Istio.
 * @param namespace istio-system; undefined: it does not exist
 * @param workloads Deployments in it, asked for only where no mesh owns it
 * @returns undefined: the cluster is this one, or it is bare
 */
export async function foreignOwner(
  mesh: Mesh,
  { name, context, network }: Cluster,
  namespace: KubernetesObject | undefined,
  workloads: () => Promise<readonly KubernetesObject[]>,
): Promise<Foreign | undefined> {
  if (namespace === undefined) return undefined;
  const leadsTo = `the context ${context} of ${name} leads to`;
  const fix = "put the context right in mesh.yaml or in the kubeconfig";
  const owner = ownerOf(namespace);
  if (owner !== undefined && owner !== mesh.name)
    return {
      reason: `${leadsTo} a cluster of the mesh ${owner}, and mesh.yaml is of ${mesh.name}`,
      fix: `${fix}, or run mesh destroy with that mesh's mesh.yaml first`,
    };
  const found = networkOf(namespace);
  // A cluster that was removed from mesh.yaml may share its network with one that is still in it.
  const other = found === network ? undefined : mesh.clusters.find((one) => one.network === found);
  if (other)
    return {
      reason: `${leadsTo} ${other.name}: its ${istioNamespace} is of ${found}, and ${name} has ${network} in mesh.yaml`,
      fix,
    };
  if (owner !== undefined) return undefined;
  // Users may create the namespace before the mesh, for pull secrets.
  const [workload] = await workloads();
  if (workload === undefined) return undefined;
  return {
    reason: `${leadsTo} a cluster with an Istio that is not of ${mesh.name} (${objectTitle(workload)})`,
    fix: `${fix}, or uninstall that Istio first`,
  };
}

/** Seconds. One or two requests to an API server. */
const deadlineSeconds = 20;

/**
 * Guards a change of a cluster.
 * @returns the reason and the fix; undefined: the cluster may be changed
 * @throws when the cluster does not answer: it must not be changed then
 */
export async function whyForeign(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  const get = (...args: string[]) => kubectl.get(args, { signal, deadlineSeconds });
  const [namespace] = await get("namespace", istioNamespace);
  const foreign = await foreignOwner(mesh, cluster, namespace, () =>
    get("-n", istioNamespace, "deployments"),
  );
  return foreign && `${foreign.reason}; ${foreign.fix}`;
}

/** @throws Error with the reason when the cluster must not be changed, or does not answer */
export async function refuseForeign(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const reason = await whyForeign(kubectl, mesh, cluster, signal);
  if (reason !== undefined) throw new Error(`${reason}; nothing was changed there`);
}
