import { existsSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isRunning } from "../../synth/staging";

/**
 * Writes a file atomically: readers see the old text or the new one, and a full disk keeps the old one.
 * @param mode of the new file
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  removeLeftovers(target);
  const next = `${target}.${process.pid}`;
  try {
    writeFileSync(next, text, { mode });
    renameSync(next, target);
  } finally {
    rmSync(next, { force: true });
  }
}

/** What killed runs have written beside the file and not renamed. */
function removeLeftovers(target: string): void {
  const folder = dirname(target);
  for (const name of readdirSync(folder)) {
    const [, pid] = /\.(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && name === `${basename(target)}.${pid}` && !isRunning(Number(pid)))
      rmSync(join(folder, name), { force: true });
  }
}
