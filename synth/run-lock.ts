import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** For what lasts no longer than a run. It may hold keys for a moment: readable by its owner alone, never in Git. */
export const workFolder = ".mesh";

const lockFile = join(workFolder, "synth.lock");

/** Something is in the way of the output: another run, or files and folders that are not ours to touch. */
export class OutputError extends Error {
  override name = "OutputError";
}

/**
 * Calls `work` while no other run in this folder does. A lock that a killed run left behind is taken over.
 * @throws OutputError while another run has it
 */
export function withRunLock<T>(work: () => T): T {
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  writeFileSync(join(workFolder, ".gitignore"), "*\n");
  acquire();
  try {
    return work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** The lock appears with its content, by one link: nobody ever reads one that does not say whose it is. */
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
  // A number that is this process's own was another's: in containers every run may be process 1.
  if (!Number.isInteger(owner) || owner <= 0 || owner === process.pid || !isRunning(owner)) return;
  throw new OutputError(
    `another run (process ${owner}) is writing the output; wait for it, or delete ${lockFile} if there is none`,
  );
}

/** Whether a process of this machine runs, whoever it belongs to. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
