import type { CheckInputs } from "../checks/basics/world";
import { type CheckId, layerOf } from "../checks/check";
import { type ReportFormat, reportFormats } from "../checks/format/format";
import { type CheckReport, obstaclesOf } from "../checks/report";
import { type RunOptions as CheckOptions, hasLooks } from "../checks/run-checks";
import { scaleChecks } from "../checks/verify/scale";
import { verify as prove, verifyChecks, withScaling } from "../checks/verify/verify";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { didYouMean, InputError, type Problem } from "../mesh/problem";
import { pause } from "../ops/exec/timing";
import { colours } from "../ops/run/colours";
import type { Context } from "../ops/run/context";
import { exitCode, type Output } from "./command";
import { forChecks, type RunOptions, withClusters } from "./context";
import { invalidValue, requireSample, unknownValue } from "./options";

export interface VerifyFlags extends RunOptions {
  readonly output: ReportFormat;
  /** Checks or layers; @default - all */
  readonly only?: readonly string[];
  /** Kubeconfig contexts whose clusters' checks are reported. @default - all, and those of the mesh */
  readonly context?: readonly string[];
  /** Also scale the sample up and back. */
  readonly scale?: boolean;
  /** Seconds in which the mesh may become healthy. @default 0: it is checked once */
  readonly wait?: number;
}

/** Between two runs on a mesh that is not healthy yet. */
const pauseMilliseconds = 2000;

/** Verifies the mesh. Exit code 1: a check failed, or could not be judged. */
export async function verify(file: string, flags: VerifyFlags, output: Output): Promise<number> {
  const mesh = readMesh(file);
  const options = chosen(mesh, flags);
  if (flags.scale) requireSample(mesh, file, "--scale scales it");
  const { output: format, wait, scale } = flags;
  return withClusters(forChecks(mesh, file), flags, output, (context) =>
    runVerify(context, { mesh, meshFile: file }, { output: format, wait, scale, ...options }, output),
  );
}

type ProofFlags = Pick<VerifyFlags, "output" | "wait" | "scale"> & CheckOptions;

/** Runs the checks, waits for a healthy mesh if `wait` is set, and prints the report. */
export async function runVerify(
  context: Context,
  inputs: CheckInputs,
  { output: format, wait = 0, scale = false, ...options }: ProofFlags,
  output: Output,
): Promise<number> {
  const looked = await untilHealthy(() => prove(context, inputs, options), wait, context);
  const report = scale ? await withScaling(context, inputs, looked) : looked;
  output.result(reportFormats[format](report, { color: colours.isColorSupported }).trimEnd());
  return report.ok ? exitCode.fine : exitCode.failed;
}

/** Repeats the checks until the mesh is healthy or the time is up. */
async function untilHealthy(
  look: () => Promise<CheckReport>,
  waitSeconds: number,
  { reporter, signal }: Context,
): Promise<CheckReport> {
  const begun = performance.now();
  for (;;) {
    const report = await look();
    const gone = (performance.now() - begun) / 1000;
    if (report.ok || gone + pauseMilliseconds / 1000 > waitSeconds) return report;
    const first = obstaclesOf(report.results)[0]!;
    const where = first.cluster ? ` of ${first.cluster}` : "";
    reporter.say(
      `not yet: ${first.id}${where}: ${first.evidence[0]} (${Math.round(gone)} of ${waitSeconds} s)`,
    );
    await pause(signal, pauseMilliseconds);
  }
}

/** @throws InputError for an unknown check, layer or context, and for a choice without a check to run */
function chosen(
  mesh: Mesh,
  { only, context: contexts }: Pick<VerifyFlags, "only" | "context">,
): CheckOptions {
  const unknown = [
    ...(only ?? []).filter((name) => !names.includes(name)).map(unknownCheck),
    ...(contexts ?? []).flatMap((name) => unknownContext(name, mesh)),
  ];
  if (unknown.length > 0) throw new InputError(unknown);
  const clusters =
    contexts && mesh.clusters.filter(({ context }) => contexts.includes(context)).map(({ name }) => name);
  // A name without a check to run would pass, beside others that were checked.
  const empty = (only ?? []).flatMap((name) => withoutCheck(name, mesh, clusters) ?? []);
  if (empty.length > 0) throw new InputError(empty);
  return { ...(only && { only }), ...(clusters && { clusters }) };
}

const verifyLayers = [...new Set(verifyChecks.map(layerOf))];
const names: readonly string[] = [...verifyLayers, ...verifyChecks.map(({ id }) => id)];

function unknownCheck(name: string): Problem {
  const isScaling = scaleChecks.some((check) => [check.id, layerOf(check)].includes(name as CheckId));
  return invalidValue(
    "--only",
    name,
    `a layer or the id of a check: ${verifyLayers.join(", ")}`,
    isScaling
      ? "use --scale instead"
      : `${didYouMean(name, names)}docs/checks.md lists all checks, and the command that runs each`,
  );
}

function unknownContext(name: string, { clusters }: Mesh): Problem[] {
  const contexts = clusters.map(({ context }) => context);
  if (contexts.includes(name)) return [];
  const ofThatName = clusters.find((cluster) => cluster.name === name)?.context;
  const shown = clusters.map(({ name, context }) => (context === name ? context : `${context} (${name})`));
  return [unknownValue("--context", name, shown, didYouMean(ofThatName ?? name, contexts))];
}

/** The problem of a layer or a check of which nothing would run. */
function withoutCheck(
  name: string,
  mesh: Mesh,
  clusters: readonly string[] | undefined,
): Problem | undefined {
  const only = [name];
  if (hasLooks(verifyChecks, mesh, { only, ...(clusters && { clusters }) })) return undefined;
  if (!hasLooks(verifyChecks, mesh, { only }))
    return invalidValue(
      "--only",
      name,
      "a layer or a check that applies to this mesh",
      "leave it out; docs/checks.md says what it checks",
    );
  return invalidValue(
    "--only",
    name,
    `a check of ${clusters!.join(", ")} alone, because --context is set`,
    "leave --context out: this one checks the mesh as a whole, or other clusters",
  );
}
