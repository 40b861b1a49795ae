import { meshPaths } from "../mesh/paths";
import { colours } from "../ops/run/colours";
import { diff, type ResourceChange } from "../synth/diff/diff";
import { readInputs, readInputsWithoutCa } from "../synth/inputs";
import { exitCode, type Output } from "./command";
import type { Format } from "./options";
import { mark } from "./synth";

/** Shows what a synth would change. Exit code 1: it would change something. */
export function showDiff(
  file: string,
  { output: format, withoutKeys }: { readonly output: Format; readonly withoutKeys?: boolean },
  output: Output,
): number {
  const changes = diff((withoutKeys ? readInputsWithoutCa : readInputs)(meshPaths(file), new Date()));
  showChanges(changes, format, "a synth would change nothing", output);
  return changes.length === 0 ? exitCode.fine : exitCode.failed;
}

function coloured(line: string): string {
  if (line.startsWith("+")) return colours.green(line);
  return line.startsWith("-") ? colours.red(line) : line;
}

/**
 * Resource by resource, and a sentence at the end.
 * @param nothing completes "no difference: ..."
 */
export function showChanges(
  changes: readonly ResourceChange[],
  format: Format,
  nothing: string,
  output: Output,
): void {
  if (format === "json") output.result(JSON.stringify({ changes }, null, 2));
  else {
    for (const { action, scope, resource, extended, lines, means } of changes) {
      output.result(`${mark[action]} ${scope}: ${resource}${extended ? " (by the extension)" : ""}`);
      for (const line of lines) output.result(`    ${coloured(line)}`);
      for (const line of means) output.result(`    ${colours.yellow("means")}: ${line}`);
    }
    const count = (wanted: string) => changes.filter(({ action }) => action === wanted).length;
    output.result(
      changes.length === 0
        ? `no difference: ${nothing}`
        : `${count("added")} to add, ${count("changed")} to change, ${count("removed")} to remove`,
    );
  }
}
