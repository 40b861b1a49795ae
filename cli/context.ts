import { setMaxListeners } from "node:events";
import { closeSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeconfigName } from "../ops/azure/credentials";
import { Interrupted } from "../ops/exec/errors";
import { createPrograms } from "../ops/exec/programs";
import { noLog, openRunLog, type RunLog } from "../ops/exec/run-log";
import type { Context } from "../ops/run/context";
import { createReporter } from "../ops/run/progress";
import { workFolder } from "../synth/run-lock";
import { exitCode, type Output, report } from "./command";

export interface RunOptions {
  /** Show every program and its arguments, ready to paste. */
  readonly verbose?: boolean;
  /** Say nothing while it runs, unless `verbose` asks for it: the result is for a script. */
  readonly quiet?: boolean;
}

/**
 * For commands that go on until Ctrl-C. From the call on the first Ctrl-C is the ordinary end: it aborts the signal, no
 * program is ended by it, and the exit code is the command's own. The next ones are as for every command.
 */
export type UntilCtrlC = () => AbortSignal;

/**
 * Gives a command what it needs of the outside: programs, a log of this run, progress, and a signal that Ctrl-C
 * aborts. The first Ctrl-C lets every program end in order; the second one does not wait. A terminal that is closed is
 * a Ctrl-C that nobody can press again.
 * @returns the exit code, also of what went wrong, which is told here, where the log is known
 */
export async function withContext(
  { verbose = false, quiet = false }: RunOptions,
  output: Output,
  work: (context: Context, untilCtrlC: UntilCtrlC) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  // One for every program that runs at the moment.
  setMaxListeners(0, controller.signal);
  let ordinaryEnd: AbortController | undefined;
  const interrupt = () => {
    if (ordinaryEnd && !ordinaryEnd.signal.aborted) return ordinaryEnd.abort();
    if (controller.signal.aborted) process.exit(interrupted);
    output.note("stopping; the next run goes on from here (Ctrl-C again to stop at once)");
    controller.abort();
  };
  const hangUp = () => {
    // It comes twice where the shell passes on what the terminal has sent already.
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
    if (code === exitCode.failed && log.file) output.note(`everything that was run: ${log.file}`);
    return code;
  } finally {
    log.close();
    for (const signal of signals) process.off(signal, handlers[signal]);
  }
}

/**
 * The folder for this run's files, with its log. Where the current folder is read-only, as in a container that only
 * looks, it is a private one that goes with the run.
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

/** What a shell reports of a program that Ctrl-C ended. */
const interrupted = 130;

/** Node.js puts back the terminal's mode at its very end, and aborts where the terminal has gone; what is closed it skips. */
function letGoOfTerminal(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      closeSync(descriptor);
    } catch {
      // Somebody has closed it before.
    }
  }
}
