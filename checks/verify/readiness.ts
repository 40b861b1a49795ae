import { isRolledOut, type KubernetesObject, objectTitle } from "../../ops/programs/kubernetes-object";

/** The object of this kind and name among those of one namespace. */
export const objectNamed = (objects: readonly KubernetesObject[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

/** Neither over, as an evicted pod is whose object stays, nor on its way out. */
export const isLive = ({ metadata, status }: KubernetesObject) =>
  metadata.deletionTimestamp === undefined && !["Succeeded", "Failed"].includes(status?.phase);

export const podsOf = (objects: readonly KubernetesObject[], labels: Readonly<Record<string, string>>) =>
  objects.filter(
    ({ kind, metadata }) =>
      kind === "Pod" && Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
  );

export const hasProxy = ({ spec }: KubernetesObject) =>
  [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some(({ name }) => name === "istio-proxy");

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly exitCode?: number } };
}

/**
 * What keeps a Deployment from serving, a line each; empty when it serves with every replica.
 * @param objects of its namespace, pods among them
 */
export function whyNotReady(objects: readonly KubernetesObject[], name: string): string[] {
  const deployment = objectNamed(objects, "Deployment", name);
  if (!deployment) return [`there is no Deployment ${name}`];
  if (isRolledOut(deployment)) return [];
  const { spec, status } = deployment;
  if (spec.replicas === 0) return [`Deployment ${name} is scaled to 0`];
  const pods = podsOf(objects, spec.selector.matchLabels);
  const { replicas: wanted = 1 } = spec;
  const { availableReplicas: available = 0, updatedReplicas: updated = 0 } = status ?? {};
  // Of a new version that does not come up the old pods go on.
  const isRollingOut = available >= wanted;
  return [
    isRollingOut
      ? `Deployment ${name} is rolling out: ${updated} of ${wanted} pods are of the new version, and old ones are still there`
      : `Deployment ${name}: ${available} of ${wanted} replicas are available`,
    ...pods.flatMap(podTroubles),
  ];
}

/** In the words of Kubernetes. */
function podTroubles(pod: KubernetesObject): string[] {
  const { status } = pod;
  const unscheduled = (status?.conditions ?? []).find(
    (condition: { type: string; status: string }) =>
      condition.type === "PodScheduled" && condition.status === "False",
  );
  const containers: readonly ContainerStatus[] = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  return [
    ...(unscheduled ? [unscheduled.message] : []),
    ...containers.flatMap(({ name, state, lastState }) => {
      const { reason, message } = state?.waiting ?? {};
      if (!reason || reason === "PodInitializing") return [];
      const before = lastState?.terminated;
      const crash = before ? `, after ${before.reason} with exit code ${before.exitCode}` : "";
      return [`container ${name}: ${reason}${crash}${message ? `: ${message}` : ""}`];
    }),
  ].map((line) => `${objectTitle(pod)}: ${line}`);
}
