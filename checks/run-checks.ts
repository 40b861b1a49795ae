import { setMaxListeners } from "node:events";
import type { Cluster, Mesh } from "../mesh/mesh";
import { Interrupted, ProgramFailed } from "../ops/exec/errors";
import { withAbortSignal } from "../ops/exec/limits";
import { redact } from "../ops/exec/redact";
import type { Context } from "../ops/run/context";
import {
  type Check,
  type CheckFacts,
  docsOf,
  layerOf,
  notJudged,
  problem,
  type Severity,
  type Verdict,
} from "./check";
import { type Look, needsAmong, refuseWrongNeeds, withNeeds } from "./needs";
import { type CheckReport, type CheckResult, reportOf } from "./report";

/** Longer checks are reported while they run. */
const noticeSeconds = 2;

export interface RunOptions {
  /** Ids of checks, or names of layers, to be reported. What they stand on is looked at too. @default - all */
  readonly only?: readonly string[];
  /** Names of clusters whose checks are to be reported, and no others. @default - all, and those of the mesh */
  readonly clusters?: readonly string[];
}

/**
 * Takes every look at once, and judges afterwards: what stands on something that does not hold is neither judged nor
 * waited for, so that the first broken layer is what fails, and a healthy mesh costs no more time than its slowest look.
 *
 * @param checks in the order in which they are reported
 * @param worldOf what they look at; its programs are ended with the run
 * @throws Interrupted on Ctrl-C; whatever else goes wrong is a result
 */
export async function runChecks<World>(
  checks: readonly Check<World>[],
  mesh: Mesh,
  worldOf: (context: Context) => World,
  context: Context,
  options: RunOptions = {},
): Promise<CheckReport> {
  const { reporter, signal } = context;
  const over = new AbortController();
  // One for every program that runs at the moment.
  setMaxListeners(0, over.signal);
  const world = worldOf({ ...context, programs: withAbortSignal(context.programs, over.signal) });
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  refuseWrongNeeds(checks);
  const all = checks.flatMap((check) => looksOf(check, mesh));
  const wanted = all.filter((look) => isWanted(look, options));
  const neededBy = needsAmong(all);
  const looks = withNeeds(wanted, all, neededBy);
  const open = new Set(looks);
  const notice = setInterval(
    () => reporter.say(`looking at ${nameOpen([...open])} (${Math.round(seconds())} s)`),
    noticeSeconds * 1000,
  );
  try {
    const verdicts = new Map(
      looks.map((look) => [
        look,
        verdictOf(look, world).then((verdict) => {
          open.delete(look);
          return { verdict, seconds: seconds() };
        }),
      ]),
    );
    const results = new Map<Look<World>, CheckResult>();
    const resultOf = async (look: Look<World>): Promise<CheckResult> => {
      const known = results.get(look);
      if (known) return known;
      const { check, cluster } = look;
      const needed: CheckResult[] = [];
      for (const other of neededBy(look)) needed.push(await resultOf(other));
      const blockedBy = blocker(needed);
      if (blockedBy) {
        // Not waited for: it may well hang on what has failed.
        open.delete(look);
        return keep(look, blocked(check, blockedBy, cluster, seconds()));
      }
      const { verdict, seconds: taken } = await verdicts.get(look)!;
      return keep(look, judged(check, verdict, cluster, taken));
    };
    const keep = (look: Look<World>, result: CheckResult) => {
      results.set(look, result);
      return result;
    };
    const inOrder: [Look<World>, CheckResult][] = [];
    for (const look of looks) inOrder.push([look, await resultOf(look)]);
    if (signal.aborted) throw new Interrupted();
    return reportOf(mesh.name, reported(wanted, new Map(inOrder)), seconds());
  } finally {
    clearInterval(notice);
    over.abort();
  }
}

/** Whether these options leave anything to look at. */
export const hasLooks = <World>(checks: readonly Check<World>[], mesh: Mesh, options: RunOptions) =>
  checks.flatMap((check) => looksOf(check, mesh)).some((look) => isWanted(look, options));

