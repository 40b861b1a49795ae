import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { commandLine } from "../../mesh/shell-quote";
import { type Environment, environmentOf, fileOf, userEnvironment } from "./environment";
import {
  DeadlinePassed,
  Interrupted,
  LoginRequired,
  loginPrompt,
  MissingProgram,
  OutputCutShort,
  ProgramFailed,
} from "./errors";
import { redact } from "./redact";
import { noLog, type RunLog } from "./run-log";

/** The programs that this project runs; nothing else is ever started. */
export type ProgramName = "kubectl" | "istioctl" | "terraform" | "az";

/** How a program is asked to end, and how long it may take before it is ended. */
const ending: Readonly<Record<ProgramName, { signal: NodeJS.Signals; graceSeconds: number }>> = {
  kubectl: { signal: "SIGTERM", graceSeconds: 3 },
  istioctl: { signal: "SIGTERM", graceSeconds: 3 },
  az: { signal: "SIGTERM", graceSeconds: 3 },
  // It finishes what Azure is busy with and writes its state: an end by force loses track of a cluster that is being
  // made. Its providers heed SIGTERM, so that only SIGINT leaves the work to it.
  terraform: { signal: "SIGINT", graceSeconds: 1800 },
};

export interface RunOptions {
  /** Text for the program's input: manifests with secrets go here, never into the arguments. */
  readonly input?: string;
  /** The command whose output `input` is, as a person would pipe it, for `--verbose`. */
  readonly inputFrom?: string;
  /** Keeps the program's input open instead. @default - the input ends after `input` */
  readonly heartbeat?: Heartbeat;
  /** After this many seconds the program and its children are ended. @default 60 */
  readonly deadlineSeconds?: number;
  /** Ends the program when aborted. @default - the run's own signal alone */
  readonly signal?: AbortSignal;
  /** It puts back what must not stay: Ctrl-C does not end it. @default false */
  readonly cleanUp?: boolean;
  /** The output holds a secret: the log gets its length alone. @default false */
  readonly secretOutput?: boolean;
  /** Exit codes that are answers rather than failures. @default [0] */
  readonly answers?: readonly number[];
  /** Hears the output as it comes. */
  readonly onOutput?: (chunk: string) => void;
  /** Kubeconfig that is looked into before the user's own. @default - the user's own alone */
  readonly kubeconfig?: string;
  /** Files that the program makes are readable by their owner alone. @default false: as the user's umask says */
  readonly privateFiles?: boolean;
  /** Reads the output as it comes; `true` says that enough was read, and the program is ended without an error. */
  readonly until?: (chunk: string) => boolean;
}

/**
 * A dot on a program's input now and then, so that a script far away knows that somebody still listens: when this tool
 * ends, however it does, the input ends as well.
 */
