import { installationOf } from "../../k8s/installations";
import { istioNamespace } from "../../k8s/istio-names";
import { ownerSelector } from "../../k8s/mesh-chart";
import { ingressGateway } from "../../mesh/istio-lines";
import type { Mesh } from "../../mesh/mesh";
import { ProgramFailed } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { isSameObject, type KubernetesObject, listOf, nameAlone } from "../exec/kubernetes-object";
import { giveBack, isAdopted } from "./adopted-namespaces";
import { inventoryName } from "./inventory";

/** Kinds of a bundle in the order of deletion. CRDs stay. */
const kinds = [
  "Deployment.apps",
  "Service",
  "ConfigMap",
  "Secret",
  "ServiceAccount",
  "VirtualService.networking.istio.io",
  "DestinationRule.networking.istio.io",
  "Gateway.networking.istio.io",
  "RoleBinding.rbac.authorization.k8s.io",
  "Role.rbac.authorization.k8s.io",
  "ClusterRoleBinding.rbac.authorization.k8s.io",
  "ClusterRole.rbac.authorization.k8s.io",
  "Namespace",
];

/** The kinds in bundles of the mesh's Istio line, as kubectl takes them: `<kind>.<group>`. */
export function bundleKinds(mesh: Mesh): readonly string[] {
  const { dashboards } = installationOf(mesh).kiali;
  return dashboards ? [dashboards.kind, ...kinds] : kinds;
}

/** Kinds of these objects, sorted. */
export function kindsOf(objects: readonly KubernetesObject[]): string[] {
  return [...new Set(objects.filter(({ kind }) => kind !== "CustomResourceDefinition").map(kindOf))].sort();
}

function kindOf({ apiVersion, kind }: KubernetesObject): string {
  const [group, version] = apiVersion.split("/");
  return version === undefined ? kind : `${kind}.${group}`;
}

/**
 * Objects in a cluster that have this mesh's labels. Objects without them are foreign.
 * @param among their kinds, in the order of the result
 */
export function ownedObjects(
  kubectl: Kubectl,
  mesh: Mesh,
  among: readonly string[],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  return ofKnownKinds(among, (asked) =>
    kubectl.get([asked.join(","), "--all-namespaces", "-l", ownerSelector(mesh)], { signal }),
  );
}

/** Names of Istio's NetworkPolicies that mesh.yaml wants. */
function policyNames({ istio, gateways }: Mesh): readonly string[] {
  if (!istio.networkPolicy) return [];
  const ofIngress = gateways.ingress ? [ingressGateway.name] : [];
  return ["istiod", istio.line.gateway.name, ...ofIngress, ...(istio.cni ? ["istio-cni"] : [])];
}

/**
 * Istio's NetworkPolicies of an earlier mesh.yaml: `istioctl install` does not prune this kind
 * (operator/pkg/uninstall/prune.go, the same in 1.30 and 1.31, read 2026-11-30).
 */
async function policiesToPrune(
  kubectl: Kubectl,
  mesh: Mesh,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  if (mesh.istio.line.lacks.networkPolicy !== undefined) return [];
  const policies = ["networkpolicies.networking.k8s.io", "-l", "operator.istio.io/component"];
  const found = await kubectl.get(["-n", istioNamespace, ...policies], { signal });
  return found.filter(({ metadata }) => !policyNames(mesh).includes(metadata.name));
}

/**
 * Objects of an earlier mesh.yaml.
 * @param wanted the objects of the cluster's bundle now
 * @param extensionKinds kinds of objects that mesh.extend.ts has added
 */
export async function objectsToPrune(
  kubectl: Kubectl,
  mesh: Mesh,
  wanted: readonly KubernetesObject[],
  extensionKinds: readonly string[],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const [policies, found] = await Promise.all([
    policiesToPrune(kubectl, mesh, signal),
    ownedObjects(kubectl, mesh, withBundleKinds(mesh, [...extensionKinds, ...kindsOf(wanted)]), signal),
  ]);
  const unwanted = found.filter(
    (object) =>
      !wanted.some((one) => isSameObject(one, object)) &&
      !(object.metadata.name === inventoryName && object.metadata.namespace === istioNamespace),
  );
  return [...policies, ...unwanted];
}

/** All kinds that the mesh may have in a cluster: those of mesh.extend.ts may depend on the others, and come first. */
export function withBundleKinds(mesh: Mesh, extensionKinds: readonly string[]): readonly string[] {
  const own = bundleKinds(mesh);
  return [...new Set(extensionKinds.filter((kind) => !own.includes(kind))), ...own];
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
