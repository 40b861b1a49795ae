import { preflight } from "../checks/preflight";
import { meshCommand, meshPaths } from "../mesh/paths";
import { fileProblem, InputError } from "../mesh/problem";
import { type ApplyResult, apply as applyMesh } from "../ops/apply/apply";
import { dryRun } from "../ops/apply/dry-run";
import type { Phase } from "../ops/apply/phases";
import type { ApplyInputs } from "../ops/apply/run";
import { colours } from "../ops/run/colours";
import type { Context } from "../ops/run/context";
import { type Inputs, readInputs } from "../synth/inputs";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import { type RunOptions, required, withClusters } from "./context";
import { showChanges } from "./diff";
import { requireClusters } from "./options";

export interface ApplyFlags extends RunOptions {
  /** Name of the one cluster to work on. */
  readonly only?: string;
  /** Last phase to run. */
  readonly until?: Phase;
  /** Seconds for every step. */
  readonly timeout?: number;
  /** Delete what mesh.yaml no longer has. */
  readonly prune?: boolean;
  readonly dryRun?: boolean;
}

/** Writes `dist` and applies it to the clusters, or shows what that would change in them. */
export async function apply(file: string, flags: ApplyFlags, output: Output): Promise<number> {
  const inputs = prepareApply(file, flags, output);
  const work = flags.dryRun ? showDryRun : runApply;
  return withClusters(required(inputs.mesh, file), flags, output, (context) =>
    work(context, inputs, flags, output),
  );
}

/** What `apply` needs before its pre-flight checks. */
export type PreparedApply = Omit<ApplyInputs, "istioctlVersion">;

/**
 * Reads everything and writes `dist`: all that can be done, and can be wrong, before any cluster is asked.
 * @throws InputError
 */
export function prepareApply(
  file: string,
  { only, timeout, prune, dryRun }: ApplyFlags,
  output: Output,
): PreparedApply {
  const inputs = readInputs(meshPaths(file), new Date());
  refuseUnderGitOps(inputs, { "--prune": prune, "--dry-run": dryRun });
  if (only !== undefined) requireClusters("--only", [only], inputs.mesh);
  for (const warning of inputs.warnings) output.warning(warning);
  const rootCertificate = rootOf(inputs);
  synthesize(inputs);
  return { ...inputs, rootCertificate, prune, timeoutSeconds: timeout };
}

/** @throws InputError for options of what the GitOps tool does */
function refuseUnderGitOps(
  { mesh: { gitops }, paths }: Inputs,
  options: Readonly<Record<string, boolean | undefined>>,
): void {
  const given = Object.entries(options).flatMap(([option, value]) => (value ? [option] : []));
  if (!gitops || given.length === 0) return;
  throw new InputError(
    given.map((option) =>
      fileProblem(
        paths.mesh,
        `gitops is set, and ${option} is about what ${gitops.tool} applies`,
        `leave ${option} out; ${gitops.tool} shows its own differences and prunes`,
      ),
    ),
  );
}

/** @throws Refused with every pre-flight check that failed */
async function checked(context: Context, inputs: PreparedApply): Promise<ApplyInputs> {
  const istioctl = await preflight(context, { mesh: inputs.mesh, meshFile: inputs.paths.mesh });
  return { ...inputs, istioctlVersion: istioctl.text };
}

/** Runs the pre-flight checks, applies `dist` and reports the result. */
export async function runApply(
  context: Context,
  inputs: PreparedApply,
  { only, until }: ApplyFlags,
  output: Output,
): Promise<number> {
  const result = await applyMesh(context, await checked(context, inputs), { only, until });
  for (const line of summary(inputs, result)) output.result(line);
  return result.ok ? exitCode.fine : exitCode.failed;
}

async function showDryRun(
  context: Context,
  inputs: PreparedApply,
  { only }: ApplyFlags,
  output: Output,
): Promise<number> {
  const changes = await dryRun(context, await checked(context, inputs), only);
  showChanges(changes, "text", "mesh apply would change nothing", output);
  return exitCode.fine;
}

/** @throws InputError without a CA for every cluster: istiod would sign with a root of its own */
function rootOf({ mesh, ca, paths }: Inputs): string {
  const missing = mesh.clusters.filter(({ name }) => !ca?.[name]);
  if (ca && missing.length === 0) return ca[mesh.primary.name]!.rootCert;
  throw new InputError([
    fileProblem(
      paths.ca,
      `there is no CA for ${missing.map(({ name }) => name).join(", ")}, and without it each cluster would trust itself alone`,
      `run \`${meshCommand(paths.mesh, "ca")}\` first`,
    ),
  ]);
}

function summary({ mesh, paths }: Inputs, { ok, unchanged, addresses, results }: ApplyResult): string[] {
  const warnings = results.filter(({ outcome }) => outcome === "warning").length;
  if (!ok) {
    const failed = results.filter(({ outcome }) => outcome === "failed").map(({ step }) => step.id);
    return [
      colours.red(
        `not applied: ${failed.length > 0 ? failed.join(", ") : "stopped"}; fix the cause and run it again`,
      ),
    ];
  }
  const next = mesh.gitops
    ? `${meshCommand(paths.mesh, "render")}, then commit ${paths.dist} and ${paths.addresses}: ${mesh.gitops.tool} applies them`
    : meshCommand(paths.mesh, "status");
  return [
    ...mesh.clusters
      .filter(({ name }) => addresses[name])
      .map(({ name }) => `${name}: ${mesh.istio.line.gateway.name} at ${addresses[name]}`),
    `${colours.green(unchanged ? "nothing to change" : "applied")}${warnings > 0 ? `, with ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : ""}; next: ${next}`,
  ];
}