export interface Heartbeat {
  readonly everySeconds: number;
  /** Aborted, it ends the input, and a program that minds its input ends in order. */
  readonly until: AbortSignal;
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The one seam through which programs are run. What reaches them of the environment: `environmentOf`. */
export interface Programs {
  /**
   * Runs a program to its end. Arguments are passed as they are; there is no shell.
   * @throws MissingProgram, ProgramFailed, DeadlinePassed, OutputCutShort, Interrupted
   */
  run(program: ProgramName, args: readonly string[], options?: RunOptions): Promise<Output>;
}

export interface ProgramsProps {
  /** @default - no log */
  readonly log?: RunLog;
  /** Aborted on Ctrl-C. @default - never */
  readonly signal?: AbortSignal;
  /** Gets every command before it runs, ready to paste (`--verbose`). @default - nothing is shown */
  readonly onCommand?: (line: string) => void;
  /** @default - the user's */
  readonly env?: Environment;
}

const defaultDeadlineSeconds = 60;

/** They run the credential plugins that a kubeconfig names. */
const asksForLogins: readonly ProgramName[] = ["kubectl", "istioctl"];

/**
 * A helper that outlives its program may hold the output open. What the program itself wrote is always read. The helper
 * gets the grace period for more; if it is still writing at the end of `tooLong`, the run has failed.
 */
const lastWordsMilliseconds = { grace: 1000, tooLong: 10_000 };

export function createPrograms({
  log = noLog,
  signal,
  onCommand,
  env = userEnvironment,
}: ProgramsProps = {}): Programs {
  let count = 0;
  return {
    async run(program, args, options = {}) {
      const line = commandLine(fileOf(program, env), args);
      const shown = redact(options.inputFrom ? `${options.inputFrom} | ${line}` : line);
      const id = `#${++count}`;
      onCommand?.(shown);
      log.write(`${id} $ ${shown}`);
      const started = performance.now();
      try {
        const output = await start(program, args, env, options, signal);
        log.write(`${id} exit ${output.code} after ${secondsSince(started)} s${transcript(output, options)}`);
        if ((options.answers ?? [0]).includes(output.code)) return output;
        throw new ProgramFailed(line, output.code, output.stderr);
      } catch (error) {
        if (!(error instanceof ProgramFailed)) log.write(`${id} ${error} after ${secondsSince(started)} s`);
        throw error;
      }
    },
  };
}

function start(
  program: ProgramName,
  args: readonly string[],
  env: Environment,
  options: RunOptions,
  runSignal: AbortSignal | undefined,
): Promise<Output> {
  const { deadlineSeconds = defaultDeadlineSeconds, input, heartbeat, until, onOutput } = options;
  const signals = [options.cleanUp ? undefined : runSignal, options.signal].filter(
    (one) => one !== undefined,
  );
  return new Promise((resolve, reject) => {
    if (signals.some(({ aborted }) => aborted)) return reject(new Interrupted());
    const file = fileOf(program, env);
    // A process group of its own: its children (kubectl's credential plugins, terraform's providers) end with it, and
    // Ctrl-C reaches this program first, which then decides.
    const child = withUmask(options.privateFiles ? 0o077 : undefined, () =>
      spawn(file, args, {
        env: environmentOf(program, env, options.kubeconfig),
        detached: true,
        stdio: ["pipe", "pipe", "pipe"],
      }),
    );
    let outcome: Error | "read enough" | undefined;
    let forced: NodeJS.Timeout | undefined;
    const end = (reason: Error | "read enough") => {
      if (outcome !== undefined) return;
      outcome = reason;
      const { signal, graceSeconds } = ending[program];
      endGroup(child.pid, signal);
      forced = setTimeout(() => {
        endGroup(child.pid, "SIGKILL");
        // The kernel may hold it all the same, for example in a file system that does not answer.
        letGoSoon(null, "SIGKILL");
      }, graceSeconds * 1000);
    };
    const interrupt = () => end(new Interrupted());
    for (const one of signals) one.addEventListener("abort", interrupt);
    const deadline = setTimeout(
      () => end(new DeadlinePassed(commandLine(file, args), deadlineSeconds, stderr)),
      deadlineSeconds * 1000,
    );
    const stopListening = () => {
      clearTimeout(deadline);
      for (const one of signals) one.removeEventListener("abort", interrupt);
    };
    const settle = (code: number | null, killedBy: NodeJS.Signals | null) => {
      stopListening();
      clearTimeout(forced);
      clearTimeout(lastWords);
      clearImmediate(lastTurn);
      stopBeating?.();
      // What was to end with the program, and has not.
      if (outcome !== undefined) endGroup(child.pid, "SIGKILL");
      if (outcome instanceof Error) return reject(outcome);
      if (outcome === "read enough") return resolve({ code: 0, stdout, stderr });
      if (code === null)
        return reject(new ProgramFailed(commandLine(file, args), killedBy ?? "a signal", stderr));
      resolve({ code, stdout, stderr });
    };
    const letGo = (code: number | null, killedBy: NodeJS.Signals | null) => {
      for (const stream of child.stdio) stream?.destroy();
      child.unref();
      settle(code, killedBy);
    };
    // A timer alone is not enough: on a busy machine one turn of the event loop can take longer than the grace period,
    // and timers run before the output that arrived meanwhile is read. An immediate runs after it.
    let lastTurn: NodeJS.Immediate | undefined;
    const letGoWhenRead = (
      code: number | null,
      killedBy: NodeJS.Signals | null,
      since = performance.now(),
    ) => {
      const heardBefore = chunksHeard;
      lastTurn = setImmediate(() => {
        if (chunksHeard === heardBefore) return letGo(code, killedBy);
        if (performance.now() - since < lastWordsMilliseconds.tooLong)
          return letGoWhenRead(code, killedBy, since);
        outcome ??= new OutputCutShort(commandLine(file, args));
        letGo(code, killedBy);
      });
    };
    let lastWords: NodeJS.Timeout | undefined;
    const letGoSoon = (code: number | null, killedBy: NodeJS.Signals | null) => {
      lastWords ??= setTimeout(letGoWhenRead, lastWordsMilliseconds.grace, code, killedBy);
    };

    let stdout = "";
    let stderr = "";
    let chunksHeard = 0;
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      chunksHeard++;
      onOutput?.(chunk);
      if (outcome === undefined && until?.(chunk)) end("read enough");
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      chunksHeard++;
      const prompt = asksForLogins.includes(program) ? loginPrompt(stderr) : undefined;
      if (prompt !== undefined) end(new LoginRequired(commandLine(file, args), prompt));
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("error", () => {
        outcome ??= new OutputCutShort(commandLine(file, args));
      });
    child.on("error", (error: NodeJS.ErrnoException) => {
      outcome ??= error.code === "ENOENT" ? new MissingProgram(program, file) : error;
      settle(null, null);
    });
    // How it ended is known then. Its output may stay open: a helper that it left behind holds it, and may for ever.
    child.on("exit", (code, killedBy) => {
      stopListening();
      letGoSoon(code, killedBy);
    });
    child.on("close", settle);
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => {});
    const stopBeating = heartbeat && beat(child.stdin, heartbeat);
    if (!heartbeat) child.stdin.end(input);
  });
}

