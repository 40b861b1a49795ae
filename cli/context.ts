import { setMaxListeners } from "node:events";
import { closeSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster, Mesh } from "../mesh/mesh";
import { meshPaths } from "../mesh/paths";
import {
  kubeconfigName,
  noCredentials,
  withCredentials,
  withKnownCredentials,
} from "../ops/azure/credentials";
import { DeadlinePassed, Interrupted, MissingProgram, ProgramFailed, shortMessage } from "../ops/exec/errors";
import { createPrograms } from "../ops/exec/programs";
import { noLog, openRunLog, type RunLog } from "../ops/exec/run-log";
import type { Context } from "../ops/run/context";
import { createReporter } from "../ops/run/progress";
import { workFolder } from "../synth/staging";
import { exitCode, type Output, report } from "./command";

export interface RunOptions {
  /** Show every program and its arguments, ready to paste. */
  readonly verbose?: boolean;
  /** Show no progress unless `verbose` asks for it: the result is for a script. */
  readonly quiet?: boolean;
}

/**
 * For commands that run until Ctrl-C. After this call the first Ctrl-C is the ordinary end: it aborts the signal, ends no
 * program, and the exit code is the command's own. Further ones are as for every command.
 */
export type UntilCtrlC = () => AbortSignal;

/**
 * Gives a command programs, a log of this run, progress, and a signal that Ctrl-C aborts. The first Ctrl-C lets every
 * program end in order; the second one does not wait. Closing the terminal counts as the first.
 * @returns the exit code, also after an error, which is reported here, where the log is known
 */
export async function withContext(
  { verbose = false, quiet = false }: RunOptions,
  output: Output,
  work: (context: Context, untilCtrlC: UntilCtrlC) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  // Every running program listens.
  setMaxListeners(0, controller.signal);
  let ordinaryEnd: AbortController | undefined;
  const interrupt = () => {
    if (ordinaryEnd && !ordinaryEnd.signal.aborted) return ordinaryEnd.abort();
    if (controller.signal.aborted) process.exit(interrupted);
    output.note("stopping; the next run goes on from here (Ctrl-C again to stop at once)");
    controller.abort();
  };
  const hangUp = () => {
    // It comes twice where the shell passes on the signal that the terminal has sent.
    if (ordinaryEnd?.signal.aborted || controller.signal.aborted) return;
    process.once("exit", letGoOfTerminal);
    interrupt();
  };
  const { folder, log } = workPlace(output);
  const reporter = createReporter(quiet && !verbose ? { stream: { write: () => {} } } : {});
  const programs = createPrograms({
    log,
    signal: controller.signal,
    onCommand: verbose ? (line) => reporter.command(line) : undefined,
  });
  const handlers = { SIGINT: interrupt, SIGTERM: interrupt, SIGHUP: hangUp };
  const signals = Object.keys(handlers) as (keyof typeof handlers)[];
  for (const signal of signals) process.on(signal, handlers[signal]);
  const context = {
    programs,
    reporter,
    now: () => new Date(),
    signal: controller.signal,
    workFolder: folder,
  };
  const untilCtrlC = () => {
    ordinaryEnd = new AbortController();
    return ordinaryEnd.signal;
  };
  try {
    const given = await work(context, untilCtrlC).catch((error: unknown) => {
      reporter.close();
      return controller.signal.aborted && error instanceof Interrupted ? interrupted : report(error, output);
    });
    reporter.close();
    const code = controller.signal.aborted ? interrupted : given;
    if (code === exitCode.failed && log.file) output.note(`log: ${log.file}`);
    return code;
  } finally {
    log.close();
    for (const signal of signals) process.off(signal, handlers[signal]);
  }
}

/**
 * The folder for this run's files, with its log. Where the current folder is read-only, as in a container, it is a
 * private one that is removed after the run.
 */
function workPlace(output: Output): { readonly folder: string; readonly log: RunLog } {
  try {
    return { folder: workFolder, log: openRunLog(join(workFolder, "log"), new Date()) };
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    const folder = mkdtempSync(join(tmpdir(), "mesh-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const kept = join(workFolder, kubeconfigName);
    if (existsSync(kept)) copyFileSync(kept, join(folder, kubeconfigName));
    output.warning(`${workFolder} is not writable here: this run keeps no log`);
    return { folder, log: noLog };
  }
}

/** Gives a command's context credentials for the clusters of its mesh. */
export type Access = (context: Context) => Promise<Context>;

/** For a command that cannot do without `needed`. @throws CredentialsError */
export const required = (mesh: Mesh, file: string, needed: readonly Cluster[] = mesh.clusters): Access => {
  return (context) => withCredentials(context, mesh, meshPaths(file).terraform, { file, needed });
};

/** For a screen, which shows a cluster without credentials as unreachable; a warning says how to get them. */
export const asKnown = (mesh: Mesh, file: string, output: Output): Access => {
  return async (context) => {
    const { reaching, ...lacking } = await withKnownCredentials(context, mesh, meshPaths(file).terraform);
    if (lacking.missing.length > 0) output.warning(noCredentials(mesh, lacking, file));
    return reaching;
  };
};

/** For checks, which report clusters that do not exist yet and missing programs. */
export const forChecks = (mesh: Mesh, file: string): Access => {
  return async (context) => {
    try {
      return (await withKnownCredentials(context, mesh, meshPaths(file).terraform)).reaching;
    } catch (error) {
      if (error instanceof MissingProgram) return context;
      if (!(error instanceof ProgramFailed || error instanceof DeadlinePassed)) throw error;
      context.reporter.say(`credentials of the clusters could not be looked for: ${shortMessage(error)}`);
      return context;
    }
  };
};

/** `withContext` for a command that works on clusters from its first moment on. */
export const withClusters = (
  access: Access,
  options: RunOptions,
  output: Output,
  work: (context: Context, untilCtrlC: UntilCtrlC) => Promise<number>,
): Promise<number> =>
  withContext(options, output, async (context, untilCtrlC) => work(await access(context), untilCtrlC));

/** What a shell reports of a program that Ctrl-C ended. */
const interrupted = 130;

/** At exit Node.js restores the terminal's mode, and aborts if the terminal is gone; it skips closed descriptors. */
function letGoOfTerminal(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      closeSync(descriptor);
    } catch {
      // It is closed already.
    }
  }
}
