import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { OutputError, withRunLock, workFolder } from "./run-lock";

const prefix = "staging-";

/**
 * Calls `make` with an empty folder that only this user can read, on the file system of the output, and removes it
 * afterwards, whatever happens. What a killed run left behind is removed first.
 * @throws OutputError while another run has one
 */
export function withStaging<T>(make: (folder: string) => T): T {
  return withRunLock(() => {
    for (const name of readdirSync(workFolder)) {
      if (name.startsWith(prefix)) rmSync(join(workFolder, name), { recursive: true, force: true });
    }
    const folder = mkdtempSync(join(workFolder, prefix));
    try {
      return make(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** A staged file and the place that it takes; without one, the file at the place goes. */
export interface Replacement {
  readonly staged: string | undefined;
  readonly target: string;
}

/**
 * Puts everything staged in its place, or leaves everything as it was: when one move fails, the earlier ones are
 * undone. File by file and each in one move, so that nobody who reads meanwhile finds a file missing.
 * @param backups empty folder on the same file system
 * @throws OutputError when something that is no file, or a link, is in the way
 */
export function replaceAll(replacements: readonly Replacement[], backups: string): void {
  for (const { target } of replacements) refuseOddPlaces(target);
  // A Ctrl-C that comes among the moves is not heard: it would leave old and new mixed, and they take milliseconds.
  for (const signal of endings) process.on(signal, ignore);
  const undo: (() => void)[] = [];
  try {
    for (const [index, { staged, target }] of replacements.entries()) {
      const backup = existsSync(target) ? join(backups, `old-${index}`) : undefined;
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
  } finally {
    for (const signal of endings) process.off(signal, ignore);
  }
}

const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const ignore = () => {};

/** A link inside the output folder would lead the write out of it. The output folder itself may be one. */
function refuseOddPlaces(target: string): void {
  const [top, ...rest] = target.split("/");
  const places = rest.map((_, index) => join(top!, ...rest.slice(0, index + 1)));
  for (const place of places) {
    const found = lstatSync(place, { throwIfNoEntry: false });
    const wanted = place === join(target) ? "a file" : "a folder";
    if (!found || (wanted === "a file" ? found.isFile() : found.isDirectory())) continue;
    throw new OutputError(
      `${place} is ${found.isSymbolicLink() ? "a link" : found.isDirectory() ? "a folder" : "a file"} where ${wanted} of the output belongs; move it away`,
    );
  }
}
