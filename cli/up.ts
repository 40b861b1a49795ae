import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { readMesh } from "../mesh/load";
import {
  hasStack,
  localState,
  noChanges,
  requireStack,
  runTerraform,
  type Terraform,
  terraformFor,
} from "../ops/azure/terraform";
import { Refused } from "../ops/exec/errors";
import type { Context } from "../ops/run/context";
import { hasSucceeded } from "../ops/run/steps";
import type { Inputs } from "../synth/inputs";
import { prepareApply, runApply } from "./apply";
import { AzurePlan } from "./azure-plan";
import { exitCode, type Output } from "./command";
import { type RunOptions, required, withContext } from "./context";
import { confirm, requireAnswer } from "./terminal";
import { runVerify } from "./verify";

export interface UpFlags extends RunOptions {
  /** Change Azure without a question. */
  readonly yes?: boolean;
  readonly prune?: boolean;
  /** Clusters that Terraform may replace or destroy. */
  readonly replace?: readonly string[];
}

/** Creates the clusters with Terraform, applies the mesh and verifies it. */
export async function up(
  file: string,
  { yes = false, replace = [], ...flags }: UpFlags,
  output: Output,
): Promise<number> {
  const read = readMesh(file);
  if (replace.length > 0) requireStack("--replace", read, file);
  const state = localState(read, file, "up");
  const inputs = prepareApply(file, flags, output);
  const { mesh, paths } = inputs;
  if (hasStack(mesh)) requireAnswer("mesh up", yes);
  return withContext(flags, output, async (context) => {
    if (hasStack(mesh)) {
      if (state !== undefined) output.note(state);
      const terraform = terraformFor(context.programs, mesh, paths.terraform);
      if (!(await createClusters(context, terraform, inputs, { yes, replace }, output)))
        return exitCode.failed;
    }
    const reaching = await required(mesh, file)(context);
    const applied = await runApply(reaching, inputs, {}, output);
    if (applied !== exitCode.fine) return applied;
    const proof = { output: "text", wait: proofSeconds } as const;
    return runVerify(reaching, { mesh, meshFile: file }, proof, output);
  });
}

/** Proxies get the last changes within seconds; a cloud's load balancer may probe for a minute. */
const proofSeconds = 120;

/** @returns false when it failed, or the answer was no */
async function createClusters(
  context: Context,
  terraform: Terraform,
  { mesh, paths }: Inputs,
  { yes, replace }: { readonly yes: boolean; readonly replace: readonly string[] },
  output: Output,
): Promise<boolean> {
  const file = resolve(context.workFolder, "terraform.plan");
  let planned = noChanges;
  const init = { title: "terraform init", run: terraform.init };
  const plan = {
    title: "terraform plan",
    run: async (options: Parameters<Terraform["plan"]>[1]) => {
      planned = await terraform.plan(file, options);
    },
  };
  try {
    if (!(await runTerraform(context, [init, plan])).every(hasSucceeded)) return false;
    const changes = new AzurePlan(planned, { mesh, file: paths.mesh, replace });
    changes.requireKnownNames();
    const refusals = changes.refusals();
    if (refusals.length > 0) throw new Refused([...refusals, "nothing was changed"]);
    if (planned.changes && !yes) output.note(planned.text);
    for (const note of changes.notes()) output.note(note);
    if (!planned.changes) return true;
    if (!yes) {
      if (!(await confirm("Do this on Azure?"))) {
        output.note("nothing was changed");
        return false;
      }
    }
    const apply = { title: "terraform apply", run: terraform.apply.bind(terraform, file) };
    return (await runTerraform(context, [apply])).every(hasSucceeded);
  } finally {
    // It holds the secrets of the state.
    rmSync(file, { force: true });
  }
}
