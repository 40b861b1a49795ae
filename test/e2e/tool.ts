import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contexts } from "./lab";

/** The suite's clusters, the primary first; others by MESH_LAB_CONTEXTS="one two". */
export const [primary, remote] = (process.env.MESH_LAB_CONTEXTS?.split(" ") ?? contexts) as [string, string];
export const both = [primary, remote];
/** One more for the tests that need three; another one by MESH_LAB_THIRD. */
export const third = process.env.MESH_LAB_THIRD ?? "remote1";

export const minutes = 60_000;

/** A mesh over the two clusters, as small as it gets; `more` is further YAML. */
export const meshYaml = (more = "", first = primary, second = remote) => `
clusters:
  - { name: main0, role: primary, network: network1, context: ${first} }
  - { name: remote0, network: network2, context: ${second} }
addons: { prometheus: false, kiali: false }
${more}
`;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
}

export interface RunningTool {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The tool as people run it: one file, in a folder of its own. */
export class Tool {
  readonly folder = mkdtempSync(join(tmpdir(), "mesh-e2e-"));

  constructor(yaml: string) {
    copyFileSync(join(__dirname, "../../build/mesh.js"), join(this.folder, "mesh.js"));
    this.configure(yaml);
  }

  configure(yaml: string): void {
    writeFileSync(join(this.folder, "mesh.yaml"), yaml);
  }

  /** @param onLine gets every line of what is told about the run */
  start(
    args: readonly string[],
    { env, onLine }: { env?: NodeJS.ProcessEnv; onLine?: (line: string, child: ChildProcess) => void } = {},
  ): RunningTool {
    const begun = performance.now();
    const child = spawn(process.execPath, [join(this.folder, "mesh.js"), ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: "1", ...env },
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    let rest = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) onLine?.(line, child);
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on("exit", (code) =>
        resolve({ code, out, err, seconds: Math.round((performance.now() - begun) / 1000) }),
      );
    });
    return { child, ended };
  }

  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
    return this.start(args, { env }).ended;
  }

  /** The same, where a failure is a failure of the test. */
  async must(args: readonly string[]): Promise<Ended> {
    const ended = await this.run(args);
    if (ended.code !== 0)
      throw new Error(`mesh ${args.join(" ")} ended with ${ended.code}\n${ended.out}${ended.err}`);
    return ended;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
