import { setMaxListeners } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import type { Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { isRunning } from "../../synth/staging";
import { Interrupted, Refused } from "../exec/errors";
import { type Kubectl, kubectlFor, noValidation } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";
import type { RunOptions } from "../exec/programs";
import { pause } from "../exec/timing";
import type { Context } from "./context";

/**
 * Only one run at a time changes a mesh: a Lease on the primary is the lock, also between machines. A run renews its
 * Lease. The lock of a killed run is taken over at once on the same machine, where its process is known to be gone, and
 * elsewhere when the Lease was not renewed for its duration. That time is measured locally, because clocks differ.
 */
const lease = { name: "mesh-run", namespace: "default", seconds: 30, renewSeconds: 10 } as const;

const machineAnnotation = "mesh/machine";
const processAnnotation = "mesh/process";

/** Times that tests shorten. */
export interface LockTimes {
  readonly seconds: number;
  readonly renewSeconds: number;
}

/**
 * Runs `work` while no other run changes this mesh. The context of `work` is also aborted when the lock is lost, which
 * happens if the API server is unreachable for longer than the Lease lasts.
 * @param doing shown to users who find the lock taken, for example `mesh apply`
 * @throws Refused naming the holder
 */
export async function withLock<T>(
  context: Context,
  mesh: Mesh,
  doing: string,
  work: (context: Context) => Promise<T>,
  times: LockTimes = lease,
): Promise<T> {
  const kubectl = kubectlFor(context.programs, mesh.primary.context);
  let held = await take(context, kubectl, mesh, doing, times);
  const lost = new AbortController();
  let renewing: Promise<void> | undefined;
  const renew = async () => {
    const renewed = { ...held, spec: { ...held.spec, renewTime: microTime(context.now()) } };
    const answer = await write(kubectl, "replace", renewed);
    if (typeof answer !== "string") {
      held = answer;
      return;
    }
    if (!/Conflict|NotFound/.test(answer) || lost.signal.aborted) return;
    // A renewal may have succeeded although its answer was lost: then the Lease is newer, and still this run's.
    const found = await read(kubectl);
    if (isHeldBy(found, held)) held = found;
    else {
      context.reporter.say("stopped: another run took over the lock of this mesh");
      lost.abort();
    }
  };
  const timer = setInterval(() => {
    // An API server that does not answer is no reason to stop: no other run gets the lock from it either.
    renewing ??= renew()
      .catch(() => {})
      .finally(() => {
        renewing = undefined;
      });
  }, times.renewSeconds * 1000);
  try {
    const signal = AbortSignal.any([context.signal, lost.signal]);
    // Every step in every cluster listens; Node.js warns from the eleventh listener on.
    setMaxListeners(0, signal);
    return await work({ ...context, signal });
  } finally {
    clearInterval(timer);
    await renewing;
    if (!lost.signal.aborted) await release(kubectl, held).catch(() => {});
  }
}

async function take(
  context: Context,
  kubectl: Kubectl,
  mesh: Mesh,
  doing: string,
  times: LockTimes,
): Promise<KubernetesObject> {
  const { reporter, signal } = context;
  const wanted = manifest(context, mesh, doing, times);
  const begun = performance.now();
  let first: KubernetesObject | undefined;
  for (;;) {
    if (signal.aborted) throw new Interrupted();
    const made = await write(kubectl, "create", wanted);
    if (typeof made !== "string") return made;
    if (!/AlreadyExists/.test(made)) throw cannot(mesh, made);
    const found = await read(kubectl);
    if (!found) continue;
    if (!first) {
      first = found;
      if (!isAbandoned(found))
        reporter.say(`${holderOf(found)} holds the lock of this mesh; checking whether it is still running`);
    }
    if (renewTime(found) !== renewTime(first)) throw heldBy(found);
    if (isAbandoned(found) || performance.now() - begun > times.seconds * 1000) {
      const { resourceVersion } = found.metadata;
      const taken = await write(kubectl, "replace", {
        ...wanted,
        metadata: { ...wanted.metadata, resourceVersion },
      });
      if (typeof taken !== "string") return taken;
      if (!/Conflict|NotFound/.test(taken)) throw cannot(mesh, taken);
    } else await pause(signal, 1000);
  }
}

function manifest(context: Context, { name }: Mesh, doing: string, times: LockTimes): KubernetesObject {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name: lease.name,
      namespace: lease.namespace,
      labels: { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": name },
      annotations: { [machineAnnotation]: machine(), [processAnnotation]: String(process.pid) },
    },
    spec: {
      holderIdentity: `${doing} of ${userName()} on ${hostname()} (process ${process.pid})`,
      leaseDurationSeconds: Math.max(1, Math.round(times.seconds)),
      acquireTime: microTime(context.now()),
      renewTime: microTime(context.now()),
    },
  };
}

