import { meshCommand } from "../mesh/paths";
import { fileProblem, InputError } from "../mesh/problem";

/**
 * For commands that are about the sample.
 * @param why the command needs it
 * @param otherwise what serves for other services @default - nothing does
 */
export function noSample(file: string, why: string, otherwise?: string): InputError {
  const fix = `switch it on and run ${meshCommand(file, "apply")}${otherwise ? `; for other services: ${otherwise}` : ""}`;
  return new InputError([fileProblem(file, `the sample is switched off, and ${why}`, fix)]);
}
