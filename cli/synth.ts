import { meshCommand, meshPaths } from "../mesh/paths";
import { colours } from "../ops/run/colours";
import { checkOutput } from "../synth/check";
import { missingInputs } from "../synth/dist";
import type { Action, FileChange } from "../synth/existing-output";
import { type Inputs, readInputs, readInputsWithoutCa } from "../synth/inputs";
import { type SynthResult, synthesize } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import type { Format } from "./options";

export interface SynthFlags {
  readonly output: Format;
  /** Write nothing, and compare. */
  readonly check?: boolean;
  /** Leave out the files with keys. */
  readonly withoutKeys?: boolean;
}

/** Writes all output, and says what changed and which inputs are missing; or compares it with what is committed. */
export function synth(
  file: string,
  { output: format, check, withoutKeys }: SynthFlags,
  output: Output,
): number {
  if (check) return checkCommitted(file, format, output);
  const inputs = (withoutKeys ? readInputsWithoutCa : readInputs)(meshPaths(file), new Date());
  for (const warning of inputs.warnings) output.warning(warning);
  reportSynth(inputs, synthesize(inputs), format, output);
  return exitCode.fine;
}

/** What changed, which inputs are missing, and what to do next. */
export function reportSynth(
  inputs: Inputs,
  { changes, leftStacks, staleRenderings: stale }: SynthResult,
  format: Format,
  output: Output,
): void {
  const file = inputs.paths.mesh;
  for (const stack of leftStacks) {
    output.warning(
      `${stack} is no longer in ${file}; kept because it may have Terraform state: run terraform destroy there, then delete the folder`,
    );
  }
  const missing = missingInputs(inputs);
  if (format === "json") {
    output.result(JSON.stringify({ changes, missing, stale, warnings: inputs.warnings }, null, 2));
    return;
  }
  for (const line of summary(inputs, changes)) output.result(line);
  for (const { what, files, remedy } of missing)
    output.note(`${colours.yellow("missing")}: ${what}, for ${files.join(", ")}; ${remedy}`);
  if (stale.length > 0)
    output.note(`${colours.yellow("stale")}: ${stale.join(", ")}; run \`${meshCommand(file, "render")}\``);
}

/** For CI, which has neither keys nor, by default, addresses. Exit code 1: `dist` is not what mesh.yaml gives. */
function checkCommitted(file: string, format: Format, output: Output): number {
  const inputs = readInputsWithoutCa(meshPaths(file), new Date());
  const { warnings, paths } = inputs;
  for (const warning of warnings) output.warning(warning);
  const { changes, unjudged, run } = checkOutput(inputs);
  if (format === "json") output.result(JSON.stringify({ changes, unjudged, run, warnings }, null, 2));
  else {
    for (const { files, why } of unjudged) output.note(`not checked: ${files.join(", ")}: ${why}`);
    for (const { action, file } of changes) output.result(`${mark[action]} ${file}: ${inGit[action]}`);
    output.result(
      changes.length === 0
        ? `${paths.dist} is what ${file} gives`
        : `${changes.length} ${changes.length === 1 ? "file is" : "files are"} not what ${file} gives; run \`${meshCommand(file, run)}\` and commit the result`,
    );
  }
  return changes.length === 0 ? exitCode.fine : exitCode.failed;
}

/** What a file is that a synth would change like this. */
const inGit: Record<Action, string> = { added: "missing", changed: "differs", removed: "left over" };

export const mark: Record<Action, string> = {
  added: colours.green("+"),
  changed: colours.yellow("~"),
  removed: colours.red("-"),
};

function summary({ mesh, paths }: Inputs, changes: readonly FileChange[]): string[] {
  const clusters = mesh.clusters.map(({ name, role }) => `${name} (${role})`).join(", ");
  const counts = (["added", "changed", "removed"] as const).flatMap((action) => {
    const count = changes.filter((change) => change.action === action).length;
    return count > 0 ? [`${count} ${action}`] : [];
  });
  return [
    ...changes.map(({ action, file }) => `${mark[action]} ${file}`),
    `mesh ${mesh.name}, Istio ${mesh.istio.version}: ${clusters}`,
    `${paths.dist}: ${counts.length > 0 ? `${counts.join(", ")}; ${paths.dist}/RUNBOOK.md has every command` : "unchanged"}`,
  ];
}
