import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { synthesizeTerraform } from "../infra/app";
import { distMarker, writeDist } from "./dist";
import { type Action, changesBetween, type FileChange, type Files, filesBelow } from "./files";
import type { Inputs } from "./inputs";
import { OutputError, type Replacement, replaceAll, withStaging } from "./staging";

export interface SynthResult {
  /** What changed, file by file. */
  readonly changes: readonly FileChange[];
  /** Folders of Terraform stacks that mesh.yaml no longer asks for, left alone because they may have made something. */
  readonly leftStacks: readonly string[];
}

/**
 * Makes all output and puts it in place of the old: all of it or, when anything fails, nothing. What belonged to
 * clusters that are gone disappears; what Terraform keeps beside its configuration stays.
 * @throws OutputError when `dist` holds something that this project did not make
 */
export function synthesize(inputs: Inputs): SynthResult {
  const { dist, terraform } = inputs.paths;
  refuseForeign(dist);
  return withStaging((staging) => {
    const staged = stage(inputs, staging);
    const changes = [
      ...changesBetweenFolders(
        { staged: staged.dist, target: dist },
        filesBelow(dist),
        filesBelow(staged.dist),
      ),
      ...changesBetweenFolders(
        { staged: staged.terraform, target: terraform },
        terraformFilesToReplace(staged.terraform, terraform),
        terraformFiles(staged.terraform),
      ),
    ];
    replaceAll(changes);
    for (const { action, target } of changes) if (action === "removed") removeEmptyFolders(dirname(target));
    return {
      changes: changes.map(({ action, target }) => ({ action, file: target })),
      leftStacks: leftStacks(staged.terraform, terraform),
    };
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

/** What there is of Terraform's files, less the stacks that stay whatever `mesh.yaml` says. */
export function terraformFilesToReplace(staged: string, terraform: string): Files {
  const left = leftStacks(staged, terraform).map((stack) => `${relative(terraform, stack)}/`);
  return new Map(
    [...terraformFiles(terraform)].filter(([file]) => !left.some((stack) => file.startsWith(stack))),
  );
}

/**
 * Stacks that are not staged, but that Terraform has been initialised for, or that have a local state: without their
 * JSON nobody could destroy what they made.
 */
function leftStacks(staged: string, terraform: string): string[] {
  const wanted = terraformFiles(staged);
  return [...terraformFiles(terraform).keys()]
    .filter((file) => file.endsWith("cdk.tf.json") && !wanted.has(file))
    .map((file) => join(terraform, dirname(file)))
    .filter(
      (stack) =>
        existsSync(join(stack, ".terraform")) ||
        existsSync(join(dirname(terraform), `terraform.${basename(stack)}.tfstate`)),
    );
}

function changesBetweenFolders(
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

/** The folder of a cluster that is gone, and what was in it. */
function removeEmptyFolders(folder: string): void {
  for (let empty = folder; empty !== "." && readdirSync(empty).length === 0; empty = dirname(empty))
    rmdirSync(empty);
}

/** `dist` is a common name: a folder of somebody else's must not be replaced. */
function refuseForeign(dist: string): void {
  if (!existsSync(dist)) return;
  const names = readdirSync(dist);
  const marker = join(dist, distMarker.file);
  if (names.length === 0 || (existsSync(marker) && readFileSync(marker, "utf8") === distMarker.text)) return;
  throw new OutputError(
    `${dist} holds files that are not this project's (${names.slice(0, 3).join(", ")}), and it would be replaced as a whole; move them away or run in another folder`,
  );
}
