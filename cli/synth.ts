import { meshPaths } from "../mesh/paths";
import { colours } from "../ops/run/colours";
import { missingInputs } from "../synth/dist";
import type { Action, FileChange } from "../synth/existing-output";
import { type Inputs, readInputs } from "../synth/inputs";
import { synthesize } from "../synth/synthesize";
import { exitCode, type Output } from "./command";
import type { Format } from "./options";

/** Writes all output, and says what changed and which inputs are missing. */
export function synth(file: string, { output: format }: { readonly output: Format }, output: Output): number {
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
