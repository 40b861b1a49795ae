import { meshCommand, meshPaths } from "../mesh/paths";
import { colours } from "../ops/run/colours";
import { checkOutput } from "../synth/check";
import { missingInputs } from "../synth/dist";
import type { Action, FileChange } from "../synth/existing-output";
import { type Inputs, readInputs, readInputsWithoutCa } from "../synth/inputs";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import type { Format } from "./options";

export interface SynthFlags {
  readonly output: Format;
  /** Write nothing, and compare. */
  readonly check?: boolean;
}

/** Writes all output, and says what changed and which inputs are missing; or compares it with what is committed. */
export function synth(file: string, { output: format, check }: SynthFlags, output: Output): number {
  if (check) return checkCommitted(file, format, output);
  const inputs = readInputs(meshPaths(file), new Date());
  for (const warning of inputs.warnings) output.warning(warning);
  const { changes, leftStacks } = synthesize(inputs);
  for (const stack of leftStacks) {
    output.warning(
      `${stack} is no longer in ${file}; kept because it may have Terraform state: run terraform destroy there, then delete the folder`,
    );
  }
  const missing = missingInputs(inputs);
  if (format === "json") {
    output.result(JSON.stringify({ changes, missing, warnings: inputs.warnings }, null, 2));
    return exitCode.fine;
  }
  for (const line of summary(inputs, changes)) output.result(line);
  for (const { what, files, remedy } of missing)
    output.note(`${colours.yellow("missing")}: ${what}, for ${files.join(", ")}; ${remedy}`);
  return exitCode.fine;
}

/** For CI, which has neither keys nor, by default, addresses. Exit code 1: `dist` is not what mesh.yaml gives. */
function checkCommitted(file: string, format: Format, output: Output): number {
  const inputs = readInputsWithoutCa(meshPaths(file), new Date());
  const { warnings, paths } = inputs;
  for (const warning of warnings) output.warning(warning);
  const { changes, unjudged } = checkOutput(inputs);
  if (format === "json") output.result(JSON.stringify({ changes, unjudged, warnings }, null, 2));
  else {
    for (const { files, why } of unjudged) output.note(`not checked: ${files.join(", ")}: ${why}`);
    for (const { action, file } of changes) output.result(`${mark[action]} ${file}: ${inGit[action]}`);
    output.result(
      changes.length === 0
        ? `${paths.dist} is what ${file} gives`
        : `${changes.length} ${changes.length === 1 ? "file is" : "files are"} not what ${file} gives; run \`${meshCommand(file, "synth")}\` and commit the result`,
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
