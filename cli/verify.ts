import type { CheckInputs } from "../checks/basics/world";
import { type CheckId, layerOf } from "../checks/check";
import { type ReportFormat, reportFormats } from "../checks/format/format";
import { type CheckReport, obstaclesOf } from "../checks/report";
import { type RunOptions as CheckOptions, hasLooks } from "../checks/run-checks";
import { scaleChecks } from "../checks/verify/scale";
import { verify as prove, verifyChecks, withScaling } from "../checks/verify/verify";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, InputError, type Problem, quote } from "../mesh/problem";
import { didYouMean } from "../mesh/suggest";
import { pause } from "../ops/exec/timing";
import { colours } from "../ops/run/colours";
import type { Context } from "../ops/run/context";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { noSample } from "./no-sample";
import { reachingForChecks } from "./reaching";

export interface VerifyFlags extends RunOptions {
  readonly output: ReportFormat;
  /** Checks or layers; @default - all */
  readonly only?: readonly string[];
  /** Kubeconfig contexts whose clusters' checks are reported. @default - all, and those of the mesh */
  readonly context?: readonly string[];
  /** Also scale the sample up and back. */
  readonly scale?: boolean;
  /** Seconds within which the mesh may become healthy. @default 0: it is looked at once */
  readonly wait?: number;
}

/** Between two looks at a mesh that is not healthy yet. */
const pauseMilliseconds = 2000;

/** Proves that the mesh works. Exit code 1: it is not proved. */
export async function verify(file: string, flags: VerifyFlags, output: Output): Promise<number> {
  const mesh = readMesh(file);
  const options = chosen(mesh, flags);
  if (flags.scale && !mesh.sample) throw noSample(file, "the sample is what is scaled");
  return withContext(flags, output, async (context) => {
    const reaching = await reachingForChecks(context, mesh, file);
    const { output: format, wait, scale } = flags;
    return runVerify(reaching, { mesh, meshFile: file }, { output: format, wait, scale, ...options }, output);
  });
}

type ProofFlags = Pick<VerifyFlags, "output" | "wait" | "scale"> & CheckOptions;

/** Looks, waits where that is wanted, and tells what was found. */
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

/** Looks again and again while the mesh is not proved and there is time. */
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

/** @throws InputError for what is no check, no layer, or no context of the mesh, and for what leaves nothing to look at */
function chosen(
  mesh: Mesh,
  { only, context: contexts }: Pick<VerifyFlags, "only" | "context">,
): CheckOptions {
  const unknown = [
    ...(only ?? []).filter((name) => !names.includes(name)).map(noCheck),
    ...(contexts ?? [])
      .filter((name) => !mesh.clusters.some(({ context }) => context === name))
      .map((name) => noContext(name, mesh)),
  ];
  if (unknown.length > 0) throw new InputError(unknown);
  const clusters =
    contexts && mesh.clusters.filter(({ context }) => contexts.includes(context)).map(({ name }) => name);
  // One name without anything to look at would be an all-clear for it, beside others that were looked at.
  const empty = (only ?? []).flatMap((name) => whyNothing(name, mesh, clusters) ?? []);
  if (empty.length > 0) throw new InputError(empty);
  return { ...(only && { only }), ...(clusters && { clusters }) };
}

const verifyLayers = [...new Set(verifyChecks.map(layerOf))];
const names: readonly string[] = [...verifyLayers, ...verifyChecks.map(({ id }) => id)];

function noCheck(name: string): Problem {
  const scaling = scaleChecks.some((check) => [check.id, layerOf(check)].includes(name as CheckId));
  return fileProblem(
    "mesh verify --only",
    `${quote(name)} is given; allowed is a layer or the id of a check of verify: ${verifyLayers.join(", ")}`,
    scaling
      ? "leave it out, and give --scale"
      : `${didYouMean(name, names)}docs/checks.md has all checks, and which command makes them`,
  );
}

const noContext = (name: string, { clusters }: Mesh) => {
  const known = clusters.map(({ context }) => context);
  const ofThatName = clusters.find((cluster) => cluster.name === name);
  const shown = clusters.map((cluster) =>
    cluster.context === cluster.name ? cluster.context : `${cluster.context} (${cluster.name})`,
  );
  return fileProblem(
    "mesh verify --context",
    `${quote(name)} is given; allowed is a context that mesh.yaml names: ${shown.slice(0, 10).join(", ")}`,
    `${ofThatName ? `did you mean ${quote(ofThatName.context)}? ` : didYouMean(name, known)}name one of them, or leave --context out for all`,
  );
};

/** Why nothing would be looked at for a layer or a check; undefined: something would. */
function whyNothing(name: string, mesh: Mesh, clusters: readonly string[] | undefined): Problem | undefined {
  const only = [name];
  if (hasLooks(verifyChecks, mesh, { only, ...(clusters && { clusters }) })) return undefined;
  if (!hasLooks(verifyChecks, mesh, { only })) {
    return fileProblem(
      "mesh verify --only",
      `${quote(name)} is given, and mesh.yaml describes a mesh that it does not apply to: there is nothing to look at`,
      "leave it out; docs/checks.md says what it is about",
    );
  }
  return fileProblem(
    "mesh verify --only",
    `${quote(name)} is given with --context; no check of it is of ${clusters!.join(", ")} alone`,
    "leave --context out: it is about the mesh as a whole, or about other clusters",
  );
}
