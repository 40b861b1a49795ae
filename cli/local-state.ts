import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { localStateName, terraformStackName } from "../mesh/azure-names";
import type { Mesh } from "../mesh/mesh";
import { meshCommand } from "../mesh/paths";
import { fileProblem, InputError } from "../mesh/problem";
import { shellQuote } from "../mesh/shell-quote";
import { hasStack } from "../ops/azure/terraform";

/**
 * Where Terraform's state lies, for a person to know before it is used; undefined where a backend keeps it. It is looked
 * for in the current folder: in another one Terraform would start with an empty state, and Azure would refuse what exists already.
 * @param command words of the command that uses it
 * @throws InputError where it lies beside mesh.yaml, and not here
 */
export function localState(mesh: Mesh, file: string, ...command: readonly string[]): string | undefined {
  if (!hasStack(mesh) || mesh.azure!.backend) return undefined;
  const name = localStateName(terraformStackName(mesh.azure!));
  const here = resolve(name);
  if (existsSync(here)) return `Terraform's state: ${here}`;
  const folder = dirname(file);
  if (existsSync(join(folder, name))) throw inAnotherFolder(file, join(folder, name), command);
  return `Terraform's state: ${here}, which does not exist yet: Terraform knows of no cluster. If there are some, run this in the folder that has their state`;
}

function inAnotherFolder(file: string, state: string, command: readonly string[]): InputError {
  const folder = dirname(file);
  const there = file.slice(folder.length + 1);
  return new InputError([
    fileProblem(
      file,
      `Terraform's state of this mesh is ${state}, and it is looked for in the current folder`,
      `run it there: cd ${shellQuote(folder)} && ${meshCommand(there, ...command)}`,
    ),
  ]);
}
