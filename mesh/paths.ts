import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { commandLine } from "./shell-quote";

const defaultFile = "mesh.yaml";

/** Files of one `mesh.yaml`. As with the stock CLIs, generated output goes to the current folder. */
export interface MeshPaths {
  /** `mesh.yaml` itself. */
  readonly mesh: string;
  /** Folder of the generated CA, beside it: `mesh.ca`. */
  readonly ca: string;
  /** Known gateway addresses, beside it: `mesh.addresses.yaml`. */
  readonly addresses: string;
  /** Your own charts and resources, beside it: `mesh.extend.ts`. */
  readonly extension: string;
  /** Folder of the manifests: `dist`. */
  readonly dist: string;
  /** Folder of the Terraform JSON: `cdktf.out`. */
  readonly terraform: string;
}

/**
 * The file that describes the mesh: the given one, `$MESH_FILE`, or `mesh.yaml`. MESH_FILE is the tool's only
 * environment variable of its own.
 */
export function meshFile(given?: string): string {
  return given ?? (process.env.MESH_FILE || defaultFile);
}

export const isDefaultFile = (file: string) => file === defaultFile;

/** Installed beside the project or built in a checkout, the tool is not on the PATH; npx finds it. */
const isBesideProject = /[\\/](node_modules[\\/]\.bin[\\/]mesh|(bin|build)[\\/]mesh\.js)$/;

/**
 * A command of this tool, ready to paste. It names the file unless it is the default.
 * @param file `mesh.yaml` as the user named it
 */
export function meshCommand(file: string, ...words: readonly string[]): string {
  const [program, ...first] = isBesideProject.test(process.argv[1] ?? "") ? ["npx", "mesh"] : ["mesh"];
  return commandLine(program!, [...first, ...words, ...(isDefaultFile(file) ? [] : ["-f", file])]);
}

/** Name of a mesh's own files: `shop` of `prod/shop.yaml`. */
export const stemOf = (mesh: string) => basename(mesh).replace(/\.ya?ml$/, "");

export function meshPaths(mesh: string): MeshPaths {
  const stem = join(dirname(mesh), stemOf(mesh));
  return {
    mesh,
    ca: `${stem}.ca`,
    addresses: `${stem}.addresses.yaml`,
    extension: `${stem}.extend.ts`,
    dist: "dist",
    terraform: "cdktf.out",
  };
}

/** A folder and its parents, up to the root. */
export const foldersUpFrom = (folder: string): string[] =>
  dirname(folder) === folder ? [folder] : [folder, ...foldersUpFrom(dirname(folder))];

/** A file of the same name in a parent folder, relative to the current folder. */
export function sameNameAbove(file: string): string | undefined {
  const [, ...above] = foldersUpFrom(resolve(dirname(file)));
  const found = above.map((folder) => join(folder, basename(file))).find((place) => existsSync(place));
  return found && relative(".", found);
}
