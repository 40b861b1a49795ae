import type { Kubectl } from "../exec/kubectl";

/** Number of events, the newest ones. */
const shown = 5;

/** Whose events explain an object. Not an autoscaler's: it reports missing metrics even if all is well. */
const kinds = {
  Service: ["Service"],
  Deployment: ["Deployment", "ReplicaSet", "Pod"],
  // Its own events name the pods that were denied.
  DaemonSet: ["DaemonSet", "Pod"],
} as const;

export interface EventsOf {
  readonly kind: keyof typeof kinds;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Events of an object and of those that belong to it (the names of a Deployment's pods begin with its name), newest last,
 * without duplicates.
 */
export async function eventsOf(
  kubectl: Kubectl,
  { kind, namespace, name }: EventsOf,
  signal: AbortSignal,
): Promise<string[]> {
  const events = await kubectl.get(["-n", namespace, "events"], { signal, deadlineSeconds: 10 });
  const about = events
    .filter(({ involvedObject }) => (kinds[kind] as readonly string[]).includes(involvedObject.kind))
    .filter(
      ({ involvedObject }) => involvedObject.name === name || involvedObject.name.startsWith(`${name}-`),
    )
    // Normal events of pods report success; a Service only has normal ones while it waits for its address.
    .filter(({ type }) => type === "Warning" || kind === "Service")
    .sort((one, other) => timeOf(one).localeCompare(timeOf(other)))
    .map(
      ({ involvedObject, reason, message }) =>
        `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`,
    );
  const sentences = [...new Set(about)].slice(-shown);
  return sentences.length > 0 ? sentences : [`no events for the ${kind} ${name} in ${namespace}`];
}

const timeOf = (event: { [key: string]: unknown }) => String(event.lastTimestamp ?? event.eventTime ?? "");
