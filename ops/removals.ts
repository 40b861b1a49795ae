import { join } from "node:path";
import { istioNamespace } from "../k8s/bundle";
import type { Cluster, Mesh } from "../mesh/mesh";
import { bundleObjects } from "./bundle-objects";
import { inventoryName } from "./inventory";
import type { Kubectl } from "./kubectl";
import { type KubernetesObject, objectId, objectTitle } from "./kubernetes-object";
import { ProgramFailed } from "./programs";

/** Kinds that a bundle may hold, those first that others live in or by. */
const kinds = [
  "deployments.apps",
  "poddisruptionbudgets.policy",
  "services",
  "configmaps",
  "secrets",
  "serviceaccounts",
  "virtualservices.networking.istio.io",
  "destinationrules.networking.istio.io",
  "gateways.networking.istio.io",
  "clusterrolebindings.rbac.authorization.k8s.io",
  "clusterroles.rbac.authorization.k8s.io",
  "namespaces",
] as const;

/**
 * Objects in a cluster that an earlier version of mesh.yaml wanted and this one does not: they bear this mesh's labels
 * and are not in `dist/<cluster>`. Whatever bears none is somebody else's.
 */
export async function unwantedObjects(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  dist: string,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const owned = `app.kubernetes.io/managed-by=mesh,app.kubernetes.io/part-of=${mesh.name}`;
  const ask = (asked: readonly string[]) =>
    kubectl.get([asked.join(","), "--all-namespaces", "-l", owned], { signal });
  const found = await ask(kinds).catch((error) => {
    // Before Istio's CRDs are there, nothing of their kinds is either; kubectl would rather not answer at all.
    if (!(error instanceof ProgramFailed) || !/resource type/.test(error.stderr)) throw error;
    return ask(kinds.filter((kind) => !kind.endsWith(".istio.io")));
  });
  const wanted = new Set(bundleObjects(join(dist, cluster.name)).map(objectId));
  return found.filter(
    (object) =>
      !wanted.has(objectId(object)) &&
      !(object.metadata.name === inventoryName && object.metadata.namespace === istioNamespace),
  );
}

/** Removes them one kind after another; what went with its namespace is gone already. */
export async function removeObjects(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<void> {
  const input = JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: objects.map(({ apiVersion, kind, metadata: { name, namespace } }) => ({
      apiVersion,
      kind,
      metadata: { name, namespace },
    })),
  });
  await kubectl.run(["delete", "--ignore-not-found", "-f", "-"], { signal, input, deadlineSeconds: 300 });
}

/** `Namespace sample, Deployment sample/curl`: for a question or a warning. */
export const titlesOf = (objects: readonly KubernetesObject[]) => objects.map(objectTitle).join(", ");
