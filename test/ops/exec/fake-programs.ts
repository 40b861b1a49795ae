import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Programs on a PATH of their own: POSIX shell scripts that note their arguments. */
export interface FakePath {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** @param script body, run with the arguments that the program was given */
  add(name: string, script: string): void;
  /** Argument lists that the programs were run with, in order; arguments are joined by a blank. */
  calls(): string[];
  remove(): void;
}

export function fakePath(): FakePath {
  const folder = mkdtempSync(join(tmpdir(), "mesh-fakes-"));
  const record = join(folder, "calls");
  writeFileSync(record, "");
  return {
    folder,
    env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder },
    add(name, script) {
      const file = join(folder, name);
      writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> '${record}'\n${script}\n`);
      chmodSync(file, 0o755);
    },
    calls: () => readFileSync(record, "utf8").split("\n").filter(Boolean),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
