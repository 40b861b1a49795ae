import type { Cluster } from "../../mesh/mesh";
import { eventsOf } from "../../ops/diagnosis/events";
import { whyNotReady } from "../../ops/diagnosis/pods";
import { remediesFor } from "../../ops/diagnosis/remedies";
import { ProgramFailed } from "../../ops/exec/errors";
import { type KubernetesObject, objectNamed, podCounts, podsOf } from "../../ops/exec/kubernetes-object";
import { problem, type Remedy, type Verdict } from "../check";
import { kubectlIn } from "../suggested-commands";
import type { VerifyWorld } from "./world";

export { objectNamed, podsOf };

/** Neither ended (evicted pods stay as objects) nor Terminating. */
export const isLive = ({ metadata, status }: KubernetesObject) =>
  metadata.deletionTimestamp === undefined && !["Succeeded", "Failed"].includes(status?.phase);

export const hasProxy = ({ spec }: KubernetesObject) =>
  [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some(({ name }) => name === "istio-proxy");

/**
 * Why workloads of the mesh do not serve, and what heals it; undefined when all of them do.
 * @param objects of their namespace, pods among them
 */
export async function unready(
  world: VerifyWorld,
  cluster: Cluster,
  namespace: string,
  objects: readonly KubernetesObject[],
  names: readonly string[],
  kind: "Deployment" | "DaemonSet" = "Deployment",
): Promise<Verdict | undefined> {
  const { kubectl } = world.probes(cluster);
  const found = await Promise.all(
    names.map(async (name) => {
      const why = whyNotReady(objects, name, kind);
      if (!why) return [];
      const { summary, reasons } = why;
      const workload = objectNamed(objects, kind, name);
      const isWaiting = reasons.length === 0 && workload && podCounts(workload).wanted > 0;
      // Only events tell of mounts, networks and readiness.
      const events = isWaiting
        ? await eventsOf(kubectl, { kind, namespace, name }, world.signal).catch(noRightToRead)
        : [];
      return [summary, ...reasons, ...events];
    }),
  );
  const troubles = found.flat();
  if (troubles.length === 0) return undefined;
  return problem(troubles, remedyFor(troubles, world, cluster, namespace) ?? world.byApply);
}

function noRightToRead(error: Error): string[] {
  if (error instanceof ProgramFailed) return [];
  throw error;
}

/**
 * What to do about the words of a refusal or of a wait; undefined: they name nothing that `mesh apply` would not heal.
 * @param troubles a line each
 */
export function remedyFor(
  troubles: readonly string[],
  { byApply }: Pick<VerifyWorld, "byApply">,
  cluster: Cluster,
  namespace: string,
): Remedy | undefined {
  const remedies = remediesFor(troubles.join("\n"), namespace);
  if (remedies.length === 0) return undefined;
  return {
    fix: remedies.map(({ advice }) => advice).join("; "),
    commands: remedies.flatMap((remedy) => [
      ...remedy.commands.map((args) => kubectlIn(cluster, ...args)),
      ...(remedy.byApply ? byApply.commands : []),
    ]),
  };
}

interface SliceEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
}

/**
 * Ready addresses of a Service, from its EndpointSlices, or from its Endpoints on old Kubernetes. Without the condition
 * an endpoint counts as ready.
 */
export function readyAddresses(objects: readonly KubernetesObject[], service: string): string[] {
  return objects.flatMap(({ kind, metadata, endpoints, subsets }) => {
    if (kind === "EndpointSlice") {
      if ((metadata.labels?.["kubernetes.io/service-name"] ?? metadata.name) !== service) return [];
      // An EndpointSlice without endpoints has null.
      const all = (endpoints ?? []) as readonly SliceEndpoint[];
      return all.flatMap(({ addresses = [], conditions }) => (conditions?.ready === false ? [] : addresses));
    }
    if (kind !== "Endpoints" || metadata.name !== service) return [];
    const all = (subsets ?? []) as readonly { addresses?: readonly { ip: string }[] }[];
    return all.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip));
  });
}
