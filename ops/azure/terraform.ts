import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { localStateName, terraformStackName } from "../../mesh/azure-names";
import type { Mesh } from "../../mesh/mesh";
import { meshCommand } from "../../mesh/paths";
import { fileProblem, InputError } from "../../mesh/problem";
import { shellQuote } from "../../mesh/shell-quote";
import { ProgramFailed } from "../exec/errors";
import { type Programs, parseJsonOutput, type RunOptions } from "../exec/programs";
import type { Context } from "../run/context";
import { runSteps, type Step, type StepResult } from "../run/steps";
import { type PlannedChange, plannedChanges } from "./planned-changes";
import { formerNames, type ShownPlan } from "./shown-plan";
import {
  changesOnlyPatches,
  patchedClusters,
  type UpgradedCluster,
  upgradedClusters,
} from "./upgraded-clusters";

/** Terraform in the folder of a mesh's stack. */
export interface Terraform {
  /**
   * Kubeconfigs of the clusters that Terraform has created, by cluster name; empty if it has not, or cannot read its
   * state. Secrets: only for the kubeconfig file.
   */
  kubeconfigs(): Promise<Readonly<Record<string, string>>>;
  init(options: RunOptions): Promise<void>;
  /** The plan contains secrets: its file is readable by its owner alone. */
  plan(file: string, options: RunOptions): Promise<Plan>;
  apply(plan: string, options: RunOptions): Promise<void>;
  destroy(options: RunOptions): Promise<void>;
}

export interface Plan {
  readonly changes: boolean;
  /** For users. */
  readonly text: string;
  /** What it does to clusters and node pools. */
  readonly effects: readonly PlannedChange[];
  /** Clusters that it would downgrade. */
  readonly upgraded: readonly UpgradedCluster[];
  /** Clusters that run a patch of the version in mesh.yaml. */
  readonly patched: readonly UpgradedCluster[];
  /** Names in the mesh at the last apply, by AKS name. */
  readonly formerNames: ReadonlyMap<string, string>;
}

const planFrom = (text: string, changes: boolean, shown: ShownPlan): Plan => ({
  changes: changes && !changesOnlyPatches(shown),
  text,
  effects: plannedChanges(shown),
  upgraded: upgradedClusters(shown),
  patched: patchedClusters(shown),
  formerNames: formerNames(shown),
});

export const noChanges: Plan = planFrom("", false, {});

/** Seconds. azurerm's own timeout for a cluster is 90 minutes. */
const deadlines = { output: 60, init: 600, plan: 600, apply: 7200 } as const;

/** For the log. */
const noColor = "-no-color";
/** Terraform must never prompt. */
const noInput = "-input=false";

/** @param folder `cdktf.out` */
export function terraformFor(programs: Programs, mesh: Mesh, folder: string): Terraform {
  const chdir = `-chdir=${stackFolder(mesh, folder)}`;
  // Terraform itself writes its state, which contains kubeconfigs, readable for everyone.
  const run = (args: readonly string[], options: RunOptions) =>
    programs.run("terraform", [chdir, ...args], { privateFiles: true, ...options });
  const show = async (plan: string): Promise<ShownPlan> => {
    const options = { deadlineSeconds: deadlines.output, secretOutput: true };
    return readJson("show -json", (await run(["show", "-json", plan], options)).stdout);
  };
  return {
    async kubeconfigs() {
      const { code, stdout } = await run(["output", noColor, "-json", "kubeconfigs"], {
        deadlineSeconds: deadlines.output,
        secretOutput: true,
        answers: [0, 1],
      });
      return code === 0 ? readJson("output -json kubeconfigs", stdout) : {};
    },
    async init(options) {
      await run(["init", noInput, noColor], { deadlineSeconds: deadlines.init, ...options });
    },
    async plan(file, options) {
      // 2: the plan has changes.
      const { code, stdout } = await run(["plan", noInput, noColor, "-detailed-exitcode", `-out=${file}`], {
        deadlineSeconds: deadlines.plan,
        answers: [0, 2],
        ...options,
      }).catch(explainProtection);
      return planFrom(stdout.trim(), code === 2, code === 2 ? await show(file) : {});
    },
    async apply(plan, options) {
      await run(["apply", noInput, noColor, plan], {
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

/** Terraform plans nothing at all where `prevent_destroy` forbids a part of it. */
function explainProtection(error: unknown): never {
  if (!(error instanceof ProgramFailed) || !error.stderr.includes("prevent_destroy")) throw error;
  throw new ProgramFailed(
    error.command,
    error.code,
    `${error.stderr}\nfix: undo the change in mesh.yaml that replaces the cluster; to lose the cluster, set preventDestroy: false for it and name it with --replace`,
  );
}

/** Errors do not quote the output: it may contain secrets. */
function readJson<T>(command: string, stdout: string): T {
  try {
    return parseJsonOutput(stdout) as T;
  } catch {
    throw new ProgramFailed(
      `terraform ${command}`,
      0,
      "its output is not JSON: a wrapper on the PATH changes it; put the real terraform first on the PATH, or set " +
        "`terraform_wrapper: false` for GitHub's setup-terraform",
    );
  }
}

/** Whether Terraform creates any cluster of the mesh. */
export const hasStack = (mesh: Mesh) => mesh.azure !== undefined && mesh.clusters.some(({ aks }) => aks);

/** @throws InputError for an option about clusters of Terraform, in a mesh without them */
export function requireStack(option: string, mesh: Mesh, file: string): void {
  if (hasStack(mesh)) return;
  throw new InputError([
    fileProblem(
      file,
      `${option} is set, and Terraform creates none of these clusters (none has \`aks\`)`,
      `leave ${option} out`,
    ),
  ]);
}

const stackFolder = ({ azure }: Mesh, folder: string) => join(folder, "stacks", terraformStackName(azure!));

/** Runs Terraform's work as steps, which show progress and elapsed time. */
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

/**
 * A sentence about where Terraform's state is, to show before it is used; undefined where a backend keeps it. Terraform
 * looks in the current folder: in another one it would start with an empty state, and Azure would refuse what exists.
 * @param command words of the command that uses it
 * @throws InputError where the state is beside mesh.yaml, and not in the current folder
 */
export function localState(mesh: Mesh, file: string, ...command: readonly string[]): string | undefined {
  if (!hasStack(mesh) || mesh.azure!.backend) return undefined;
  const name = localStateName(terraformStackName(mesh.azure!));
  const here = resolve(name);
  if (existsSync(here)) return `Terraform's state: ${here}`;
  const folder = dirname(file);
  if (!existsSync(join(folder, name)))
    return `Terraform's state: ${here}, which does not exist yet: Terraform knows of no cluster. If there are some, run this in the folder that has their state`;
  const there = file.slice(folder.length + 1);
  throw new InputError([
    fileProblem(
      file,
      `Terraform's state of this mesh is ${join(folder, name)}, and Terraform looks for it in the current folder`,
      `run it there: cd ${shellQuote(folder)} && ${meshCommand(there, ...command)}`,
    ),
  ]);
}
