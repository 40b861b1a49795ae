import { dirname, join } from "node:path";
import { synthesizeTerraform } from "../infra/app";
import { writeDist } from "./dist";
import { type Action, changesBetween, type FileChange, type Files } from "./files";
import type { Inputs } from "./inputs";
import {
  distFiles,
  keepSecretsPrivate,
  leftStacks,
  refuseOtherOutput,
  removeEmptyFolders,
  terraformFiles,
  terraformFilesToReplace,
} from "./output";
import { OutputError } from "./run-lock";
import { type Replacement, replaceAll, withStaging } from "./staging";

export interface SynthResult {
  /** What changed, file by file. */
  readonly changes: readonly FileChange[];
  /** Folders of Terraform stacks that mesh.yaml no longer asks for, left alone because they may have made something. */
  readonly leftStacks: readonly string[];
}

/**
 * Makes all output and puts it in place of the old: all of it or, when anything fails, nothing. What belonged to
 * clusters that are gone disappears; what Terraform keeps beside its configuration stays.
 * @throws OutputError when the output's place is not ours, or the CA of the output that is there is gone
 */
export function synthesize(inputs: Inputs): SynthResult {
  const { dist, terraform } = inputs.paths;
  refuseOtherOutput(inputs);
  return withStaging((staging) => {
    const staged = stage(inputs, staging);
    const changes = [
      ...replacements({ staged: staged.dist, target: dist }, distFiles(dist), distFiles(staged.dist)),
      ...replacements(
        { staged: staged.terraform, target: terraform },
        terraformFilesToReplace(staged.terraform, terraform),
        terraformFiles(staged.terraform),
      ),
    ];
    const left = leftStacks(staged.terraform, terraform);
    replaceAll(changes, staging);
    removeEmptyFolders(
      changes.filter(({ action }) => action === "removed").map(({ target }) => dirname(target)),
      ".",
    );
    keepSecretsPrivate(dist);
    return { changes: changes.map(({ action, target }) => ({ action, file: target })), leftStacks: left };
  });
}

/** Makes all output in `folder`. */
export function stage(inputs: Inputs, folder: string): { dist: string; terraform: string } {
  const staged = { dist: join(folder, "dist"), terraform: join(folder, "cdktf.out") };
  writeDist(inputs, staged.dist);
  synthesizeTerraform(inputs.mesh, staged.terraform);
  // cdktf lets the environment ask for HCL (SYNTH_HCL_OUTPUT); the JSON of the last run would then be taken away.
  if (inputs.mesh.azure && terraformFiles(staged.terraform).size < 2) {
    throw new OutputError("cdktf wrote no JSON; unset SYNTH_HCL_OUTPUT");
  }
  return staged;
}

function replacements(
  { staged, target }: { staged: string; target: string },
  before: Files,
  after: Files,
): (Replacement & { action: Action })[] {
  return changesBetween(before, after).map(({ key, action }) => ({
    action,
    staged: action === "removed" ? undefined : join(staged, key),
    target: join(target, key),
  }));
}
