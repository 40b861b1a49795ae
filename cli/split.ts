import { parseMesh, readMeshFile } from "../mesh/load";
import { meshCommand, meshPaths } from "../mesh/paths";
import { replaceFile } from "../ops/exec/replace-file";
import { withWeights } from "../ops/split/edit-mesh-yaml";
import { applyRouting } from "../ops/split/routing";
import { readWeights } from "../ops/split/weights";
import { refuseOtherOutput } from "../synth/existing-output";
import { readInputs } from "../synth/inputs";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output, report } from "./command";
import { type RunOptions, required, withClusters } from "./context";
import { requireSample } from "./options";

/** Writes new weights into mesh.yaml once the primary has answered, and applies them and nothing else. */
export async function split(
  file: string,
  words: readonly string[],
  flags: RunOptions,
  output: Output,
): Promise<number> {
  const { text, mode } = readMeshFile(file);
  const sample = requireSample(parseMesh(text, file), file, "its requests are what is split");
  const weights = readWeights(
    words,
    sample.versions.map(({ name }) => name),
  );
  const edited = withWeights(text, file, weights);
  // Every other problem is found before anything is written.
  const inputs = { ...readInputs(meshPaths(file), new Date()), mesh: edited.mesh };
  refuseOtherOutput(inputs);
  const { mesh, paths } = inputs;
  const percents = Object.entries(weights).map(([version, percent]) => `${version} ${percent} %`);
  if (mesh.gitops) {
    if (edited.text !== text) replaceFile(file, edited.text, mode);
    synthesize(inputs);
    output.result(
      `${percents.join(", ")}: written to ${file} and ${paths.dist}; commit them, and ${mesh.gitops.tool} applies them`,
    );
    return exitCode.fine;
  }
  return withClusters(required(mesh, file, [mesh.primary]), flags, output, async (context) => {
    let written = false;
    // Now the file may be ahead of the mesh, which the error alone does not say.
    const sayAhead = () => {
      if (written)
        output.note(
          `${file} has these weights, the mesh may not have them yet; run ${meshCommand(file, "apply")}`,
        );
    };
    // At the first Ctrl-C: the second one ends the process.
    context.signal.addEventListener("abort", sayAhead, { once: true });
    try {
      const changed = await applyRouting(context, mesh, paths.dist, () => {
        if (edited.text !== text) replaceFile(file, edited.text, mode);
        written = true;
        synthesize(inputs);
      });
      const how = changed.length > 0 ? "applied" : "unchanged";
      output.result(`${percents.join(", ")}: ${how}; ${file} says the same`);
      return exitCode.fine;
    } catch (error) {
      report(error, output);
      if (!context.signal.aborted) sayAhead();
      return exitCode.failed;
    }
  });
}
