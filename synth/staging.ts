import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where output is made before it takes the place of the old: private, on the same file system. */
const stagingFolder = join(".mesh", "staging");

/** Something else holds the staging folder, or the output folder is not ours. */
export class OutputError extends Error {
  override name = "OutputError";
}

/**
 * Calls `make` with an empty folder that only this user can read, and removes the folder afterwards, whatever
 * happens. What a killed run left there is removed first.
 * @throws OutputError while another run has it
 */
export function withStaging<T>(make: (folder: string) => T): T {
  claim(stagingFolder);
  try {
    return make(stagingFolder);
  } finally {
    rmSync(stagingFolder, { recursive: true, force: true });
  }
}

function claim(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const owner = join(folder, "owner");
  for (let tries = 0; tries < 2; tries++) {
    try {
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(owner, String(process.pid));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const pid = existsSync(owner) ? Number(readFileSync(owner, "utf8")) : undefined;
      if (pid === undefined || isRunning(pid)) {
        throw new OutputError(
          `another run${pid ? ` (process ${pid})` : ""} is writing the output; wait for it, or delete ${folder} if there is none`,
        );
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A staged file and the place that it takes; without one, the file at the place goes. */
export interface Replacement {
  readonly staged: string | undefined;
  readonly target: string;
}

/**
 * Puts everything staged in its place, or leaves everything as it was: when one move fails, the earlier ones are
 * undone. File by file and each in one move, so that nobody who reads meanwhile finds a file missing.
 */
export function replaceAll(replacements: readonly Replacement[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const [index, { staged, target }] of replacements.entries()) {
      const backup = existsSync(target) ? join(stagingFolder, `old-${index}`) : undefined;
      if (backup !== undefined) linkSync(target, backup);
      if (staged === undefined) rmSync(target);
      else {
        mkdirSync(dirname(target), { recursive: true });
        renameSync(staged, target);
      }
      undo.push(() => (backup === undefined ? rmSync(target) : renameSync(backup, target)));
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}
