import { remoteSecretName } from "../k8s/istio-names";
import { formatAddresses } from "../mesh/addresses";
import type { Mesh } from "../mesh/mesh";
import { type MeshPaths, meshCommand, meshPaths } from "../mesh/paths";
import { fileProblem, InputError, type Problem, quote } from "../mesh/problem";
import { didYouMean } from "../mesh/suggest";
import { type ApplyResult, apply as applyMesh } from "../ops/apply/apply";
import { dryRun } from "../ops/apply/dry-run";
import { type Phase, phases } from "../ops/apply/phases";
import { withCredentials } from "../ops/azure/credentials";
import { inventoryName } from "../ops/clusters/inventory";
import { replaceFile } from "../ops/exec/replace-file";
import { colours } from "../ops/run/colours";
import type { Context } from "../ops/run/context";
import type { ResourceChange } from "../synth/diff";
import { type Inputs, readInputs } from "../synth/inputs";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { showChanges } from "./diff";
import { longestSeconds } from "./duration";

/** As they stand on the command line. */
export interface ApplyFlags extends RunOptions {
  readonly only?: string;
  readonly until?: string;
  /** Seconds for every step. */
  readonly timeout?: string;
  /** What mesh.yaml does not want any more may be removed. */
  readonly yes?: boolean;
}

/** Writes `dist` anew and brings the clusters to it. */
export async function apply(file: string, flags: ApplyFlags, output: Output): Promise<number> {
  const prepared = prepareApply(file, output, flags);
  return withContext(flags, output, (context) => runApply(context, prepared, flags, output));
}

/**
 * Shows what `apply` would change in the clusters, or in the one that `only` names. `dist` is written as by `mesh synth`.
 */
export async function dryRunApply(file: string, flags: ApplyFlags, output: Output): Promise<number> {
  const { inputs, root, chosen } = prepareApply(file, output, flags, ["until", "timeout"]);
  const { mesh, paths, addresses } = inputs;
  return withContext(flags, output, async (context) => {
    const changes = await dryRun(
      await withCredentials(context, mesh, paths.terraform, { file: paths.mesh }),
      {
        mesh,
        dist: paths.dist,
        addresses,
        rootCertificate: root,
        keepAddresses: () => {},
      },
    );
    const shown = chosen.only === undefined ? changes : changesOf(chosen.only, mesh, changes);
    showChanges(shown, "text", "mesh apply would change nothing", output);
    return exitCode.fine;
  });
}

/**
 * What the steps of one cluster change. A remote's own step puts its secret into the primary, whose inventory names it
 * then; what has left the mesh is taken away by the primary's.
 */
function changesOf(only: string, mesh: Mesh, changes: readonly ResourceChange[]): readonly ResourceChange[] {
  const names = mesh.clusters.map(({ name }) => name);
  const stepsOwner = ({ scope, resource }: ResourceChange) =>
    mesh.remotes.find(({ name }) => resource.endsWith(`/${remoteSecretName(name)}`))?.name ??
    (names.includes(scope) ? scope : mesh.primary.name);
  const isInventory = ({ resource }: ResourceChange) => resource.endsWith(`/${inventoryName}`);
  return changes.filter((change) => stepsOwner(change) === only || isInventory(change));
}

/** What can be done, and can be wrong, before any cluster is asked. */
export interface PreparedApply {
  readonly inputs: Inputs;
  /** PEM text of the mesh's root certificate. */
  readonly root: string;
  readonly chosen: Chosen;
}

interface Chosen {
  readonly only: string | undefined;
  readonly until: Phase | undefined;
  /** Seconds for every step. @default - each step's own */
  readonly timeout: number | undefined;
}

/**
 * Reads everything and writes `dist`.
 * @param senseless flags that say nothing about what is to be done
 * @throws InputError also where a flag names nothing that there is
 */
export function prepareApply(
  file: string,
  output: Output,
  flags: ApplyFlags = {},
  senseless: readonly ("until" | "timeout")[] = [],
): PreparedApply {
  const inputs = readInputs(meshPaths(file), new Date());
  const chosen = readFlags(flags, inputs.mesh, senseless);
  for (const warning of inputs.warnings) output.warning(warning);
  const root = rootCertificate(inputs);
  synthesize(inputs);
  return { inputs, root, chosen };
}

/** Brings the clusters to what `dist` says, and tells how it went. */
export async function runApply(
  context: Context,
  { inputs, root, chosen }: PreparedApply,
  { yes }: ApplyFlags,
  output: Output,
): Promise<number> {
  const { mesh, paths, addresses } = inputs;
  const { only, until, timeout } = chosen;
  const result = await applyMesh(
    await withCredentials(context, mesh, paths.terraform, { file: paths.mesh }),
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

/**
 * A run of no step, or of no time, would end well and do nothing.
 * @throws InputError with everything that is not allowed
 */
function readFlags(
  { only, until, timeout }: ApplyFlags,
  { clusters }: Mesh,
  senseless: readonly ("until" | "timeout")[],
): Chosen {
  const problems: Problem[] = [];
  const refuse = (flag: string, message: string, fix: string) =>
    problems.push(fileProblem(`mesh apply ${flag}`, message, fix));
  const oneOf = (flag: string, word: string | undefined, known: readonly string[]) => {
    if (word !== undefined && !known.includes(word))
      refuse(
        flag,
        `${quote(word)} is given; allowed is one of ${known.join(", ")}`,
        `${didYouMean(word, known)}name one of them, or leave ${flag} out`,
      );
  };
  oneOf(
    "--only",
    only,
    clusters.map(({ name }) => name),
  );
  oneOf("--until", until, phases);
  const seconds = timeout === undefined ? undefined : Number(/^\d+(\.\d+)?$/.exec(timeout)?.[0] ?? 0);
  if (seconds !== undefined && (seconds <= 0 || seconds > longestSeconds))
    refuse(
      "--timeout",
      `${quote(timeout!)} is given; allowed is a number of seconds above 0, ${longestSeconds} at most`,
      "leave it out for each step's own",
    );
  for (const flag of senseless)
    if ({ until, timeout }[flag] !== undefined)
      refuse(
        `--${flag}`,
        "is given with --dry-run, which shows all changes and takes no step",
        `leave --${flag} out`,
      );
  if (problems.length > 0) throw new InputError(problems);
  return { only, until: until as Phase | undefined, timeout: seconds };
}

/** @throws InputError without a CA for every cluster: istiod would sign with a root of its own */
function rootCertificate({ mesh, ca, paths }: Inputs): string {
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

/** Found addresses are inputs like the others: they are kept beside `mesh.yaml`, and `dist` follows. */
function keepAddresses(paths: MeshPaths, inputs: Inputs): void {
  replaceFile(paths.addresses, formatAddresses(inputs.addresses), 0o644);
  synthesize(inputs);
}

function summary({ mesh, paths }: Inputs, { ok, unchanged, addresses, results }: ApplyResult): string[] {
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
    `${colours.green(unchanged ? "nothing to change" : "applied")}${warnings > 0 ? `, with ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : ""}; next: ${meshCommand(paths.mesh, "status")}`,
  ];
}
