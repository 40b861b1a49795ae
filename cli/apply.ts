import { formatAddresses } from "../mesh/addresses";
import type { Mesh } from "../mesh/mesh";
import { type MeshPaths, meshPaths } from "../mesh/paths";
import { fileProblem, InputError, quote } from "../mesh/problem";
import { didYouMean } from "../mesh/suggest";
import { type ApplyResult, apply as applyMesh } from "../ops/apply/apply";
import { dryRun } from "../ops/apply/dry-run";
import { type Phase, phases } from "../ops/apply/phases";
import { withCredentials } from "../ops/azure/credentials";
import { replaceFile } from "../ops/programs/replace-file";
import { colours } from "../ops/runs/colours";
import type { Context } from "../ops/runs/context";
import { type Inputs, readInputs } from "../synth/inputs";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { showChanges } from "./diff";

export interface ApplyFlags extends RunOptions {
  readonly only?: string;
  readonly until?: Phase;
  /** Seconds for every step. */
  readonly timeout?: number;
  /** What mesh.yaml does not want any more may be removed. */
  readonly yes?: boolean;
}

/** Writes `dist` anew and brings the clusters to it. */
export async function apply(file: string, flags: ApplyFlags, output: Output): Promise<number> {
  const prepared = prepareApply(file, output, flags);
  return withContext(flags, output, (context) => runApply(context, prepared, flags, output));
}

/** Shows what `apply` would change in the clusters. `dist` is written as by `mesh synth`. */
export async function dryRunApply(file: string, flags: RunOptions, output: Output): Promise<number> {
  const { inputs, root } = prepareApply(file, output);
  const { mesh, paths, addresses } = inputs;
  return withContext(flags, output, async (context) => {
    const changes = await dryRun(await withCredentials(context, mesh, paths.terraform), {
      mesh,
      dist: paths.dist,
      addresses,
      rootCertificate: root,
      keepAddresses: () => {},
    });
    showChanges(changes, "text", "mesh apply would change nothing", output);
    return exitCode.fine;
  });
}

/** What can be done, and can be wrong, before any cluster is asked. */
export interface PreparedApply {
  readonly inputs: Inputs;
  /** PEM text of the mesh's root certificate. */
  readonly root: string;
}

/**
 * Reads everything and writes `dist`.
 * @throws InputError also where a flag names nothing that there is
 */
export function prepareApply(file: string, output: Output, flags: ApplyFlags = {}): PreparedApply {
  const inputs = readInputs(meshPaths(file), new Date());
  refuseUnknown(flags, inputs.mesh);
  for (const warning of inputs.warnings) output.warning(warning);
  const root = rootCertificate(inputs);
  synthesize(inputs);
  return { inputs, root };
}

/** Brings the clusters to what `dist` says, and tells how it went. */
export async function runApply(
  context: Context,
  { inputs, root }: PreparedApply,
  { only, until, timeout, yes }: ApplyFlags,
  output: Output,
): Promise<number> {
  const { mesh, paths, addresses } = inputs;
  const result = await applyMesh(
    await withCredentials(context, mesh, paths.terraform),
    {
      mesh,
      dist: paths.dist,
      addresses,
      rootCertificate: root,
      keepAddresses: (found) => keepAddresses(paths, { ...inputs, addresses: found }),
      timeoutSeconds: timeout,
      remove: yes,
    },
    { only, until },
  );
  for (const line of summary(inputs, result)) output.result(line);
  return result.ok ? exitCode.fine : exitCode.failed;
}

/** A run of no step, or of no time, would end well and do nothing. */
function refuseUnknown({ only, until, timeout }: ApplyFlags, { clusters }: Mesh): void {
  const oneOf = (flag: string, word: string | undefined, known: readonly string[]) =>
    word === undefined || known.includes(word)
      ? []
      : [
          fileProblem(
            `mesh apply ${flag}`,
            `${quote(word)} is given; allowed is one of ${known.join(", ")}`,
            `${didYouMean(word, known)}name one of them, or leave ${flag} out`,
          ),
        ];
  const problems = [
    ...oneOf(
      "--only",
      only,
      clusters.map(({ name }) => name),
    ),
    ...oneOf("--until", until, phases),
    ...(timeout === undefined || timeout > 0
      ? []
      : [
          fileProblem(
            "mesh apply --timeout",
            "allowed is a number of seconds above 0",
            "leave it out for each step's own",
          ),
        ]),
  ];
  if (problems.length > 0) throw new InputError(problems);
}

/** @throws InputError without a CA for every cluster: istiod would sign with a root of its own */
function rootCertificate({ mesh, ca, paths }: Inputs): string {
  const missing = mesh.clusters.filter(({ name }) => !ca?.[name]);
  if (ca && missing.length === 0) return ca[mesh.primary.name]!.rootCert;
  throw new InputError([
    fileProblem(
      paths.ca,
      `there is no CA for ${missing.map(({ name }) => name).join(", ")}, and without it each cluster would trust itself alone`,
      "run `mesh ca` first",
    ),
  ]);
}

/** Found addresses are inputs like the others: they are kept beside `mesh.yaml`, and `dist` follows. */
function keepAddresses(paths: MeshPaths, inputs: Inputs): void {
  replaceFile(paths.addresses, formatAddresses(inputs.addresses), 0o644);
  synthesize(inputs);
}

function summary({ mesh }: Inputs, { ok, unchanged, addresses, results }: ApplyResult): string[] {
  const warnings = results.filter(({ outcome }) => outcome === "warning").length;
  if (!ok) {
    const failed = results.filter(({ outcome }) => outcome === "failed").map(({ step }) => step.id);
    return [
      colours.red(
        `not applied: ${failed.length > 0 ? failed.join(", ") : "stopped"}; run it again when the cause is gone`,
      ),
    ];
  }
  return [
    ...mesh.clusters
      .filter(({ name }) => addresses[name])
      .map(({ name }) => `${name}: ${mesh.istio.line.gateway.name} at ${addresses[name]}`),
    `${colours.green(unchanged ? "nothing to change" : "applied")}${warnings > 0 ? `, with ${warnings} warnings` : ""}; next: mesh status`,
  ];
}
