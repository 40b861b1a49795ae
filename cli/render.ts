import { meshPaths } from "../mesh/paths";
import { renderIstio, requireIstioctl } from "../ops/render";
import { readInputs } from "../synth/inputs";
import { synthesize, writeRenderings } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import type { Format } from "./options";
import { reportSynth } from "./synth";

/** Writes all output, and Istio as istioctl renders it, for tools that apply `dist` without istioctl. Asks no cluster. */
export async function render(
  file: string,
  { output: format, ...flags }: RunOptions & { readonly output: Format },
  output: Output,
): Promise<number> {
  const inputs = readInputs(meshPaths(file), new Date());
  for (const warning of inputs.warnings) output.warning(warning);
  const { mesh, paths } = inputs;
  return withContext({ ...flags, quiet: format === "json" }, output, async ({ programs }) => {
    await requireIstioctl(programs, mesh);
    const written = synthesize(inputs);
    const rendered = writeRenderings(paths.dist, await renderIstio(programs, mesh, paths.dist));
    const result = { ...written, changes: [...written.changes, ...rendered], staleRenderings: [] };
    reportSynth(inputs, result, format, output);
    return exitCode.fine;
  });
}
