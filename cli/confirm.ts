import { createInterface } from "node:readline";
import { fileProblem, InputError } from "../mesh/problem";

/**
 * For commands that ask before they go on: where nobody can answer, they do not begin.
 * @param command as the user knows it, for example `mesh destroy`
 * @throws InputError without a terminal, unless the answer has been given beforehand
 */
export function requireAnswer(command: string, yes: boolean): void {
  if (yes || (process.stdin.isTTY && process.stderr.isTTY)) return;
  throw new InputError([
    fileProblem(
      command,
      "asks before it changes anything, and there is no terminal to ask on",
      `run it in a terminal, or say yes beforehand: ${command} --yes`,
    ),
  ]);
}

/** Asks on stderr, so that stdout is the result alone. Whatever is not a yes, Ctrl-C too, is a no. */
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
