import { commandLine } from "../../mesh/shell-quote";
import { ProgramFailed } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { type KubernetesObject, objectTitle } from "../exec/kubernetes-object";
import { pause } from "../exec/timing";

/** Something that keeps a namespace, or another object, from being deleted. */
export interface Blocker {
  /** One line. */
  readonly text: string;
  /** Shows it, or removes it. Ready to paste. */
  readonly commands: readonly string[];
  /** Seconds after which it is known not to go by itself; undefined: it may take its time. */
  readonly patienceSeconds: number | undefined;
}

/** Who serves a finalizer, and what comes of removing it by hand. Read on 2026-11-27. */
const finalizers: Readonly<Record<string, Pick<Blocker, "patienceSeconds"> & { readonly about: string }>> = {
  // kubernetes/cloud-provider, controllers/service
  "service.kubernetes.io/load-balancer-cleanup": {
    about:
      "the cloud removes it when it has deleted the load balancer (its events say why it does not); removed by hand, load balancer and address may stay in the cloud",
    patienceSeconds: undefined,
  },
  // istio.io/latest/news/releases/1.24.x: the in-cluster operator was removed
  "istio-finalizer.install.istio.io": {
    about: "it was served by Istio's in-cluster operator, which no current Istio has",
    patienceSeconds: 10,
  },
};
const unknownFinalizer = {
  about: "a controller has to remove it, and may be gone",
  patienceSeconds: 60,
};

/** What keeps objects that are being deleted: their finalizers. */
export const finalizerBlockers = (
  objects: readonly KubernetesObject[],
  { context }: Pick<Kubectl, "context">,
): Blocker[] =>
  objects
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .flatMap((object) =>
      finalizersOf(object).map((finalizer) => {
        const { about, patienceSeconds } = finalizers[finalizer] ?? unknownFinalizer;
        return {
          text: `${objectTitle(object)} has the finalizer ${finalizer}: ${about}`,
          commands: [withoutFinalizers(object, context)],
          patienceSeconds,
        };
      }),
    );

const finalizersOf = ({ metadata }: KubernetesObject) => (metadata.finalizers ?? []) as readonly string[];

function withoutFinalizers({ apiVersion, kind, metadata }: KubernetesObject, context: string): string {
  const [version, group] = apiVersion.split("/").reverse();
  const resource = group ? `${kind.toLowerCase()}.${version}.${group}` : kind.toLowerCase();
  const place = metadata.namespace ? ["-n", metadata.namespace] : [];
  const patch = ["patch", resource, metadata.name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'];
  return commandLine("kubectl", ["--context", context, ...place, ...patch]);
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message: string;
}

export const isTerminating = ({ status }: KubernetesObject) => status?.phase === "Terminating";

const holding = ({ status }: KubernetesObject) =>
  ((status?.conditions ?? []) as readonly Condition[]).filter((condition) => condition.status === "True");

/** What a namespace says of its deletion (pkg/controller/namespace/deletion), for where nothing more is known. */
export const deletionMessages = (namespace: KubernetesObject) =>
  holding(namespace).map(({ message }) => message);

/**
 * What holds up the deletion of a namespace: what its conditions name, and what is found there. Objects that are only on
 * their way out are none.
 */
export async function deletionBlockers(
  kubectl: Kubectl,
  namespace: KubernetesObject,
  signal?: AbortSignal,
): Promise<readonly Blocker[]> {
  const found = await Promise.all(
    holding(namespace).map((condition) => namedBy(condition, kubectl, namespace, signal).catch(nothingMore)),
  );
  return [...finalizerBlockers([namespace], kubectl), ...found.flat()];
}

/** What may not be asked stays in the words of the condition. */
function nothingMore(error: Error): readonly Blocker[] {
  if (error instanceof ProgramFailed) return [];
  throw error;
}

async function namedBy(
  { type, message }: Condition,
  kubectl: Kubectl,
  { metadata: { name } }: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<readonly Blocker[]> {
  if (type === "NamespaceDeletionDiscoveryFailure") {
    return deadApiServices(await kubectl.get(["apiservices"], { signal }), kubectl);
  }
  if (type !== "NamespaceContentRemaining") return [];
  // `Some resources are remaining: services. has 1 resource instances, istiooperators.install.istio.io has 1 ...`
  const kinds = [...message.matchAll(/([\w.-]+) has \d+ resource instances/g)].map(([, kind]) =>
    kind!.replace(/\.$/, ""),
  );
  const left = kinds.length > 0 ? await kubectl.get(["-n", name, kinds.join(",")], { signal }) : [];
  return finalizerBlockers(left, kubectl);
}

/** Part of the API that another server has to answer, and does not. */
function deadApiServices(services: readonly KubernetesObject[], { context }: Kubectl): Blocker[] {
  return services.flatMap(({ metadata: { name }, status }) => {
    const available = ((status?.conditions ?? []) as readonly Condition[]).find(
      ({ type }) => type === "Available",
    );
    if (!available || available.status === "True") return [];
    // Its Service is gone: nothing serves this part of the API any more, and nothing is lost with it.
    const isLeftOver = available.reason === "ServiceNotFound";
    const command = isLeftOver ? ["delete", "apiservice", name] : ["get", "apiservice", name, "-o", "yaml"];
    return [
      {
        text: `the APIService ${name} has no backend, and no namespace can be deleted before every API answers: ${available.message}`,
        commands: [commandLine("kubectl", ["--context", context, ...command])],
        patienceSeconds: isLeftOver ? 10 : 60,
      },
    ];
  });
}

/** Seconds between two looks. */
const lookSeconds = 2;

/** Seconds after which a hold is reported that may resolve by itself. */
const slowSeconds = 10;

/**
 * Waits for a deletion, and says what holds it up as soon as this is seen. One that cannot come to an end is given up.
 * @param look what holds it up now
 * @throws Error naming what holds it, and the commands
 */
export async function deleteUnlessBlocked<T>(
  signal: AbortSignal,
  say: (text: string) => void,
  look: (signal: AbortSignal) => Promise<readonly Blocker[]>,
  deletion: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const since = new Map<string, number>();
  const told = new Set<string>();
  const watch = async (): Promise<never> => {
    for (;;) {
      await pause(either, lookSeconds * 1000);
      if (either.aborted) return new Promise(() => {});
      // The deletion itself reports a cluster that does not answer.
      const holds = await look(either).catch((): readonly Blocker[] => []);
      const now = performance.now() / 1000;
      for (const known of since.keys()) if (!holds.some(({ text }) => text === known)) since.delete(known);
      for (const { text } of holds) if (!since.has(text)) since.set(text, now);
      const seenFor = ({ text }: Blocker, seconds: number) => now - since.get(text)! >= seconds;
      for (const hold of holds) {
        const { text, patienceSeconds } = hold;
        if (told.has(text) || !seenFor(hold, patienceSeconds === undefined ? slowSeconds : 0)) continue;
        told.add(text);
        say(`waits: ${text}`);
      }
      const endless = holds.filter((hold) => seenFor(hold, hold.patienceSeconds ?? Number.POSITIVE_INFINITY));
      if (endless.length > 0) throw new HeldUp(holds);
    }
  };
  try {
    return await Promise.race([deletion(either), watch()]);
  } finally {
    over.abort();
  }
}

class HeldUp extends Error {
  constructor(holds: readonly Blocker[]) {
    super(
      [
        "the deletion cannot come to an end by itself:",
        ...holds.flatMap(({ text, commands }) => [`  ${text}`, ...commands.map((line) => `  fix: ${line}`)]),
      ].join("\n"),
    );
    this.name = "HeldUp";
  }
}
