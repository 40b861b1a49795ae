import type { Kubectl } from "../exec/kubectl";

/** Newest events that a person needs to see, no more. */
const shown = 5;

/** What to look at, and whose events tell of it. An autoscaler's do not: it complains of metrics while all is well. */
const kinds = {
  Service: ["Service"],
  Deployment: ["Deployment", "ReplicaSet", "Pod"],
} as const;

export interface EventsOf {
  readonly kind: keyof typeof kinds;
  readonly namespace: string;
  readonly name: string;
}

/**
 * What the cluster says about an object and those that belong to it (a Deployment's pods begin with its name), newest
 * last, each sentence once.
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
    // Normal events of pods tell what went well; a Service's are all there is while its address is awaited.
    .filter(({ type }) => type === "Warning" || kind === "Service")
    .sort((one, other) => timeOf(one).localeCompare(timeOf(other)))
    .map(
      ({ involvedObject, reason, message }) =>
        `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`,
    );
  const sentences = [...new Set(about)].slice(-shown);
  return sentences.length > 0 ? sentences : [`no event in ${namespace} tells of the ${kind} ${name}`];
}

const timeOf = (event: { [key: string]: unknown }) => String(event.lastTimestamp ?? event.eventTime ?? "");
