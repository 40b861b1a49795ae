import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { withCredentials } from "../ops/azure/credentials";
import { hasStack, runTerraform, type Terraform, terraformFor } from "../ops/azure/terraform";
import type { Context } from "../ops/runs/context";
import { hasSucceeded } from "../ops/runs/steps";
import { type ApplyFlags, prepareApply, runApply } from "./apply";
import { exitCode, type Output } from "./command";
import { confirm, requireAnswer } from "./confirm";
import { withContext } from "./context";
import { runVerify } from "./verify";

/** From nothing to a mesh that is proved to work: Terraform makes the clusters, apply the mesh on them, verify looks. */
export async function up(file: string, flags: ApplyFlags, output: Output): Promise<number> {
  const prepared = prepareApply(file, output);
  const { mesh, paths } = prepared.inputs;
  if (hasStack(mesh)) requireAnswer("mesh up", flags.yes ?? false);
  return withContext(flags, output, async (context) => {
    if (hasStack(mesh)) {
      const terraform = terraformFor(context.programs, mesh, paths.terraform);
      const made = await makeClusters(context, terraform, flags.yes ?? false, output);
      if (!made) return exitCode.failed;
    }
    const applied = await runApply(context, prepared, flags, output);
    if (applied !== exitCode.fine) return applied;
    const reaching = await withCredentials(context, mesh, paths.terraform, { file });
    const proof = { output: "table", wait: proofSeconds } as const;
    return runVerify(reaching, { mesh, meshFile: file }, proof, output);
  });
}

/** Proxies hear of the last changes within seconds; a cloud's load balancer may probe for a minute. */
const proofSeconds = 120;

/** @returns false when it failed or was not wanted */
async function makeClusters(
  context: Context,
  terraform: Terraform,
  yes: boolean,
  output: Output,
): Promise<boolean> {
  const init = { title: "terraform init", run: terraform.init };
  if (yes) {
    const apply = { title: "terraform apply", run: terraform.apply.bind(terraform, undefined) };
    return (await runTerraform(context, [init, apply])).every(hasSucceeded);
  }
  const file = resolve(context.workFolder, "terraform.plan");
  let planned = { changes: false, text: "" };
  const plan = {
    title: "terraform plan",
    run: async (options: Parameters<Terraform["plan"]>[1]) => {
      planned = await terraform.plan(file, options);
    },
  };
  try {
    if (!(await runTerraform(context, [init, plan])).every(hasSucceeded)) return false;
    if (!planned.changes) return true;
    output.note(planned.text);
    if (!(await confirm("Do this on Azure?"))) {
      output.note("nothing was changed");
      return false;
    }
    const apply = { title: "terraform apply", run: terraform.apply.bind(terraform, file) };
    return (await runTerraform(context, [apply])).every(hasSucceeded);
  } finally {
    // It holds what the state holds.
    rmSync(file, { force: true });
  }
}
