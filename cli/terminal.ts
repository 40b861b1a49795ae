import { createInterface } from "node:readline";
import { fileProblem, InputError } from "../mesh/problem";
import type { Reporter } from "../ops/run/progress";

/** Rows of text as columns that line up, the first row a heading. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}

/** `45 s`, `1 min 5 s`, `2 h 3 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const patienceSeconds = 2;

/** The answer; if it takes long, a line says what the command waits for. */
export async function sayWhenSlow<T>(reporter: Reporter, text: string, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => reporter.say(text), patienceSeconds * 1000);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * For commands that ask before they change anything.
 * @param command as the user knows it, for example `mesh destroy`
 * @throws InputError without a terminal, unless `--yes` has answered
 */
export function requireAnswer(command: string, yes: boolean): void {
  if (yes || (process.stdin.isTTY && process.stderr.isTTY)) return;
  throw new InputError([
    fileProblem(
      command,
      "asks before it changes anything, and there is no terminal to ask on",
      `run it in a terminal, or answer in advance: ${command} --yes`,
    ),
  ]);
}

/** Asks on stderr, so that stdout holds the result alone. Anything but a yes, Ctrl-C too, is a no. */
export function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    terminal.once("close", () => resolve(false));
    terminal.question(`${question} [y/N] `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      terminal.close();
    });
  });
}
