import { rmSync } from "node:fs";
import { join } from "node:path";
import { istioNamespace } from "../k8s/istio-names";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { meshPaths } from "../mesh/paths";
import { fileProblem, InputError } from "../mesh/problem";
import { CredentialsError, kubeconfigName } from "../ops/azure/credentials";
import { localState, requireStack, runTerraform, terraformFor } from "../ops/azure/terraform";
import { destroy as destroyMesh } from "../ops/destroy/destroy";
import { colours } from "../ops/run/colours";
import type { Context } from "../ops/run/context";
import { hasSucceeded, type StepResult } from "../ops/run/steps";
import { loadExtension } from "../synth/extension";
import { makeMeshApp } from "../synth/mesh-app";
import { exitCode, type Output } from "./command";
import { type RunOptions, required, withContext } from "./context";
import { confirm, requireAnswer } from "./terminal";

export interface DestroyFlags extends RunOptions {
  readonly yes?: boolean;
  readonly crds?: boolean;
  readonly infra?: boolean;
}

/** Uninstalls the mesh from all clusters and, with `infra`, deletes the clusters. */
export async function destroy(file: string, flags: DestroyFlags, output: Output): Promise<number> {
  const { yes = false, crds = false, infra = false } = flags;
  const mesh = readMesh(file);
  const paths = meshPaths(file);
  // Before anything is removed: Terraform needs it in the end.
  const extension = infra ? loadExtension(paths.extension) : undefined;
  if (infra) requireStack("--infra", mesh, file);
  if (infra) refuseProtected(mesh, file);
  const state = infra ? localState(mesh, file, "destroy", "--infra") : undefined;
  requireAnswer("mesh destroy", yes);
  if (mesh.gitops)
    output.warning(
      `${mesh.gitops.tool} applies the mesh again unless you stop it first: docs/gitops.md, "Take it down"`,
    );
  if (state !== undefined) output.note(state);
  if (!yes) {
    for (const line of whatGoes(mesh, { crds, infra })) output.note(line);
    if (!(await confirm("Remove all of this?"))) {
      output.note("nothing was removed");
      return exitCode.failed;
    }
  }
  return withContext(flags, output, async (context) => {
    const results = await destroyMeshIfThere(context, mesh, file, { crds, infra });
    if (!results.every(hasSucceeded)) return tell(results, output);
    if (!infra) {
      rmSync(paths.addresses, { force: true });
      return tell(results, output);
    }
    makeMeshApp({ mesh, extension }, paths).writeTerraform();
    const { init, destroy } = terraformFor(context.programs, mesh, paths.terraform);
    const ended = await runTerraform(context, [
      { title: "terraform init", run: init },
      { title: "terraform destroy", run: destroy },
    ]);
    if (ended.every(hasSucceeded)) {
      for (const gone of [paths.addresses, join(context.workFolder, kubeconfigName)])
        rmSync(gone, { force: true });
    }
    return tell([...results, ...ended], output);
  });
}

/** Clusters that Terraform has deleted or never created hold nothing to uninstall. */
async function destroyMeshIfThere(
  context: Context,
  mesh: Mesh,
  file: string,
  { crds, infra }: { crds: boolean; infra: boolean },
): Promise<readonly StepResult[]> {
  try {
    return (await destroyMesh(await required(mesh, file)(context), mesh, { crds })).results;
  } catch (error) {
    const areAllOfTerraform = mesh.clusters.every(({ aks }) => aks);
    if (!(error instanceof CredentialsError) || !infra || !areAllOfTerraform) throw error;
    context.reporter.say(
      "no credentials for the clusters: Terraform has deleted them, or never created them",
    );
    return [];
  }
}

function whatGoes(mesh: Mesh, { crds, infra }: { crds: boolean; infra: boolean }): string[] {
  const clusters = mesh.clusters.map(({ name, context }) => `${name} (context ${context})`).join(", ");
  return [
    `from ${clusters}:`,
    "  - the primary's access to the remotes, and the load balancers of the gateways with their addresses",
    `  - Istio and everything else in the namespace ${istioNamespace}`,
    ...(mesh.sample ? [`  - the sample, and everything else in the namespace ${mesh.sample.namespace}`] : []),
    "  (a namespace that existed before the mesh stays, with everything in it that is not the mesh's)",
    crds
      ? "  - Istio's CRDs, and with them every Istio resource in these clusters, also those of others"
      : "  - Istio's CRDs and Istio resources in other namespaces stay (--crds removes them)",
    ...(infra
      ? [
          `from Azure: the AKS clusters ${mesh.clusters.flatMap(({ aks }) => aks?.name ?? []).join(", ")} with all that runs on them, ` +
            `and ${madeGroups(mesh)}`,
        ]
      : []),
  ];
}

/** Resource groups that exist already stay. */
function madeGroups({ azure, clusters }: Mesh): string {
  const groups = [azure!.resourceGroup, ...clusters.flatMap(({ aks }) => aks?.resourceGroup ?? [])];
  const names = [...new Set(groups.filter(({ existing }) => !existing).map(({ name }) => name))];
  return names.length === 0
    ? "no resource group, since they exist already"
    : `the resource group${names.length > 1 ? "s" : ""} ${names.join(", ")}`;
}

function refuseProtected({ clusters }: Mesh, file: string): void {
  const names = clusters.filter(({ aks }) => aks?.preventDestroy).map(({ name }) => name);
  if (names.length === 0) return;
  throw new InputError([
    fileProblem(
      file,
      `preventDestroy protects ${names.join(", ")}`,
      "set preventDestroy: false in the azure section and in each cluster that sets it, and run it again; Terraform removes the locks of managementLock before the clusters",
    ),
  ]);
}

function tell(results: readonly StepResult[], output: Output): number {
  const open = results.filter((result) => !hasSucceeded(result)).map(({ step }) => step.id);
  if (open.length > 0) {
    output.result(colours.red(`not destroyed: ${open.join(", ")}; fix the cause and run it again`));
    return exitCode.failed;
  }
  const changed = results.some(({ outcome }) => outcome === "changed");
  output.result(colours.green(changed ? "destroyed" : "nothing to remove"));
  return exitCode.fine;
}
