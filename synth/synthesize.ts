import { dirname, join } from "node:path";
import { synthesizeTerraform } from "../infra/app";
import { writeDist } from "./dist";
import {
  type Action,
  changesBetween,
  distFiles,
  type FileChange,
  type Files,
  keepSecretsPrivate,
  leftStacks,
  refuseOtherOutput,
  removeEmptyFolders,
  terraformFiles,
  terraformFilesToReplace,
} from "./existing-output";
import type { Inputs } from "./inputs";
import { OutputError, type Replacement, replaceAll, withStaging } from "./staging";

export interface SynthResult {
  readonly changes: readonly FileChange[];
  /** Terraform stacks no longer in mesh.yaml, kept because they may have state. */
  readonly leftStacks: readonly string[];
}

/**
 * Writes all output, or nothing if anything fails. Files of removed clusters are deleted; Terraform's own files stay.
 * @throws OutputError if `dist` is not this mesh's, or the CA of the existing output is missing
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

/** Writes all output into `folder`. */
export function stage(inputs: Inputs, folder: string): { dist: string; terraform: string } {
  const staged = { dist: join(folder, "dist"), terraform: join(folder, "cdktf.out") };
  writeDist(inputs, staged.dist);
  synthesizeTerraform(inputs.mesh, staged.terraform);
  // With SYNTH_HCL_OUTPUT cdktf writes HCL, and the JSON of the last run would be deleted.
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
