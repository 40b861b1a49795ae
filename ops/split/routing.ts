import { join } from "node:path";
import { manifestFiles } from "../../k8s/bundle";
import type { Mesh } from "../../mesh/mesh";
import { whyForeign } from "../clusters/owner";
import { ProgramFailed, Refused } from "../exec/errors";
import { kubectlFor } from "../exec/kubectl";
import type { Context } from "../run/context";
import { withLock } from "../run/lock";

/** Seconds. One request. */
const deadlineSeconds = 30;

/** Messages of the API server without Istio's CRDs or the sample. */
const noMesh = /no matches for kind|namespaces "[^"]+" not found/;

/**
 * Applies only the routing of the sample, with one request.
 * @param dist folder that `mesh synth` wrote, or that `write` writes
 * @param write called before anything is applied, when the primary has answered and belongs to this mesh
 * @returns the objects that changed
 * @throws Refused without a mesh, or on a foreign one
 */
export function applyRouting(
  context: Context,
  mesh: Mesh,
  dist: string,
  write: () => void,
): Promise<readonly string[]> {
  const { primary } = mesh;
  const files = manifestFiles(mesh, primary)
    .filter(({ id }) => id === "routing")
    .map(({ file }) => join(dist, primary.name, file));
  return withLock(context, mesh, "mesh split", async ({ programs, signal }) => {
    const kubectl = kubectlFor(programs, primary.context);
    const foreign = await whyForeign(kubectl, mesh, primary, signal);
    if (foreign !== undefined) throw new Refused([`${foreign}; nothing was changed there`]);
    write();
    try {
      const { changed } = await kubectl.applyFiles(files, {
        signal,
        deadlineSeconds,
      });
      return changed;
    } catch (error) {
      if (!(error instanceof ProgramFailed) || !noMesh.test(error.stderr)) throw error;
      throw new Refused([`${primary.name} has no mesh yet`]);
    }
  });
}
