import { commandLine } from "../../mesh/shell-quote";
import { ProgramFailed } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { type KubernetesObject, objectTitle } from "../exec/kubernetes-object";
import { pause } from "../exec/timing";

/** Something that blocks the deletion of a namespace or another object. */
export interface Blocker {
  /** One line. */
  readonly text: string;
  /** Show it or remove it. Ready to paste. */
  readonly commands: readonly string[];
  /** Seconds after which the deletion is known to be stuck; undefined: it may take long. */
  readonly patienceSeconds: number | undefined;
}

/** Who removes a finalizer, and the effect of removing it by hand. Read on 2026-11-27. */
const finalizers: Readonly<Record<string, Pick<Blocker, "patienceSeconds"> & { readonly about: string }>> = {
  // kubernetes/cloud-provider, controllers/service
  "service.kubernetes.io/load-balancer-cleanup": {
    about:
      "the cloud removes it when it has deleted the load balancer (its events say why it does not); removed by hand, load balancer and address may stay in the cloud",
    patienceSeconds: undefined,
  },
  // istio.io/latest/news/releases/1.24.x: the in-cluster operator was removed
  "istio-finalizer.install.istio.io": {
    about: "Istio's in-cluster operator removed it, which current Istio releases do not have",
    patienceSeconds: 10,
  },
};
const unknownFinalizer = {
  about: "a controller has to remove it, and may be gone",
  patienceSeconds: 60,
};

/** The finalizers of objects that are being deleted. */
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

const activeConditions = ({ status }: KubernetesObject) =>
  ((status?.conditions ?? []) as readonly Condition[]).filter((condition) => condition.status === "True");

/** What a namespace reports about its deletion (pkg/controller/namespace/deletion). */
export const deletionMessages = (namespace: KubernetesObject) =>
  activeConditions(namespace).map(({ message }) => message);

/**
 * What blocks the deletion of a namespace: its own finalizers, and those of the objects that its conditions name.
 */
export async function deletionBlockers(
  kubectl: Kubectl,
  namespace: KubernetesObject,
  signal?: AbortSignal,
): Promise<readonly Blocker[]> {
  const found = await Promise.all(
    activeConditions(namespace).map((condition) =>
      blockersNamedBy(condition, kubectl, namespace, signal).catch(noneIfForbidden),
    ),
  );
  return [...finalizerBlockers([namespace], kubectl), ...found.flat()];
}

/** Without the permission to read them, the condition's message has to do. */
function noneIfForbidden(error: Error): readonly Blocker[] {
  if (error instanceof ProgramFailed) return [];
  throw error;
}

async function blockersNamedBy(
  { type, message }: Condition,
  kubectl: Kubectl,
  { metadata: { name } }: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<readonly Blocker[]> {
  if (type === "NamespaceDeletionDiscoveryFailure") {
    return unavailableApiServices(await kubectl.get(["apiservices"], { signal }), kubectl);
  }
  if (type !== "NamespaceContentRemaining") return [];
  // `Some resources are remaining: services. has 1 resource instances, istiooperators.install.istio.io has 1 ...`
  const kinds = [...message.matchAll(/([\w.-]+) has \d+ resource instances/g)].map(([, kind]) =>
    kind!.replace(/\.$/, ""),
  );
  const left = kinds.length > 0 ? await kubectl.get(["-n", name, kinds.join(",")], { signal }) : [];
  return finalizerBlockers(left, kubectl);
}

/** APIServices whose backend does not answer. */
function unavailableApiServices(services: readonly KubernetesObject[], { context }: Kubectl): Blocker[] {
  return services.flatMap(({ metadata: { name }, status }) => {
    const available = ((status?.conditions ?? []) as readonly Condition[]).find(
      ({ type }) => type === "Available",
    );
    if (!available || available.status === "True") return [];
    // Its Service is gone: nothing serves this API any more, so deleting the APIService is safe.
    const isOrphan = available.reason === "ServiceNotFound";
    const command = isOrphan ? ["delete", "apiservice", name] : ["get", "apiservice", name, "-o", "yaml"];
    return [
      {
        text: `the APIService ${name} has no backend, and no namespace can be deleted until every API answers: ${available.message}`,
        commands: [commandLine("kubectl", ["--context", context, ...command])],
        patienceSeconds: isOrphan ? 10 : 60,
      },
    ];
  });
}

/** Seconds between two queries. */
const lookSeconds = 2;

/** Seconds after which a blocker is reported that may resolve by itself. */
const slowSeconds = 10;

/**
 * Waits for a deletion, reports what blocks it, and fails if it is stuck.
 * @param look what blocks it now
 * @throws Error with the blockers and the commands
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
  const reported = new Set<string>();
  const watch = async (): Promise<never> => {
    for (;;) {
      await pause(either, lookSeconds * 1000);
      if (either.aborted) return new Promise(() => {});
      // If the cluster does not answer, the deletion itself fails.
      const blockers = await look(either).catch((): readonly Blocker[] => []);
      const now = performance.now() / 1000;
      for (const known of since.keys()) if (!blockers.some(({ text }) => text === known)) since.delete(known);
      for (const { text } of blockers) if (!since.has(text)) since.set(text, now);
      const seenFor = ({ text }: Blocker, seconds: number) => now - since.get(text)! >= seconds;
      for (const blocker of blockers) {
        const { text, patienceSeconds } = blocker;
        if (reported.has(text) || !seenFor(blocker, patienceSeconds === undefined ? slowSeconds : 0))
          continue;
        reported.add(text);
        say(`waits: ${text}`);
      }
      const endless = blockers.filter((blocker) =>
        seenFor(blocker, blocker.patienceSeconds ?? Number.POSITIVE_INFINITY),
      );
      if (endless.length > 0) throw new DeletionBlocked(blockers);
    }
  };
  try {
    return await Promise.race([deletion(either), watch()]);
  } finally {
    over.abort();
  }
}

class DeletionBlocked extends Error {
  constructor(blockers: readonly Blocker[]) {
    super(
      [
        "the deletion is blocked:",
        ...blockers.flatMap(({ text, commands }) => [
          `  ${text}`,
          ...commands.map((line) => `  fix: ${line}`),
        ]),
      ].join("\n"),
    );
    this.name = "DeletionBlocked";
  }
}
