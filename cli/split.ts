import { meshPaths } from "../mesh/paths";
import { applyRouting } from "../ops/apply/routing";
import { parseWeights, splitTraffic } from "../ops/apply/split";
import { withCredentials } from "../ops/azure/credentials";
import { readInputs } from "../synth/inputs";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";

/** Writes other weights into mesh.yaml and applies them, and nothing else of it. */
export async function split(
  file: string,
  words: readonly string[],
  flags: RunOptions,
  output: Output,
): Promise<number> {
  splitTraffic(file, parseWeights(words));
  const inputs = readInputs(meshPaths(file), new Date());
  const { mesh, paths } = inputs;
  synthesize(inputs);
  return withContext(flags, output, async (context) => {
    const reaching = await withCredentials(context, mesh, paths.terraform);
    const changed = await applyRouting(reaching, mesh, paths.dist);
    const weights = Object.entries(mesh.sample!.weights!)
      .map(([version, percent]) => `${version} ${percent} %`)
      .join(", ");
    output.result(`${weights}: ${changed.length > 0 ? "applied" : "was so already"}; ${file} says the same`);
    return exitCode.fine;
  });
}
