import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildSync } from "esbuild";
import type { FakePath } from "../ops/exec/fake-programs";

/**
 * Writes the tool into one file, for tests that run it as a process. Keys of its CAs have 2048 bits: 4096 take seconds,
 * and are tested in test/ca/generate.test.ts.
 */
export function bundleTool(outfile: string): void {
  buildSync({
    entryPoints: [join(__dirname, "../../cli/main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    outfile,
    // Only mesh.extend.ts needs it, and then from node_modules.
    external: ["jiti"],
    logLevel: "error",
  });
  const code = readFileSync(outfile, "utf8");
  const smallKeys = code.replace("keyBits = 4096", "keyBits = 2048");
  if (smallKeys === code) throw new Error("ca/generate.ts has no default of 4096 bits");
  writeFileSync(outfile, smallKeys);
}

/** The tool as one file, for all tests of a `describe` or a file. */
export function bundledTool(): { readonly file: string } {
  const tool = { file: "" };
  beforeAll(() => {
    tool.file = join(mkdtempSync(join(tmpdir(), "mesh-bundle-")), "mesh.js");
    bundleTool(tool.file);
  });
  afterAll(() => rmSync(join(tool.file, ".."), { recursive: true }));
  return tool;
}

/** Whether `script` of util-linux, which creates a terminal, is installed. */
export const hasTerminal: boolean =
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries++) await sleep(50);
  expect(condition()).toBe(true);
}

/** Processes that still run after a run, found by the PATH in their environment. */
export const processesOf = ({ folder }: FakePath): string[] =>
  spawnSync("ps", ["axeww", "-o", "command"], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((line) => line.includes(folder) && !line.startsWith("ps "));

export const expectNothingLeft = (path: FakePath) => until(() => processesOf(path).length === 0);
