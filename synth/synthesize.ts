import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { synthesizeTerraform } from "../infra/app";
import { distMarker, writeDist } from "./dist";
import { type Action, changesBetween, type FileChange, type Files, filesBelow } from "./files";
import type { Inputs } from "./inputs";
import { OutputError, type Replacement, replaceAll, withStaging } from "./staging";

/**
 * Makes all output and puts it in place of the old: all of it or, when anything fails, nothing. What belonged to
 * clusters that are gone disappears; what Terraform keeps beside its configuration stays.
 * @returns what changed, file by file
 * @throws OutputError when `dist` holds something that this project did not make
 */
export function synthesize(inputs: Inputs): readonly FileChange[] {
  const { dist, terraform } = inputs.paths;
  refuseForeign(dist);
  return withStaging((staging) => {
    const staged = stage(inputs, staging);
    const changes = [
      ...changesOf({ from: staged.dist, to: dist }, filesBelow),
      ...changesOf({ from: staged.terraform, to: terraform }, terraformFiles),
    ];
    replaceAll(changes);
    for (const { action, target } of changes) if (action === "removed") removeEmptyFolders(dirname(target));
    return changes.map(({ action, target }) => ({ action, file: target }));
  });
}

/** Makes all output in `folder`. */
export function stage(inputs: Inputs, folder: string): { dist: string; terraform: string } {
  const staged = { dist: join(folder, "dist"), terraform: join(folder, "cdktf.out") };
  writeDist(inputs, staged.dist);
  synthesizeTerraform(inputs.mesh, staged.terraform);
  return staged;
}

/** What cdktf writes; plugins and lock files, which Terraform keeps in the same folder, are not among it. */
export function terraformFiles(folder: string): Files {
  return filesBelow(
    folder,
    (file) => file === "manifest.json" || /^stacks\/[^/]+\/cdk\.tf\.json$/.test(file),
  );
}

function changesOf(
  { from, to }: { from: string; to: string },
  read: (folder: string) => Files,
): (Replacement & { action: Action })[] {
  return changesBetween(read(to), read(from)).map(({ key, action }) => ({
    action,
    staged: action === "removed" ? undefined : join(from, key),
    target: join(to, key),
  }));
}

/** The folder of a cluster that is gone, and what was in it. */
function removeEmptyFolders(folder: string): void {
  for (let empty = folder; empty !== "." && readdirSync(empty).length === 0; empty = dirname(empty))
    rmdirSync(empty);
}

/** `dist` is a common name: a folder of somebody else's must not be replaced. */
function refuseForeign(dist: string): void {
  if (!existsSync(dist)) return;
  const names = readdirSync(dist);
  if (names.length === 0 || names.includes(distMarker) || names.includes("RUNBOOK.md")) return;
  throw new OutputError(
    `${dist} holds files that are not this project's (${names.slice(0, 3).join(", ")}), and it would be replaced as a whole; move them away or run in another folder`,
  );
}
