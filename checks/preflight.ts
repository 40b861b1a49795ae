import type { Version } from "../mesh/versions";
import { Refused } from "../ops/exec/errors";
import { withParallelLimit } from "../ops/exec/limits";
import type { Context } from "../ops/run/context";
import { clusterChecks } from "./basics/clusters";
import { placeChecks } from "./basics/place";
import { programChecks } from "./basics/programs";
import { reachableChecks } from "./basics/reachable";
import { readingChecks, rightsToRead } from "./basics/rights";
import { versionChecks } from "./basics/versions";
import { type CheckInputs, type World, worldOf } from "./basics/world";
import type { Check } from "./check";
import { failureText } from "./report";
import { runChecks } from "./run-checks";

/** Apply waits for namespaces that are Terminating. */
const waitedFor = "clusters.terminating";

/** What must hold before a command changes a cluster. */
export const preflightChecks: readonly Check<World>[] = [
  ...programChecks,
  ...reachableChecks,
  ...versionChecks,
  ...readingChecks,
  ...clusterChecks,
  ...placeChecks,
].filter(({ id, severity }) => severity === "fail" && id !== waitedFor);

/** Resources that these checks read; other rights that are missing do not stop a command. */
const read = ["namespaces", "configmaps", "deployments"];

/**
 * Runs the pre-flight checks; changes nothing.
 * @returns the version of the istioctl on the PATH
 * @throws Refused with every check that failed
 */
export async function preflight(context: Context, inputs: CheckInputs): Promise<Version> {
  const { mesh } = inputs;
  const rights = rightsToRead(mesh).filter(({ resource }) => read.includes(resource));
  let world!: World;
  const worldIn = (given: Context) => {
    world = worldOf(given, withParallelLimit(given.programs), inputs, rights);
    return world;
  };
  const { results } = await runChecks(preflightChecks, mesh, worldIn, context);
  const failed = results.filter(({ status }) => status === "fail");
  if (failed.length > 0) throw new Refused([...failed.map(failureText), "nothing was changed"]);
  return (await world.program("istioctl"))!;
}
