import { istioNamespace } from "../../k8s/istio-names";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import type { Scene } from "./cause";

// What a resource of Istio applies to. https://istio.io/latest/docs/reference/config/

const hasLabels = ({ metadata }: KubernetesObject, labels: Readonly<Record<string, string>>) =>
  Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);

/**
 * Whether a resource applies to one of these pods: it stands in their namespace, or in the root namespace, and selects
 * their labels, or selects none. What names Gateways or waypoints (`targetRefs`) applies to no sidecar.
 */
export function selects(
  { metadata, spec = {} }: KubernetesObject,
  pods: readonly KubernetesObject[],
): boolean {
  if (spec.targetRef ?? spec.targetRefs) return false;
  const { labels, matchLabels } = spec.selector ?? spec.workloadSelector ?? {};
  return pods.some(
    (pod) =>
      [pod.metadata.namespace, istioNamespace].includes(metadata.namespace) &&
      hasLabels(pod, labels ?? matchLabels ?? {}),
  );
}

/** Whether a Gateway is of these pods, which may stand in any namespace. */
export const opensPortsOf = ({ spec }: KubernetesObject, pods: readonly KubernetesObject[]) =>
  pods.some((pod) => hasLabels(pod, spec.selector ?? {}));

/** Whether a host in a resource is the sample's: its own name, a short name in its namespace, or a wildcard. */
export function isSampleHost(host: string, { metadata }: KubernetesObject, { host: sample }: Scene): boolean {
  if (sample === undefined) return false;
  if (host === "*") return true;
  if (host.startsWith("*.")) return sample.endsWith(host.slice(1));
  return host === sample || `${host}.${metadata.namespace}.svc.cluster.local` === sample;
}

/** Whether a list such as `exportTo` lets another namespace see something. */
export const isVisibleIn = (exportTo: readonly string[] | undefined, namespace: string, own: string) =>
  !exportTo?.length ||
  exportTo.some((one) => one === "*" || one === namespace || (one === "." && own === namespace));
