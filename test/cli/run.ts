import { CommanderError } from "commander";
import { type Output, report } from "../../cli/command";
import { program } from "../../cli/program";

// Keys of 4096 bits take seconds. That `mesh ca` makes such keys is tested in test/ca/generate.test.ts.
jest.mock("../../ca/issue", () => {
  const issue = jest.requireActual<typeof import("../../ca/issue")>("../../ca/issue");
  return { ...issue, newKeyPair: () => issue.newKeyPair(2048) };
});

/** What a command printed: results, and everything about the run. */
export interface Said {
  readonly code: number;
  readonly result: string;
  readonly notes: string;
}

/** Runs a command line as `main.ts` does. */
export async function mesh(...args: string[]): Promise<Said> {
  const result: string[] = [];
  const notes: string[] = [];
  const output: Output = {
    result: (text) => result.push(text),
    note: (text) => notes.push(text),
    warning: (text) => notes.push(`warning: ${text}`),
  };
  // Progress, and commander's errors.
  const stderr = jest.spyOn(process.stderr, "write").mockImplementation((text) => {
    notes.push(String(text));
    return true;
  });
  let code = 0;
  const command = program((given) => {
    code = given;
  }, output);
  for (const each of [command, ...command.commands])
    each.configureOutput({ writeOut: (text) => result.push(text) });
  try {
    await command.parseAsync(["node", "mesh", ...args]);
  } catch (error) {
    code = error instanceof CommanderError ? error.exitCode : report(error, output);
  } finally {
    stderr.mockRestore();
  }
  return { code, result: result.join("\n"), notes: notes.join("\n") };
}
