import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeDist } from "./dist";
import {
  type Action,
  changesBetween,
  distFiles,
  distFilesToReplace,
  type FileChange,
  type Files,
  filesBelow,
  keepSecretsPrivate,
  leftStacks,
  refuseOtherOutput,
  removeEmptyFolders,
  terraformFiles,
  terraformFilesToReplace,
} from "./existing-output";
import type { Inputs } from "./inputs";
import { makeMeshApp } from "./mesh-app";
import { isRendering, staleRenderings } from "./renderings";
import { OutputError, type Replacement, replaceAll, withStaging } from "./staging";

export interface SynthResult {
  readonly changes: readonly FileChange[];
  /** Terraform stacks no longer in mesh.yaml, kept because they may have state. */
  readonly leftStacks: readonly string[];
  /** Files of `mesh render` that do not belong to the present output. */
  readonly staleRenderings: readonly string[];
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
      ...replacements(
        { staged: staged.dist, target: dist },
        distFilesToReplace(inputs.mesh, staged.dist, dist),
        distFiles(staged.dist),
      ),
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
    return {
      changes: changes.map(fileChange),
      leftStacks: left,
      staleRenderings: staleRenderings(inputs.mesh, dist, dist).map(({ file }) => join(dist, file)),
    };
  });
}

/** Replaces Istio's renderings. @param texts of all of them, by their file in `dist` */
export function writeRenderings(dist: string, texts: Files): readonly FileChange[] {
  return withStaging((staging) => {
    for (const [file, text] of texts) {
      mkdirSync(dirname(join(staging, file)), { recursive: true });
      writeFileSync(join(staging, file), text);
    }
    const changes = replacements({ staged: staging, target: dist }, filesBelow(dist, isRendering), texts);
    replaceAll(changes, staging);
    return changes.map(fileChange);
  });
}

const fileChange = ({ action, target }: Replacement & { action: Action }): FileChange => ({
  action,
  file: target,
});

/** Writes all output into `folder`. */
export function stage(inputs: Inputs, folder: string): { dist: string; terraform: string } {
  const staged = { dist: join(folder, "dist"), terraform: join(folder, "cdktf.out") };
  const app = makeMeshApp(inputs, staged);
  writeDist(inputs, app, staged.dist);
  app.writeTerraform();
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
