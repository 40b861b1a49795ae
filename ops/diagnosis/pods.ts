import type { Cluster } from "../../mesh/mesh";
import { meshCommand } from "../../mesh/paths";
import { commandLine } from "../../mesh/shell-quote";
import { Interrupted, MissingProgram, shortMessage } from "../exec/errors";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import {
  isRolledOut,
  type KubernetesObject,
  objectNamed,
  objectTitle,
  podCounts,
  podsOf,
} from "../exec/kubernetes-object";
import { withRequestTimeout } from "../exec/limits";
import type { Programs } from "../exec/programs";
import { eventsOf } from "./events";
import { kubeletConnectionFix, whyKubeletUnreachable } from "./kubelet-connection";
import { adviceOn, remediesFor } from "./remedies";
import { fixForUnreachable } from "./unreachable";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly exitCode?: number } };
}

/** A workload of the mesh. */
export interface Workload {
  /** @default - Deployment */
  readonly kind?: "Deployment" | "DaemonSet";
  readonly namespace: string;
  readonly name: string;
}

/** Why a workload is not ready. */
export interface NotReady {
  /** Its pods. */
  readonly summary: string;
  /** Messages of conditions and container statuses; may be empty. */
  readonly reasons: readonly string[];
}

/**
 * Why a workload is not ready; undefined if all of its pods are.
 * @param objects of its namespace, pods included
 */
export function whyNotReady(
  objects: readonly KubernetesObject[],
  name: string,
  kind: NonNullable<Workload["kind"]> = "Deployment",
): NotReady | undefined {
  const title = `${kind} ${name}`;
  const workload = objectNamed(objects, kind, name);
  if (!workload) return { summary: `${title} does not exist`, reasons: [] };
  if (isRolledOut(workload)) return undefined;
  const { spec } = workload;
  if (spec.replicas === 0) return { summary: `${title} is scaled to 0`, reasons: [] };
  const { wanted, available, updated } = podCounts(workload);
  // While a new version does not start, the old pods keep running.
  const isRollingOut = wanted > 0 && available >= wanted;
  return {
    summary: isRollingOut
      ? `${title} is rolling out: ${updated} of ${wanted} pods are updated, and old pods still run`
      : `${title}: ${available} of ${wanted} ${kind === "DaemonSet" ? "pods" : "replicas"} are available`,
    reasons: [
      // A denied pod does not exist: this condition has the message of the ReplicaSet's event FailedCreate.
      ...conditionsOf(workload, "ReplicaFailure", "True"),
      ...podsOf(objects, spec.selector.matchLabels).flatMap(podTroubles),
    ],
  };
}

/** Why a workload in a cluster is not ready: conditions, or else events, and commands that show more. */
export async function explainNotReady(
  kubectl: Kubectl,
  { kind = "Deployment", namespace, name }: Workload,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const asked = `${kind.toLowerCase()}s,pods`;
  const objects = await kubectl.get(["-n", namespace, asked], { signal, deadlineSeconds: 10 });
  const found = whyNotReady(objects, name, kind);
  if (!found) return [];
  const { summary, reasons } = found;
  const words = reasons.length > 0 ? reasons : await eventsOf(kubectl, { kind, namespace, name }, signal);
  const see = remediesFor(words.join("\n"), namespace).flatMap(({ commands }) => commands);
  return [
    summary,
    ...words,
    ...see.map((args) => `see: ${commandLine("kubectl", ["--context", kubectl.context, ...args])}`),
  ];
}

const conditionsOf = ({ status }: KubernetesObject, type: string, state: string): string[] =>
  ((status?.conditions ?? []) as readonly Condition[])
    .filter((condition) => condition.type === type && condition.status === state)
    .map(({ message }) => message);

function podTroubles(pod: KubernetesObject): string[] {
  const { status } = pod;
  const containers: readonly ContainerStatus[] = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  return [
    ...conditionsOf(pod, "PodScheduled", "False"),
    ...containers.flatMap(({ name, state, lastState }) => {
      const { reason, message } = state?.waiting ?? {};
      if (!reason || (!message && ["PodInitializing", "ContainerCreating"].includes(reason))) return [];
      const before = lastState?.terminated;
      const crash = before ? `, after ${before.reason} with exit code ${before.exitCode}` : "";
      return [`container ${name}: ${reason}${crash}${message ? `: ${message}` : ""}`];
    }),
  ].map((line) => `${objectTitle(pod)}: ${line}`);
}

/**
 * Why a Deployment of the mesh cannot be used, with the fix.
 * @param meshFile `mesh.yaml` as the user named it
 * @returns undefined if it has an available pod that exec can reach
 * @throws MissingProgram, Interrupted
 */
export async function whyUnavailable(
  { programs, signal }: { readonly programs: Programs; readonly signal: AbortSignal },
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  meshFile: string,
): Promise<string | undefined> {
  const kubectl = kubectlFor(withRequestTimeout(programs), cluster.context);
  const title = `Deployment ${namespace}/${name}`;
  try {
    const [found] = await kubectl.get(["-n", namespace, "deployments", name], { signal });
    if (!found) return `${cluster.name} has no ${title}: run ${meshCommand(meshFile, "apply")}`;
    if ((found.status?.availableReplicas ?? 0) > 0) {
      const words = await whyKubeletUnreachable(kubectl, { namespace, name }, signal);
      return words && `${cluster.name}: ${words}\nfix: ${kubeletConnectionFix}`;
    }
    const reasons = await explainNotReady(kubectl, { namespace, name }, signal);
    return [
      `${title} of ${cluster.name} has no ready pod:`,
      ...reasons.map((line) => `    ${line}`),
      ...adviceOn(reasons.join("\n")),
    ].join("\n");
  } catch (error) {
    if (error instanceof MissingProgram || error instanceof Interrupted) throw error;
    const words = shortMessage(error);
    const fix = fixForUnreachable(words);
    return [
      `${cluster.name} does not answer through the context ${cluster.context}: ${words}`,
      ...(fix ? [`fix: ${fix}`] : []),
    ].join("\n");
  }
}
