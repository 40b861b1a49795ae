import { chmodSync, existsSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { MeshPaths } from "../mesh/paths";
import { distMarker, nameOf } from "./dist";
import { type Files, filesBelow } from "./files";
import type { Inputs } from "./inputs";
import { OutputError } from "./run-lock";

/** What there is of the output already, and what may be done to it. */

const secretFile = /-cacerts\.k8s\.yaml$/;

/** Files of `dist` that a synth writes. Whatever else somebody keeps there is not ours to remove. */
export function distFiles(folder: string): Files {
  return filesBelow(folder, (file) =>
    /^(\.gitignore|RUNBOOK\.md|mesh\.svg|[^/]+\/\d{4}-[a-z-]+\.k8s\.yaml|[^/]+\/istio\/[a-z-]+\.yaml)$/.test(
      file,
    ),
  );
}

/** Files that cdktf writes; plugins and lock files, which Terraform keeps in the same folder, are not among them. */
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
export function leftStacks(staged: string, terraform: string): string[] {
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

/**
 * Whatever writes the output asks this first.
 * @throws OutputError when the output's place is not ours, or the CA of the output that is there is gone
 */
export function refuseOtherOutput(inputs: Inputs): void {
  refuseForeign(inputs.paths);
  refuseLostCa(inputs);
}

/**
 * `dist` is a common name: a folder of somebody else's must not be written to. Nor must one of another mesh: whoever
 * applies `dist/main0` has to know whose it is.
 */
function refuseForeign({ dist, mesh }: MeshPaths): void {
  if (!existsSync(dist)) return;
  const names = readdirSync(dist);
  const marker = join(dist, distMarker.file);
  const madeFrom = existsSync(marker) ? distMarker.read(readFileSync(marker, "utf8")) : undefined;
  if (names.length === 0 || madeFrom === nameOf(mesh)) return;
  throw new OutputError(
    madeFrom === undefined
      ? `${dist} holds files that are not this project's (${names.slice(0, 3).join(", ")}); move them away or run in another folder`
      : `${dist} was made from ${madeFrom}, and this is ${nameOf(mesh)}; run in a folder of its own, or delete ${dist} first: it can be made again`,
  );
}

/** A CA that was there and is gone is a volume that is not mounted rather than a wish to go on without. */
export function refuseLostCa({ mesh, ca, paths }: Pick<Inputs, "mesh" | "ca" | "paths">): void {
  const lost = [...distFiles(paths.dist).keys()].filter((file) => {
    const cluster = file.split("/")[0]!;
    return secretFile.test(file) && mesh.clusters.some(({ name }) => name === cluster) && !ca?.[cluster];
  });
  if (lost.length === 0) return;
  const files = lost.map((file) => `${paths.dist}/${file}`).join(" ");
  throw new OutputError(
    `${paths.ca} no longer holds the CA that ${files} ${lost.length > 1 ? "were" : "was"} made of; bring the folder back, or delete ${lost.length > 1 ? "these files" : "this file"} if a new CA, or none, is what you want`,
  );
}

/** Copying or unpacking a `dist` may have opened them. */
export function keepSecretsPrivate(dist: string): void {
  for (const file of distFiles(dist).keys()) {
    const path = join(dist, file);
    if (secretFile.test(file) && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  }
}

/** Folders of clusters that are gone; one that still holds something of somebody's stays. */
export function removeEmptyFolders(folders: readonly string[], top: string): void {
  for (const folder of folders) {
    for (
      let empty = folder;
      empty !== top && existsSync(empty) && readdirSync(empty).length === 0;
      empty = dirname(empty)
    ) {
      rmdirSync(empty);
    }
  }
}
