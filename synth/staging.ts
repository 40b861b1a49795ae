import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Temporary files of a run. They may hold keys: readable by the owner only, and ignored by Git. */
export const workFolder = ".mesh";

const lockFile = join(workFolder, "synth.lock");

/** The output cannot be written: another run writes it, or files that are not part of it are in its place. */
export class OutputError extends Error {
  override name = "OutputError";
}

const prefix = "staging-";

/**
 * Calls `make` with an empty private folder on the file system of the output, and removes the folder afterwards, also on
 * errors. Folders of killed runs are removed first.
 * @throws OutputError while another run holds the lock
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

/** A staged file and its target; without one, the target is deleted. */
export interface Replacement {
  readonly staged: string | undefined;
  readonly target: string;
}

/**
 * Replaces all targets or none: if one fails, the earlier ones are undone. Each is one rename, so that readers always find
 * every file, old or new.
 * @param backups empty folder on the same file system
 * @throws OutputError if a target is not a regular file
 */
export function replaceAll(replacements: readonly Replacement[], backups: string): void {
  for (const { target } of replacements) refuseOddPlaces(target);
  // Signals are ignored for these milliseconds: an end between two renames would leave old and new files mixed.
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

/** A link inside the output folder would redirect the write. The output folder itself may be one. */
function refuseOddPlaces(target: string): void {
  const [top, ...rest] = target.split("/");
  const places = rest.map((_, index) => join(top!, ...rest.slice(0, index + 1)));
  for (const place of places) {
    const found = lstatSync(place, { throwIfNoEntry: false });
    const wanted = place === join(target) ? "a file" : "a folder";
    if (!found || (wanted === "a file" ? found.isFile() : found.isDirectory())) continue;
    throw new OutputError(
      `${place} is ${found.isSymbolicLink() ? "a link" : found.isDirectory() ? "a folder" : "a file"} where the output needs ${wanted}; move it`,
    );
  }
}

/**
 * Runs `work` under a lock of this folder. The lock of a killed run is taken over.
 * @throws OutputError while another run holds it
 */
function withRunLock<T>(work: () => T): T {
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  writeFileSync(join(workFolder, ".gitignore"), "*\n");
  acquire();
  try {
    return work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** A hard link creates the lock together with its content, so it is never read empty. */
function acquire(): void {
  const mine = `${lockFile}.${process.pid}`;
  try {
    writeFileSync(mine, String(process.pid));
    for (;;) {
      try {
        linkSync(mine, lockFile);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        refuseWhileOwnerRuns();
        rmSync(lockFile, { force: true });
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function refuseWhileOwnerRuns(): void {
  const owner = Number(readFileSync(lockFile, "utf8"));
  // This process's own number is a leftover: in containers every run may be process 1.
  if (!Number.isInteger(owner) || owner <= 0 || owner === process.pid || !isRunning(owner)) return;
  throw new OutputError(
    `another run (process ${owner}) is writing the output; wait for it, or delete ${lockFile} if it does not exist`,
  );
}

/** Whether a process runs on this machine, under any user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
