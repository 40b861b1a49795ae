import type { Mesh } from "../mesh/mesh";
import { meshPaths } from "../mesh/paths";
import { noCredentials, withKnownCredentials } from "../ops/azure/credentials";
import { DeadlinePassed, MissingProgram, ProgramFailed, shortMessage } from "../ops/exec/errors";
import type { Context } from "../ops/run/context";
import type { Output } from "./command";

/**
 * For screens that show a cluster without credentials as one that does not answer. Who gets at it, and how, is told
 * beside them.
 */
export async function reachingWhatIsKnown(
  context: Context,
  mesh: Mesh,
  file: string,
  output: Output,
): Promise<Context> {
  const { reaching, ...lacking } = await withKnownCredentials(context, mesh, meshPaths(file).terraform);
  if (lacking.missing.length > 0) output.warning(noCredentials(mesh, lacking, file));
  return reaching;
}

/** For checks. The clusters may not be made yet, and programs be missing: that is for the checks to say. */
export async function reachingForChecks(context: Context, mesh: Mesh, file: string): Promise<Context> {
  try {
    return (await withKnownCredentials(context, mesh, meshPaths(file).terraform)).reaching;
  } catch (error) {
    if (error instanceof MissingProgram) return context;
    if (!(error instanceof ProgramFailed || error instanceof DeadlinePassed)) throw error;
    context.reporter.say(`credentials of the clusters could not be looked for: ${shortMessage(error)}`);
    return context;
  }
}
