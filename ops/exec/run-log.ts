import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { redact } from "./redact";

/** Everything that one run of the tool did, for troubleshooting. Secrets are redacted. */
export interface RunLog {
  /** Path to show to users; undefined without a log. */
  readonly file: string | undefined;
  write(text: string): void;
  close(): void;
}

export const noLog: RunLog = { file: undefined, write: () => {}, close: () => {} };

/**
 * The log of this run: `<folder>/<time>.log`, readable by its owner alone. A full disk ends the log, not the run.
 */
export function openRunLog(folder: string, now: Date): RunLog {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${now.toISOString().replaceAll(":", "-")}-${process.pid}.log`);
  const descriptor = openSync(file, "wx", 0o600);
  let open = true;
  const close = () => {
    if (open) closeSync(descriptor);
    open = false;
  };
  return {
    file,
    close,
    write(text) {
      if (!open) return;
      try {
        writeSync(descriptor, `${redact(text)}\n`);
      } catch {
        close();
      }
    },
  };
}
