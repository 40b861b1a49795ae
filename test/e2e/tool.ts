import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contexts } from "./lab";

const root = join(__dirname, "../..");

/** The suite's contexts, the primary first; set others with MESH_LAB_CONTEXTS="one two". */
export const [primary, remote] = (process.env.MESH_LAB_CONTEXTS?.split(" ") ?? contexts) as [string, string];
export const both = [primary, remote];
/** The third context, for tests that need it; set another with MESH_LAB_THIRD. */
export const third = process.env.MESH_LAB_THIRD ?? "remote1";

export const minutes = 60_000;

/** The smallest mesh of the two clusters; `more` is further YAML. */
export const meshYaml = (more = "", first = primary, second = remote) => `
clusters:
  - { name: main0, role: primary, network: network1, context: ${first} }
  - { name: remote0, network: network2, context: ${second} }
addons: { prometheus: false, kiali: false }
${more}
`;

/**
 * With MESH_LAB_SHAPE=aks the mesh has the shape that it has on clusters made by Terraform: two istiods, and two pods of
 * each gateway. The kubeconfig knows the clusters, so that Terraform is not asked for them.
 */
const inShape = (yaml: string) =>
  process.env.MESH_LAB_SHAPE === "aks" && !yaml.includes("azure:")
    ? `${yaml.replaceAll("context: ", "aks: ")}\nazure: { location: centralus, resourceGroup: rg-lab }\n`
    : yaml;

export interface Ended {
  /** Null: it was ended by a signal. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
}

export interface StartOptions {
  /** Added to the environment of the tests. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets every line of stderr. */
  readonly onLine?: (line: string, child: ChildProcess) => void;
  /** @default 280 */
  readonly seconds?: number;
}

export interface RunningTool {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The tool as users run it, in a separate folder. */
export class Tool {
  constructor(
    yaml: string,
    readonly folder = mkdtempSync(join(tmpdir(), "mesh-e2e-")),
  ) {
    copyFileSync(join(root, "build/mesh.js"), join(this.folder, "mesh.js"));
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    this.configure(yaml);
  }

  configure(yaml: string): void {
    writeFileSync(join(this.folder, "mesh.yaml"), inShape(yaml));
  }

  /** A run that has not ended after `seconds` is killed, and its `err` says so. */
  start(args: readonly string[], { env, onLine, seconds = 280 }: StartOptions = {}): RunningTool {
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
    const deadline = setTimeout(() => {
      err += `\n(killed by the test: not done within ${seconds} s)\n`;
      child.kill("SIGKILL");
    }, seconds * 1000);
    const ended = new Promise<Ended>((resolve) => {
      // Not `exit`: the last output may arrive after it.
      child.on("close", (code) => {
        clearTimeout(deadline);
        resolve({ code, out, err, seconds: Math.round((performance.now() - begun) / 1000) });
      });
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
