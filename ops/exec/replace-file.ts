import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file atomically: readers see the old text or the new one, and a full disk keeps the old one.
 * @param mode of the new file
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const next = `${target}.${process.pid}`;
  try {
    writeFileSync(next, text, { mode });
    renameSync(next, target);
  } finally {
    rmSync(next, { force: true });
  }
}
