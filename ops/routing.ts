import { join } from "node:path";
import { bundleCharts } from "../k8s/bundle-charts";
import type { Mesh } from "../mesh/mesh";
import type { Context } from "./context";
import { kubectlFor } from "./kubectl";
import { ProgramFailed } from "./programs";

/** Seconds. One request. */
const deadlineSeconds = 30;

/**
 * Applies which version of the sample answers, and nothing else: on a mesh that runs it is a matter of one request.
 * @param dist folder that `mesh synth` wrote
 * @returns the objects that changed
 * @throws ProgramFailed also where no mesh runs yet
 */
export async function applyRouting(
  { programs, signal }: Context,
  mesh: Mesh,
  dist: string,
): Promise<readonly string[]> {
  const { primary } = mesh;
  const files = bundleCharts({ mesh, cluster: primary })
    .filter(({ id }) => id === "routing")
    .map(({ file }) => join(dist, primary.name, file));
  try {
    const { changed } = await kubectlFor(programs, primary.context).applyFiles(files, {
      signal,
      deadlineSeconds,
    });
    return changed;
  } catch (error) {
    if (
      !(error instanceof ProgramFailed) ||
      !/no matches for kind|namespaces "[^"]+" not found/.test(error.stderr)
    )
      throw error;
    throw new NoMeshYet(primary.name);
  }
}

/** The cluster lacks what the routing stands on. */
export class NoMeshYet extends Error {
  constructor(cluster: string) {
    super(`${cluster} has no mesh yet; mesh.yaml holds the new weights: run \`mesh apply\``);
    this.name = "NoMeshYet";
  }
}
