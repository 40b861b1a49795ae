import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file in one move: whoever reads it sees the old text or the new one, and a full disk leaves the old one.
 * @param mode for the new file, from its first moment on
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
