import { join } from "node:path";
import { terraformStackName } from "../../mesh/azure-names";
import type { Mesh } from "../../mesh/mesh";
import { jsonIn } from "../programs/json-in";
import { ProgramFailed, type Programs, type RunOptions } from "../programs/programs";
import type { Context } from "../runs/context";
import { runSteps, type Step, type StepResult } from "../runs/steps";

/** Terraform in the folder of a mesh's stack. */
export interface Terraform {
  /**
   * Kubeconfigs of the clusters that Terraform has made, by their name in the mesh; none where it has not, or cannot
   * read its state. Secrets: for the kubeconfig alone.
   */
  kubeconfigs(): Promise<Readonly<Record<string, string>>>;
  init(options: RunOptions): Promise<void>;
  /** What an apply would do, for people to read. The plan holds secrets: its file is readable by its owner alone. */
  plan(file: string, options: RunOptions): Promise<{ readonly changes: boolean; readonly text: string }>;
  /** Without a plan's file it plans by itself, and does not ask. */
  apply(plan: string | undefined, options: RunOptions): Promise<void>;
  /** Does not ask. */
  destroy(options: RunOptions): Promise<void>;
}

/** Seconds. azurerm itself gives up on a cluster after 90 minutes. */
const deadlines = { output: 60, init: 600, plan: 600, apply: 7200 } as const;

/** For the log. */
const noColor = "-no-color";
/** It must never wait for an answer that nobody sees. */
const noInput = "-input=false";

/** @param folder `cdktf.out` */
export function terraformFor(programs: Programs, mesh: Mesh, folder: string): Terraform {
  const chdir = `-chdir=${stackFolder(mesh, folder)}`;
  // Terraform writes its state, and the kubeconfigs in it, readable for everyone.
  const run = (args: readonly string[], options: RunOptions) =>
    programs.run("terraform", [chdir, ...args], { privateFiles: true, ...options });
  return {
    async kubeconfigs() {
      const { code, stdout } = await run(["output", noColor, "-json", "kubeconfigs"], {
        deadlineSeconds: deadlines.output,
        secretOutput: true,
        answers: [0, 1],
      });
      return code === 0 ? readKubeconfigs(stdout) : {};
    },
    async init(options) {
      await run(["init", noInput, noColor], { deadlineSeconds: deadlines.init, ...options });
    },
    async plan(file, options) {
      // 2: there is something to do.
      const { code, stdout } = await run(["plan", noInput, noColor, "-detailed-exitcode", `-out=${file}`], {
        deadlineSeconds: deadlines.plan,
        answers: [0, 2],
        ...options,
      });
      return { changes: code === 2, text: stdout.trim() };
    },
    async apply(plan, options) {
      await run(["apply", noInput, noColor, plan ?? "-auto-approve"], {
        deadlineSeconds: deadlines.apply,
        ...options,
      });
    },
    async destroy(options) {
      await run(["destroy", noInput, noColor, "-auto-approve"], {
        deadlineSeconds: deadlines.apply,
        ...options,
      });
    },
  };
}

/** Its words are not shown: they may be secrets. */
function readKubeconfigs(stdout: string): Readonly<Record<string, string>> {
  try {
    return jsonIn(stdout) as Readonly<Record<string, string>>;
  } catch {
    throw new ProgramFailed(
      "terraform output -json kubeconfigs",
      0,
      "its output is no JSON: a wrapper on the PATH changes it; put the real terraform first on the PATH, or set " +
        "`terraform_wrapper: false` for GitHub's setup-terraform",
    );
  }
}

/** Whether Terraform makes anything of the mesh. */
export const hasStack = (mesh: Mesh) => mesh.azure !== undefined && mesh.clusters.some(({ aks }) => aks);

const stackFolder = ({ azure }: Mesh, folder: string) => join(folder, "stacks", terraformStackName(azure!));

/** Runs Terraform's work as steps, so that people see what it is at and for how long. */
export function runTerraform(
  { reporter, signal }: Context,
  works: readonly { readonly title: string; readonly run: (options: RunOptions) => Promise<void> }[],
): Promise<readonly StepResult[]> {
  const steps = works.map(
    ({ title, run }, index): Step => ({
      id: `azure/${title}`,
      cluster: "azure",
      phase: "terraform",
      title,
      needs: index === 0 ? [] : [`azure/${works[index - 1]!.title}`],
      deadlineSeconds: deadlines.apply,
      async run({ signal: stepSignal, note }) {
        await run({ signal: stepSignal, onOutput: (chunk) => note(lastLine(chunk)) });
        return "changed";
      },
    }),
  );
  return runSteps(steps, reporter, signal);
}

const lastLine = (chunk: string) => chunk.trim().split("\n").at(-1)!.trim();
