import { parseMesh, readMeshFile } from "../mesh/load";
import { meshCommand, meshPaths } from "../mesh/paths";
import { withCredentials } from "../ops/azure/credentials";
import { replaceFile } from "../ops/exec/replace-file";
import { applyRouting } from "../ops/split/routing";
import { withWeights } from "../ops/split/edit-mesh-yaml";
import { readWeights } from "../ops/split/weights";
import { readInputs } from "../synth/inputs";
import { refuseOtherOutput } from "../synth/output";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output, report } from "./command";
import { type RunOptions, withContext } from "./context";
import { noSample } from "./no-sample";

/** Writes other weights into mesh.yaml once the primary has answered, and applies them, and nothing else of it. */
export async function split(
  file: string,
  words: readonly string[],
  flags: RunOptions,
  output: Output,
): Promise<number> {
  const { text, mode } = readMeshFile(file);
  const { sample } = parseMesh(text, file);
  if (!sample) throw noSample(file, "its requests are what is split");
  const weights = readWeights(
    words,
    sample.versions.map(({ name }) => name),
  );
  const edited = withWeights(text, file, weights);
  // What else can be wrong is found before anything is written.
  const inputs = { ...readInputs(meshPaths(file), new Date()), mesh: edited.mesh };
  refuseOtherOutput(inputs);
  return withContext(flags, output, async (context) => {
    let written = false;
    // From here on the file may be ahead of the mesh, which the error alone does not say.
    const sayAhead = () => {
      if (written)
        output.note(
          `${file} has these weights, the mesh may not have them yet; run ${meshCommand(file, "apply")}`,
        );
    };
    // At the first Ctrl-C already: the second one leaves no time for words.
    context.signal.addEventListener("abort", sayAhead, { once: true });
    try {
      const { mesh, paths } = inputs;
      const needed = [mesh.primary];
      const reaching = await withCredentials(context, mesh, paths.terraform, { file, needed });
      const changed = await applyRouting(reaching, mesh, paths.dist, () => {
        if (edited.text !== text) replaceFile(file, edited.text, mode);
        written = true;
        synthesize(inputs);
      });
      const percents = Object.entries(weights).map(([version, percent]) => `${version} ${percent} %`);
      const how = changed.length > 0 ? "applied" : "was so already";
      output.result(`${percents.join(", ")}: ${how}; ${file} says the same`);
      return exitCode.fine;
    } catch (error) {
      report(error, output);
      if (!context.signal.aborted) sayAhead();
      return exitCode.failed;
    }
  });
}
