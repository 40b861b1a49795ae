import { chmodSync, existsSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { Mesh } from "../mesh/mesh";
import type { MeshPaths } from "../mesh/paths";
import { distMarker, nameOf } from "./dist";
import type { Inputs } from "./inputs";
import { isRendering, renderingsIn } from "./renderings";
import { OutputError } from "./staging";

const secretFile = /-cacerts\.k8s\.yaml$/;

/** Files of `dist` that a synth writes. Other files there are kept. */
export function distFiles(folder: string): Files {
  return filesBelow(folder, isDistFile);
}

const isDistFile = (file: string) =>
  /^(\.gitignore|RUNBOOK\.md|mesh\.svg|[^/]+\/\d{4}-[a-z0-9-]+\.k8s\.yaml|[^/]+\/istio\/[a-z-]+\.yaml|[^/]+\/gitops\/(external-secret|argocd\/application|flux\/kustomizations|stages\/[a-z-]+\/kustomization)\.yaml)$/.test(
    file,
  );

/** Existing files of `dist`, without the renderings that stay (see `renderingsIn`). */
export function distFilesToReplace(mesh: Mesh, staged: string, dist: string): Files {
  const kept = renderingsIn(mesh, staged).map(({ file }) => file);
  return filesBelow(dist, (file) => isDistFile(file) || (isRendering(file) && !kept.includes(file)));
}

/** Files that cdktf writes, without the plugins and lock files that Terraform keeps in the same folder. */
export function terraformFiles(folder: string): Files {
  return filesBelow(
    folder,
    (file) => file === "manifest.json" || /^stacks\/[^/]+\/cdk\.tf\.json$/.test(file),
  );
}

/** Existing Terraform files, without the stacks that are kept (see `leftStacks`). */
export function terraformFilesToReplace(staged: string, terraform: string): Files {
  const left = leftStacks(staged, terraform).map((stack) => `${relative(terraform, stack)}/`);
  return new Map(
    [...terraformFiles(terraform)].filter(([file]) => !left.some((stack) => file.startsWith(stack))),
  );
}

/**
 * Stacks no longer in `mesh.yaml` that may have Terraform state: without their JSON, `terraform destroy` could not delete
 * their resources.
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
 * Called before anything is written.
 * @throws OutputError if `dist` is not this mesh's, or the CA of the existing output is missing
 */
export function refuseOtherOutput(inputs: Inputs): void {
  refuseForeign(inputs.paths);
  refuseLostCa(inputs);
}

/** `dist` is a common name: it may be another project's folder, or another mesh's. */
export function refuseForeign({ dist, mesh }: MeshPaths): void {
  if (!existsSync(dist)) return;
  const names = readdirSync(dist);
  const marker = join(dist, distMarker.file);
  const madeFrom = existsSync(marker) ? distMarker.read(readFileSync(marker, "utf8")) : undefined;
  if (names.length === 0 || madeFrom === nameOf(mesh)) return;
  throw new OutputError(
    madeFrom === undefined
      ? `${dist} contains files that mesh synth did not write (${names.slice(0, 3).join(", ")}); move them, or run in another folder`
      : `${dist} belongs to ${madeFrom}, not to ${nameOf(mesh)}; run in another folder, or delete ${dist} first: mesh synth writes it again`,
  );
}

/** A CA that disappeared is more likely an unmounted volume than intended. */
export function refuseLostCa({ mesh, ca, paths }: Pick<Inputs, "mesh" | "ca" | "paths">): void {
  const lost = [...distFiles(paths.dist).keys()].filter((file) => {
    const cluster = file.split("/")[0]!;
    return secretFile.test(file) && mesh.clusters.some(({ name }) => name === cluster) && !ca?.[cluster];
  });
  if (lost.length === 0) return;
  const files = lost.map((file) => `${paths.dist}/${file}`).join(" ");
  throw new OutputError(
    `${paths.ca} no longer has the CA in ${files}; restore the folder, or delete ${lost.length > 1 ? "these files" : "this file"} to continue with a new CA or none`,
  );
}

/** Copying or unpacking a `dist` may have changed their mode. */
export function keepSecretsPrivate(dist: string): void {
  for (const file of distFiles(dist).keys()) {
    const path = join(dist, file);
    if (secretFile.test(file) && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  }
}

/** Folders of removed clusters, unless they contain other files. */
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

/** Text of every file below a folder, by its relative path with `/`; empty if the folder does not exist. */
export type Files = ReadonlyMap<string, string>;

export function filesBelow(folder: string, isWanted: (file: string) => boolean = () => true): Files {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter(isWanted)
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

export type Action = "added" | "changed" | "removed";

export interface FileChange {
  readonly file: string;
  readonly action: Action;
}

/** Changes from `before` to `after`, sorted by key. */
export function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): { key: string; action: Action }[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    if (before.get(key) === after.get(key)) return [];
    const action = !before.has(key) ? "added" : !after.has(key) ? "removed" : "changed";
    return [{ key, action } as const];
  });
}
