import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { withCredentials } from "../ops/azure/credentials";
import { hasStack, type Plan, runTerraform, type Terraform, terraformFor } from "../ops/azure/terraform";
import type { UpgradedCluster } from "../ops/azure/upgraded-clusters";
import { Refused } from "../ops/exec/errors";
import type { Context } from "../ops/run/context";
import { hasSucceeded } from "../ops/run/steps";
import type { Inputs } from "../synth/inputs";
import { type ApplyFlags, prepareApply, runApply } from "./apply";
import { exitCode, type Output } from "./command";
import { confirm, requireAnswer } from "./confirm";
import { withContext } from "./context";
import { localState } from "./local-state";
import { runVerify } from "./verify";

/** From nothing to a mesh that is proved to work: Terraform makes the clusters, apply the mesh on them, verify looks. */
export async function up(file: string, flags: ApplyFlags, output: Output): Promise<number> {
  const state = localState(readMesh(file), file, "up");
  const prepared = prepareApply(file, output);
  const { mesh, paths } = prepared.inputs;
  if (hasStack(mesh)) requireAnswer("mesh up", flags.yes ?? false);
  return withContext(flags, output, async (context) => {
    if (hasStack(mesh)) {
      if (state !== undefined) output.note(state);
      const terraform = terraformFor(context.programs, mesh, paths.terraform);
      const made = await makeClusters(context, terraform, prepared.inputs, flags.yes ?? false, output);
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
  { mesh, paths }: Inputs,
  yes: boolean,
  output: Output,
): Promise<boolean> {
  const file = resolve(context.workFolder, "terraform.plan");
  let planned: Plan = { changes: false, text: "", upgraded: [] };
  const init = { title: "terraform init", run: terraform.init };
  const plan = {
    title: "terraform plan",
    run: async (options: Parameters<Terraform["plan"]>[1]) => {
      planned = await terraform.plan(file, options);
    },
  };
  try {
    if (!(await runTerraform(context, [init, plan])).every(hasSucceeded)) return false;
    if (!planned.changes) return true;
    if (planned.upgraded.length > 0) throw new Refused(upgradedPast(mesh, paths.mesh, planned.upgraded));
    if (!yes) {
      output.note(planned.text);
      if (!(await confirm("Do this on Azure?"))) {
        output.note("nothing was changed");
        return false;
      }
    }
    const apply = { title: "terraform apply", run: terraform.apply.bind(terraform, file) };
    return (await runTerraform(context, [apply])).every(hasSucceeded);
  } finally {
    // It holds what the state holds.
    rmSync(file, { force: true });
  }
}

function upgradedPast({ clusters }: Mesh, file: string, upgraded: readonly UpgradedCluster[]): string[] {
  const nameOf = (aks: string) => clusters.find((cluster) => cluster.aks?.name === aks)?.name ?? aks;
  return [
    ...upgraded.map(
      ({ aks, runs, wanted }) =>
        `${nameOf(aks)} (AKS ${aks}) runs Kubernetes ${runs}, ahead of ${wanted} in ${file}: it was upgraded on Azure, and AKS does not go back\n` +
        `  fix: write kubernetesVersion: ${runs} for ${nameOf(aks)} into ${file}, under clusters or under azure`,
    ),
    "nothing was changed",
  ];
}
