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

/** The signal that stops a program, and the seconds before SIGKILL. */
const ending: Readonly<Record<ProgramName, { signal: NodeJS.Signals; graceSeconds: number }>> = {
  kubectl: { signal: "SIGTERM", graceSeconds: 3 },
  istioctl: { signal: "SIGTERM", graceSeconds: 3 },
  az: { signal: "SIGTERM", graceSeconds: 3 },
  // Terraform finishes its operations in Azure and writes its state; killed, it loses track of a cluster in creation.
  // Not SIGTERM: its providers would stop on that.
  terraform: { signal: "SIGINT", graceSeconds: 1800 },
};

export interface RunOptions {
  /** Text for stdin: manifests with secrets go here, never into the arguments. */
  readonly input?: string;
  /** The command that printed `input`, so that `--verbose` can show the pipe. */
  readonly inputFrom?: string;
  /** Keeps stdin open instead. @default - stdin ends after `input` */
  readonly heartbeat?: Heartbeat;
  /** The program and its children are stopped after this many seconds. @default 60 */
  readonly deadlineSeconds?: number;
  /** Stops the program when aborted. @default - only the signal of the run */
  readonly signal?: AbortSignal;
  /** The program cleans up: Ctrl-C does not stop it. @default false */
  readonly cleanUp?: boolean;
  /** The output contains a secret: the log only gets its length. @default false */
  readonly secretOutput?: boolean;
  /** Exit codes that are no failure. @default [0] */
  readonly answers?: readonly number[];
  /** Gets the output as it arrives. */
  readonly onOutput?: (chunk: string) => void;
  /** Kubeconfig that comes before the user's. @default - only the user's */
  readonly kubeconfig?: string;
  /** Only the owner can read files that the program creates. @default false: the user's umask applies */
  readonly privateFiles?: boolean;
  /** Gets the output as it arrives; returns `true` to stop the program without an error. */
  readonly until?: (chunk: string) => boolean;
}

/**
 * A dot on stdin at an interval, so that a script in a pod knows that this tool still runs: when the tool ends, for
 * whatever reason, stdin ends too.
 */
export interface Heartbeat {
  readonly everySeconds: number;
  /** Ends stdin when aborted, so that the program can stop in an orderly way. */
  readonly until: AbortSignal;
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Every program runs through this interface. Its environment: `environmentOf`. */
export interface Programs {
  /**
   * Runs a program to its end, without a shell.
   * @throws MissingProgram, ProgramFailed, DeadlinePassed, OutputCutShort, Interrupted
   */
  run(program: ProgramName, args: readonly string[], options?: RunOptions): Promise<Output>;
}

export interface ProgramsProps {
  /** @default - no log */
  readonly log?: RunLog;
  /** Aborted on Ctrl-C. @default - never */
  readonly signal?: AbortSignal;
  /** Gets every command before it runs, ready to paste (`--verbose`). @default - none */
  readonly onCommand?: (line: string) => void;
  /** @default - the user's */
  readonly env?: Environment;
}

const defaultDeadlineSeconds = 60;

/** These run the credential plugins of a kubeconfig. */
const asksForLogins: readonly ProgramName[] = ["kubectl", "istioctl"];

/**
 * A child that outlives its program may keep the output open. The program's own output is always read. The child gets
 * the grace period; if it still writes after `tooLong`, the call fails.
 */
const lastWordsMilliseconds = { grace: 1000, tooLong: 10_000 };

export function createPrograms({
  log = noLog,
  signal,
  onCommand,
  env = userEnvironment(),
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
    // In a process group of its own: its children (kubectl's credential plugins, terraform's providers) can be stopped
    // with it, and Ctrl-C only reaches this process, which then decides.
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
        // The kernel may still keep it, for example on a file system that does not answer.
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
      // Children that did not stop with the program.
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
    // A timer alone is not enough: on a busy machine one turn of the event loop can exceed the grace period, and timers
    // run before the output that arrived meanwhile is read. An immediate runs after it.
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
    // The exit code is known now, but a child may keep the output open forever.
    child.on("exit", (code, killedBy) => {
      stopListening();
      letGoSoon(code, killedBy);
    });
    child.on("close", settle);
    // For a program that ends without reading stdin, the exit code decides.
    child.stdin.on("error", () => {});
    const stopBeating = heartbeat && beat(child.stdin, heartbeat);
    if (!heartbeat) child.stdin.end(input);
  });
}

/** @returns a function that ends stdin */
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

/** A child inherits the umask at the time of its creation. */
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
    // It has already exited.
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
 * The JSON object in the output of a program. A wrapper on the PATH may print lines before and after it, such as
 * `[command]/opt/terraform-bin output -json`: https://github.com/hashicorp/setup-terraform/issues/20.
 * @throws SyntaxError without JSON
 */
export function parseJsonOutput(stdout: string): unknown {
  const lines = stdout.split("\n");
  const first = lines.findIndex((line) => line.startsWith("{"));
  if (first === -1) return JSON.parse(stdout);
  // Pretty-printed JSON ends with a brace on its own line; else it is one line.
  const last = lines[first] === "{" ? lines.indexOf("}", first) : first;
  return JSON.parse(lines.slice(first, last + 1).join("\n"));
}