/** As Kubernetes writes a MicroTime. */
const microTime = (time: Date) => time.toISOString().replace("Z", "000Z");

/** @returns the Lease as it is now, or the error of the API server */
async function write(
  kubectl: Kubectl,
  verb: "create" | "replace",
  object: KubernetesObject,
): Promise<KubernetesObject | string> {
  const { code, stdout, stderr } = await kubectl.run([verb, noValidation, "-o", "json", "-f", "-"], {
    input: JSON.stringify(object),
    answers: [0, 1],
    deadlineSeconds: lease.renewSeconds * 2,
  });
  return code === 0 ? JSON.parse(stdout) : stderr.trim();
}

async function read(kubectl: Kubectl, options?: RunOptions): Promise<KubernetesObject | undefined> {
  const [found] = await kubectl.get(["-n", lease.namespace, "lease", lease.name], {
    deadlineSeconds: 20,
    ...options,
  });
  return found;
}

async function release(kubectl: Kubectl, held: KubernetesObject): Promise<void> {
  // After Ctrl-C too: a run on another machine would otherwise wait until the Lease expires.
  const afterAll = { deadlineSeconds: 10, cleanUp: true };
  // A run that was suspended for longer than its Lease may have lost it.
  if (!isHeldBy(await read(kubectl, afterAll), held)) return;
  await kubectl.run(
    ["-n", lease.namespace, "delete", "lease", lease.name, "--ignore-not-found", "--wait=false"],
    afterAll,
  );
}

/** A run that takes a Lease over writes its own name and time into it. */
function isHeldBy(found: KubernetesObject | undefined, held: KubernetesObject): found is KubernetesObject {
  const { holderIdentity, acquireTime } = held.spec;
  const isSame = (key: string) => found?.metadata.annotations?.[key] === held.metadata.annotations?.[key];
  return (
    found?.spec.holderIdentity === holderIdentity &&
    found?.spec.acquireTime === acquireTime &&
    isSame(machineAnnotation) &&
    isSame(processAnnotation)
  );
}

/** Its process no longer exists. */
function isAbandoned({ metadata: { annotations = {} } }: KubernetesObject): boolean {
  return annotations[machineAnnotation] === machine() && !isRunning(Number(annotations[processAnnotation]));
}

/** Process ids are valid within one boot and one container, so both are part of the machine's name if known. */
function machine(): string {
  const known = [
    () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    () => readlinkSync("/proc/self/ns/pid"),
  ].map((ask) => {
    try {
      return ask();
    } catch {
      return "";
    }
  });
  return [hostname(), ...known].join(" ");
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown user";
  }
}

const renewTime = ({ spec: { renewTime: time } }: KubernetesObject) => String(time ?? "");
const holderOf = ({ spec: { holderIdentity } }: KubernetesObject) => String(holderIdentity ?? "another run");

function heldBy(found: KubernetesObject): Refused {
  const since = String(found.spec.acquireTime ?? renewTime(found)).replace(/\.\d+Z$/, "Z");
  return new Refused([
    `${holderOf(found)} has been changing this mesh since ${since}; only one run at a time may change it: wait for it to end, then run again`,
  ]);
}

function cannot({ primary }: Mesh, words: string): Refused {
  const fix = /\(Forbidden\)/.test(words)
    ? `grant the right to create, update and delete leases in the namespace ${lease.namespace}`
    : `check ${commandLine("kubectl", ["--context", primary.context, "version"])}, then run again`;
  return new Refused([
    `the lock of this mesh (Lease ${lease.namespace}/${lease.name} in ${primary.name}) cannot be written; ${fix}\n${words}`,
  ]);
}