function looksOf<World>(check: Check<World>, mesh: Mesh): Look<World>[] {
  const { of, applies } = check;
  if (of === "mesh") return !applies || applies(mesh) ? [{ check, cluster: undefined }] : [];
  const clusters = mesh.clusters.filter((cluster) => !applies || applies(mesh, cluster));
  return clusters.map((cluster) => ({ check, cluster }));
}

function isWanted<World>({ check, cluster }: Look<World>, { only, clusters }: RunOptions): boolean {
  return (
    (!only || only.includes(check.id) || only.includes(layerOf(check))) &&
    (!clusters || (cluster !== undefined && clusters.includes(cluster.name)))
  );
}

/** What was asked for, and what keeps it from being judged. */
function reported<World>(
  wanted: readonly Look<World>[],
  results: ReadonlyMap<Look<World>, CheckResult>,
): CheckResult[] {
  const asked = new Set(wanted);
  const blockers = wanted.flatMap((look) => results.get(look)!.blockedBy ?? []);
  const isBlocker = ({ id, cluster }: CheckResult) =>
    blockers.some((blockedBy) => blockedBy.id === id && blockedBy.cluster === cluster);
  return [...results]
    .filter(([look, result]) => asked.has(look) || isBlocker(result))
    .map(([, result]) => result);
}

async function verdictOf<World>({ check, cluster }: Look<World>, world: World): Promise<Verdict> {
  try {
    return await (check.of === "mesh" ? check.look(world) : check.look(world, cluster!));
  } catch (error) {
    return couldNotLook(error as Error, check.severity);
  }
}

/** What cannot be confirmed is no all-clear where the mesh depends on it. */
export function couldNotLook(error: Error, severity: Severity): Verdict {
  const evidence = redact(error.message).trim().split("\n");
  const remedy = {
    fix: "fix the error above and run the command again",
    ...(error instanceof ProgramFailed && { commands: [error.command] }),
  };
  const seen = [`the check could not run: ${evidence[0]}`, ...evidence.slice(1)];
  return severity === "fail" ? problem(seen, remedy) : { ...notJudged("", remedy), evidence: seen };
}

type Blocker = NonNullable<CheckResult["blockedBy"]>;

/** A result, as those that wait for it name it. */
export const placeOf = ({ id, cluster }: Blocker): Blocker => ({ id, ...(cluster && { cluster }) });

const factsOf = (check: CheckFacts, cluster: Cluster | undefined, seconds: number) => ({
  id: check.id,
  layer: layerOf(check),
  severity: check.severity,
  title: check.title,
  ...(cluster && { cluster: cluster.name }),
  docs: docsOf(check),
  seconds,
});

/** What a check found, as a result. */
export function judged(
  check: CheckFacts,
  verdict: Verdict,
  cluster: Cluster | undefined,
  seconds: number,
): CheckResult {
  const status = verdict.kind === "problem" ? check.severity : verdict.kind;
  return {
    ...factsOf(check, cluster, seconds),
    status,
    evidence: verdict.evidence,
    ...(verdict.shares && { shares: verdict.shares }),
    ...(status !== "pass" && { fix: verdict.fix ?? check.fix }),
    commands: verdict.commands ?? [],
  };
}

/** A check that means nothing before another one passes. */
export function blocked(check: CheckFacts, blockedBy: Blocker, cluster?: Cluster, seconds = 0): CheckResult {
  const { id, cluster: where } = blockedBy;
  const evidence = [`${id}${where ? ` of ${where}` : ""} must pass first`];
  return { ...factsOf(check, cluster, seconds), status: "not judged", evidence, commands: [], blockedBy };
}

/** The first cause: what blocks the blocker, if anything does. */
function blocker(needed: readonly CheckResult[]): Blocker | undefined {
  const result = needed.find(({ status }) => status !== "pass" && status !== "info");
  if (!result) return undefined;
  return result.blockedBy ?? placeOf(result);
}

function nameOpen<World>(open: readonly Look<World>[]): string {
  const names = open.map(({ check, cluster }) => (cluster ? `${check.id} of ${cluster.name}` : check.id));
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
