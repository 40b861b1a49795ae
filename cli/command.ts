import { dirname } from "node:path";
import { InputError } from "../mesh/problem";
import { CredentialsError } from "../ops/azure/credentials";
import { DeadlinePassed, Interrupted, MissingProgram, ProgramFailed, Refused } from "../ops/exec/errors";
import { colours } from "../ops/run/colours";
import { OutputError } from "../synth/staging";

/** Exit codes that scripts can rely on; docs/cli.md lists them. */
export const exitCode = {
  fine: 0,
  /** A check or step failed, or `diff` found a difference. */
  failed: 1,
  badInput: 2,
} as const;

/** Where commands write. Results go to stdout, everything about the run to stderr. */
export interface Output {
  result(text: string): void;
  note(text: string): void;
  warning(text: string): void;
}

export const consoleOutput: Output = {
  result: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
  warning: (text) => process.stderr.write(`${colours.yellow("warning")}: ${text}\n`),
};

/** Errors that are not bugs of this tool: their message is enough. */
const expected = [
  OutputError,
  Refused,
  CredentialsError,
  MissingProgram,
  ProgramFailed,
  DeadlinePassed,
  Interrupted,
];

/** Prints an error and returns its exit code. Only bugs of this tool show a stack. */
export function report(error: unknown, output: Output): number {
  if (error instanceof InputError) {
    for (const line of error.message.split("\n")) output.note(line);
    const { length } = error.problems;
    output.note(colours.red(`${length} ${length === 1 ? "problem" : "problems"}; nothing was done`));
    return exitCode.badInput;
  }
  const { code, syscall, path } = error as NodeJS.ErrnoException & { path?: string };
  if (expected.some((kind) => error instanceof kind))
    output.note(`${colours.red("error")}: ${(error as Error).message}`);
  else if (code && syscall)
    output.note(`${colours.red("error")}: cannot ${attempt(syscall, path ?? "")}: ${adviceFor(code)}`);
  else
    output.note(
      `${colours.red("error")}: this is a bug of mesh, please report it\n${(error as Error)?.stack ?? error}`,
    );
  return exitCode.failed;
}

/** A system call in words. */
function attempt(syscall: string, path: string): string {
  if (syscall === "mkdtemp") return `create a folder in ${dirname(path)}`;
  const words: Record<string, string> = {
    mkdir: "create the folder",
    scandir: "read the folder",
    open: "open",
  };
  return `${words[syscall] ?? syscall} ${path}`;
}

function adviceFor(code: string): string {
  const advice: Record<string, string> = {
    ENOSPC: "the disk is full; free some space and run it again",
    EACCES: "no permission; change the owner or the mode",
    EPERM: "no permission; change the owner or the mode",
    EROFS: "the file system is read-only",
    ENOENT: "it does not exist, or its folder does not; create the folder",
    ENOTDIR: "a file is where a folder belongs; move it away",
    EEXIST: "a file is where a folder belongs; move it away",
    EBUSY: "it is in use, or a mount point; stop what uses it",
    EXDEV: "it is on another file system; move it here",
  };
  return advice[code] ?? code;
}
