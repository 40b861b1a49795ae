import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** Writes the tool into one file, for tests that run it as a process. */
export function bundleTool(outfile: string): void {
  buildSync({
    entryPoints: [join(__dirname, "../../cli/main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    outfile,
    logLevel: "error",
  });
}

/** Whether `script` of util-linux is there, which makes a terminal. */
export const hasTerminal: boolean =
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;
