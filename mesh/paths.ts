import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { commandLine } from "./shell-quote";

const defaultFile = "mesh.yaml";

/** Files that belong to one `mesh.yaml`. What is made from it alone goes to the current folder, as the stock CLIs do. */
export interface MeshPaths {
  /** `mesh.yaml` itself. */
  readonly mesh: string;
  /** Folder of the generated CA, beside it: `mesh.ca`. */
  readonly ca: string;
  /** Known gateway addresses, beside it: `mesh.addresses.yaml`. */
  readonly addresses: string;
  /** Folder of the manifests: `dist`. */
  readonly dist: string;
  /** Folder of the Terraform JSON: `cdktf.out`. */
  readonly terraform: string;
}

/**
 * The file that describes the mesh: the one given, else the one that MESH_FILE names, else `mesh.yaml`. MESH_FILE is the
 * tool's only environment variable of its own.
 */
export function meshFile(given?: string): string {
  return given ?? (process.env.MESH_FILE || defaultFile);
}

/** The file that is taken where none is named. */
export const isDefaultFile = (file: string) => file === defaultFile;

/** Installed beside the project, or built in a checkout, the tool is not on the PATH: npx finds it. */
const isBesideProject = /[\\/](node_modules[\\/]\.bin[\\/]mesh|(bin|build)[\\/]mesh\.js)$/;

/**
 * A command of this tool about a mesh, ready to paste: the file is named where the tool would take another one.
 * @param file `mesh.yaml` as the user named it
 */
export function meshCommand(file: string, ...words: readonly string[]): string {
  const [program, ...first] = isBesideProject.test(process.argv[1] ?? "") ? ["npx", "mesh"] : ["mesh"];
  return commandLine(program!, [...first, ...words, ...(isDefaultFile(file) ? [] : ["-f", file])]);
}

export function meshPaths(mesh: string): MeshPaths {
  const stem = join(dirname(mesh), basename(mesh).replace(/\.ya?ml$/, ""));
  return {
    mesh,
    ca: `${stem}.ca`,
    addresses: `${stem}.addresses.yaml`,
    dist: "dist",
    terraform: "cdktf.out",
  };
}

/** A folder, the one that it lies in, and so on to the top. */
export const foldersUpFrom = (folder: string): string[] =>
  dirname(folder) === folder ? [folder] : [folder, ...foldersUpFrom(dirname(folder))];

/** A file of the same name in a folder above, as seen from here; undefined: there is none. */
export function sameNameAbove(file: string): string | undefined {
  const [, ...above] = foldersUpFrom(resolve(dirname(file)));
  const found = above.map((folder) => join(folder, basename(file))).find((place) => existsSync(place));
  return found && relative(".", found);
}
