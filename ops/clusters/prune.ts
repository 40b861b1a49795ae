import { join } from "node:path";
import { installationOf } from "../../k8s/installations";
import { istioNamespace } from "../../k8s/istio-names";
import { ownerSelector } from "../../k8s/mesh-chart";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { ProgramFailed } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { type KubernetesObject, listOf, nameAlone, objectId } from "../exec/kubernetes-object";
import { giveBack, isAdopted } from "./adopted-namespaces";
import { bundleObjects } from "./bundle-objects";
import { inventoryName } from "./inventory";

/** Kinds of a bundle in the order of deletion, as kubectl names them. CRDs stay. */
const kinds = [
  "deployments.apps",
  "services",
  "configmaps",
  "secrets",
  "serviceaccounts",
  "virtualservices.networking.istio.io",
  "destinationrules.networking.istio.io",
  "gateways.networking.istio.io",
  "rolebindings.rbac.authorization.k8s.io",
  "roles.rbac.authorization.k8s.io",
  "clusterrolebindings.rbac.authorization.k8s.io",
  "clusterroles.rbac.authorization.k8s.io",
  "namespaces",
];

/** The kinds in bundles of the mesh's Istio line. */
export function bundleKinds(mesh: Mesh): readonly string[] {
  const { dashboards } = installationOf(mesh).kiali;
  return dashboards ? [dashboards.kind, ...kinds] : kinds;
}

/** Objects in a cluster that have this mesh's labels. Objects without them are foreign. */
export function ownedObjects(
  kubectl: Kubectl,
  mesh: Mesh,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  return ofKnownKinds(bundleKinds(mesh), (asked) =>
    kubectl.get([asked.join(","), "--all-namespaces", "-l", ownerSelector(mesh)], { signal }),
  );
}

/** Objects of an earlier mesh.yaml that are no longer in `dist/<cluster>`. */
export async function objectsToPrune(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  dist: string,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const found = await ownedObjects(kubectl, mesh, signal);
  const wanted = new Set(bundleObjects(join(dist, cluster.name)).map(objectId));
  return found.filter(
    (object) =>
      !wanted.has(objectId(object)) &&
      !(object.metadata.name === inventoryName && object.metadata.namespace === istioNamespace),
  );
}

type Ask = (kinds: readonly string[]) => Promise<readonly KubernetesObject[]>;

/**
 * Without a CRD there are no objects of its kind, but kubectl fails for the whole request and names the first unknown
 * kind. The others of that API group come with the same CRDs.
 */
async function ofKnownKinds(kinds: readonly string[], ask: Ask): Promise<readonly KubernetesObject[]> {
  try {
    return await ask(kinds);
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error;
    const unknown = /doesn't have a resource type "([^"]+)"/.exec(error.stderr)?.[1];
    const group = kinds.find((kind) => kind.startsWith(`${unknown}.`))?.slice(`${unknown}.`.length);
    if (group === undefined) throw error;
    return ofKnownKinds(
      kinds.filter((kind) => !kind.endsWith(`.${group}`)),
      ask,
    );
  }
}

/**
 * Deletes objects one kind after another. An adopted namespace only loses the mesh's labels.
 * @param seconds for all of them: a namespace is gone when its last pod is
 */
export async function deleteObjects(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const items = objects.filter((object) => !isAdopted(object)).map(nameAlone);
  if (items.length > 0) {
    await kubectl.remove(["-f", "-"], seconds, { signal, input: listOf(items) });
  }
  for (const namespace of objects.filter(isAdopted)) await giveBack(kubectl, namespace, signal);
}