/** @returns what ends the input */
function beat(input: Writable, { everySeconds, until }: Heartbeat): () => void {
  const timer = setInterval(() => input.write("."), everySeconds * 1000);
  const end = () => {
    clearInterval(timer);
    until.removeEventListener("abort", end);
    input.end();
  };
  if (until.aborted) end();
  else until.addEventListener("abort", end);
  return end;
}

/** A child inherits the umask of the moment in which it is made. */
function withUmask<T>(umask: number | undefined, work: () => T): T {
  if (umask === undefined) return work();
  const before = process.umask(umask);
  try {
    return work();
  } finally {
    process.umask(before);
  }
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function transcript({ stdout, stderr }: Output, { secretOutput = false, until }: RunOptions): string {
  const withheld = secretOutput || until !== undefined;
  const text = withheld ? `(${stdout.length} characters of output not kept)` : stdout.trim();
  return [text, stderr.trim()]
    .filter((part) => part !== "")
    .map((part) => `\n${part}`)
    .join("");
}

function secondsSince(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(2);
}

/**
 * The JSON object in what a program printed. A wrapper on the PATH may print lines before and after it, such as
 * `[command]/opt/terraform-bin output -json`: https://github.com/hashicorp/setup-terraform/issues/20.
 * @throws SyntaxError where there is none
 */
export function parseJsonOutput(stdout: string): unknown {
  const lines = stdout.split("\n");
  const first = lines.findIndex((line) => line.startsWith("{"));
  if (first === -1) return JSON.parse(stdout);
  // Pretty-printed, its last line is a brace; else it is one line.
  const last = lines[first] === "{" ? lines.indexOf("}", first) : first;
  return JSON.parse(lines.slice(first, last + 1).join("\n"));
}
