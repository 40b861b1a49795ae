import { commandLine } from "../../mesh/shell-quote";
import { DeadlinePassed, LoginRequired, ProgramFailed } from "./errors";
import { type KubernetesObject, nameAlone } from "./kubernetes-object";
import type { Output, Programs, RunOptions } from "./programs";
import { pause } from "./timing";

/**
 * One cluster through kubectl. A program rather than a client library: kubectl reads every kubeconfig, runs every
 * credential plugin (kubelogin on AKS), applies as users do, starts in 60 ms, and its commands can be pasted into a
 * shell. Waiting is `--watch`: one process that sleeps until something changes.
 */
export interface Kubectl {
  readonly context: string;
  run(args: readonly string[], options?: RunOptions): Promise<Output>;
  /** Client-side `kubectl apply` of files. */
  applyFiles(files: readonly string[], options?: RunOptions): Promise<Applied>;
  /**
   * Deletes objects and waits until they are gone. kubectl gets a timeout of its own: it then names what is not deleted,
   * and stops even if this process is killed.
   * @returns whether anything existed
   */
  remove(args: readonly string[], seconds: number, options?: RunOptions): Promise<boolean>;
  /** Waits until the objects are gone. */
  waitUntilGone(args: readonly string[], seconds: number, options?: RunOptions): Promise<void>;
  /** Objects by `kubectl get`; missing ones are left out. */
  get(args: readonly string[], options?: RunOptions): Promise<readonly KubernetesObject[]>;
  /** These objects as they are in the cluster; kinds that the cluster does not know are left out. */
  getObjects(
    objects: readonly KubernetesObject[],
    options?: RunOptions,
  ): Promise<readonly KubernetesObject[]>;
  /**
   * Waits until an object is `ready`; it need not exist yet.
   * @returns the object as it was then
   * @throws ProgramFailed without the permission to read it
   */
  until(wait: Wait, signal: AbortSignal): Promise<KubernetesObject>;
}

export interface Wait {
  /** For example `deployments`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly ready: (object: KubernetesObject) => boolean;
}

export interface Applied {
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
}

/**
 * The API server validates every object anyway. For its own validation kubectl first fetches the schema of the whole
 * API, which takes an API server seconds after Istio's CRDs were created.
 */
export const noValidation = "--validate=false";

/** A watch is reopened after this time: load balancers on the way to the API server drop silent connections. */
const watchSeconds = 120;
/** kubectl is stopped when it exceeds its own timeout by this much. */
const graceSeconds = 10;

export function kubectlFor(programs: Programs, context: string): Kubectl {
  const run = (args: readonly string[], options?: RunOptions) =>
    programs.run("kubectl", ["--context", context, ...args], options);
  return {
    context,
    run,
    async applyFiles(files, options) {
      const { stdout } = await run(
        ["apply", noValidation, ...files.flatMap((file) => ["-f", file])],
        options,
      );
      return readApplied(stdout);
    },
    async remove(args, seconds, options) {
      const { stdout } = await run(["delete", ...args, "--ignore-not-found", `--timeout=${seconds}s`], {
        ...options,
        deadlineSeconds: seconds + graceSeconds,
      });
      return / deleted/.test(stdout);
    },
    async waitUntilGone(args, seconds, options) {
      await run(["wait", "--for=delete", `--timeout=${seconds}s`, ...args], {
        ...options,
        deadlineSeconds: seconds + graceSeconds,
      });
    },
    async get(args, options) {
      const { stdout } = await run(getting(args), { ...options, secretOutput: true });
      return readObjects(stdout);
    },
    async getObjects(objects, options) {
      if (objects.length === 0) return [];
      const args = getting(["-f", "-"]);
      // Documents, not a List, of which kubectl returns nothing if it does not know one kind.
      const input = objects.map((object) => `---\n${JSON.stringify(nameAlone(object))}\n`).join("");
      // Exit code 1 stands for unknown kinds, and for every other failure.
      const output = await run(args, { ...options, input, secretOutput: true, answers: [0, 1] });
      if (output.code !== 0 && !onlyUnknownKinds(output.stderr)) {
        throw new ProgramFailed(
          commandLine("kubectl", ["--context", context, ...args]),
          output.code,
          output.stderr,
        );
      }
      return readObjects(output.stdout);
    },
    async until({ resource, namespace, name, ready }, signal) {
      const args = ["-n", namespace, "get", resource, "--field-selector", `metadata.name=${name}`];
      for (;;) {
        let found: KubernetesObject | undefined;
        const read = objectReader((object) => {
          if (ready(object)) found = object;
          return found !== undefined;
        });
        // The request timeout ends the watch even if this process is killed.
        await run([...args, "--watch", `--request-timeout=${watchSeconds}s`, "-o", "json"], {
          signal,
          deadlineSeconds: watchSeconds + graceSeconds,
          until: read,
        }).catch((error) => {
          // The API server may be unavailable for a moment; the step's deadline decides when to give up.
          if (!isPassing(error)) throw error;
        });
        if (found) return found;
        await pause(signal);
      }
    },
  };
}

const getting = (args: readonly string[]) => ["get", ...args, "--ignore-not-found", "-o", "json"];

function readObjects(stdout: string): readonly KubernetesObject[] {
  if (stdout.trim() === "") return [];
  const answer = JSON.parse(stdout);
  return answer.kind === "List" ? answer.items : [answer];
}

/** kubectl puts `error: ` before an error that is the only one. */
const unknownKind =
  /^((error: )?resource mapping not found for name: .* no matches for kind "|ensure CRDs are installed first$)/;
const onlyUnknownKinds = (stderr: string) =>
  stderr
    .trim()
    .split("\n")
    .every((line) => unknownKind.test(line));

/**
 * Whether a retry may succeed. A missing permission or a missing login stays missing.
 */
function isPassing(error: Error): boolean {
  if (error instanceof LoginRequired) return false;
  if (error instanceof ProgramFailed) return !/\(Forbidden\)|\(Unauthorized\)/.test(error.stderr);
  return error instanceof DeadlinePassed;
}

/** Lines read `namespace/sample unchanged`, or another word for a change. */
function readApplied(stdout: string): Applied {
  const lines = stdout.split("\n").filter((line) => /^\S+\/\S+ \S/.test(line));
  const isUnchanged = (line: string) => / unchanged( |$)/.test(line);
  return {
    changed: lines.filter((line) => !isUnchanged(line)).map((line) => line.split(" ")[0]!),
    unchanged: lines.filter(isUnchanged).map((line) => line.split(" ")[0]!),
  };
}

/** Reads the stream of `--watch -o json`: indented objects, each ending with a brace at the start of a line. */
function objectReader(onObject: (object: KubernetesObject) => boolean): (chunk: string) => boolean {
  let rest = "";
  return (chunk) => {
    rest += chunk;
    for (let end = rest.indexOf("\n}\n"); end !== -1; end = rest.indexOf("\n}\n")) {
      const object = JSON.parse(rest.slice(0, end + 2));
      rest = rest.slice(end + 3);
      if (onObject(object)) return true;
    }
    return false;
  };
}
