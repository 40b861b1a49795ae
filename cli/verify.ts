import type { CheckInputs } from "../checks/basics/world";
import { layers } from "../checks/check";
import { type ReportFormat, reportFormats } from "../checks/format/format";
import type { CheckReport } from "../checks/report";
import type { RunOptions as CheckOptions } from "../checks/run-checks";
import { verify as prove, verifyChecks, withScaling } from "../checks/verify/verify";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { meshPaths } from "../mesh/paths";
import { fileProblem, InputError, quote } from "../mesh/problem";
import { didYouMean } from "../mesh/suggest";
import { withCredentials } from "../ops/azure/credentials";
import { pause } from "../ops/programs/kubectl";
import { colours } from "../ops/runs/colours";
import type { Context } from "../ops/runs/context";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { noSample } from "./no-sample";

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

/** Proves that the mesh works. Exit code 1: a check failed. */
export async function verify(file: string, flags: VerifyFlags, output: Output): Promise<number> {
  const mesh = readMesh(file);
  const options = chosen(mesh, flags);
  if (flags.scale && !mesh.sample) throw noSample(file, "the sample is what is scaled");
  return withContext(flags, output, async (context) => {
    const reaching = await withCredentials(context, mesh, meshPaths(file).terraform);
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

/** Looks again and again while a check fails and there is time. */
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
    const first = report.results.find(({ status }) => status === "fail")!;
    const where = first.cluster ? ` of ${first.cluster}` : "";
    reporter.say(
      `not yet: ${first.id}${where}: ${first.evidence[0]} (${Math.round(gone)} of ${waitSeconds} s)`,
    );
    await pause(signal, pauseMilliseconds);
  }
}

/** @throws InputError for what is no check, no layer, or no context of the mesh */
function chosen(
  { clusters }: Mesh,
  { only, context: contexts }: Pick<VerifyFlags, "only" | "context">,
): CheckOptions {
  const checks = [...Object.keys(layers), ...verifyChecks.map(({ id }) => id)];
  const problems = [
    ...unknown("--only", only, checks, "a layer or the id of a check"),
    ...unknown(
      "--context",
      contexts,
      clusters.map(({ context }) => context),
      "a context that mesh.yaml names",
    ),
  ];
  if (problems.length > 0) throw new InputError(problems);
  return {
    ...(only && { only }),
    ...(contexts && {
      clusters: clusters.filter(({ context }) => contexts.includes(context)).map(({ name }) => name),
    }),
  };
}

function unknown(option: string, given: readonly string[] = [], known: readonly string[], what: string) {
  return given
    .filter((name) => !known.includes(name))
    .map((name) =>
      fileProblem(
        `mesh verify ${option}`,
        `${quote(name)} is given; allowed is ${what}, such as ${known.slice(0, 3).join(", ")}`,
        `${didYouMean(name, known)}docs/checks.md has all checks`,
      ),
    );
}
