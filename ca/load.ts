import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Mesh } from "../mesh/mesh";
import { meshCommand, meshPaths } from "../mesh/paths";
import { fileProblem, formatProblem, InputError, type Problem, quote } from "../mesh/problem";
import { shellQuote } from "../mesh/shell-quote";
import { checkCa } from "./check";
import { isOpenToGit } from "./git-ignore";
import { type CaMaterial, rootFileNames } from "./material";
import { type CaFiles, isAbsentOrEmpty, readCa, refuseFileAsFolder } from "./read";

/** The CA of a mesh, checked. */
export interface LoadedCa {
  /** Undefined: there is no CA yet. Clusters without an intermediate are missing in it; the caller reports them. */
  readonly material: CaMaterial | undefined;
  /** For every run to show, each with a line for its fix. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks the CA of a mesh. Fast: it loads only node:crypto.
 *
 * @param meshFile `mesh.yaml`; the CA's folder is beside it
 * @param now the time at which the certificates must be valid
 * @throws InputError with every problem at once
 */
export function loadCa(mesh: Mesh, meshFile: string, now: Date): LoadedCa {
  const directory = caDirectory(mesh, meshFile);
  const own = mesh.ca.from === "files";
  refuseFileAsFolder(mesh, directory);
  if (isAbsentOrEmpty(directory)) {
    if (!own) return { material: undefined, warnings: [] };
    throw new InputError([noOwnFolder(mesh, meshFile, directory)]);
  }
  const files = readCa(mesh, directory);
  const { problems, warnings } = checkCa(mesh, directory, files.material, now, { names: files.names });
  const missing = own ? files.missing.map((cluster) => missingCluster(cluster, directory)) : [];
  const all = [...files.problems, ...missing, ...problems];
  if (all.length > 0) throw new InputError(all);
  return {
    material: Object.keys(files.material).length > 0 ? files.material : undefined,
    warnings: [...files.warnings, ...warnings, ...openToGit(mesh, directory, files)].map(formatProblem),
  };
}

/** The folder of the CA: the one that `ca.files` names, relative to `mesh.yaml`, or `mesh.ca` beside it. */
export function caDirectory(mesh: Mesh, meshFile: string): string {
  const given = mesh.ca.directory;
  if (given === undefined) return meshPaths(meshFile).ca;
  return isAbsolute(given) ? given : join(dirname(meshFile), given);
}

/** A private key in a repository is known to everyone with access to it. */
function openToGit({ clusters }: Mesh, directory: string, { names }: CaFiles): Problem[] {
  const keys = [
    join(directory, rootFileNames.key),
    ...clusters.flatMap(({ name }) => (names[name] ? [join(directory, name, names[name].caKey)] : [])),
  ];
  const open = keys.filter((file) => existsSync(file) && isOpenToGit(file));
  if (open.length === 0) return [];
  const all = shellQuote(directory);
  return [
    fileProblem(
      open[0]!,
      `${open.length === 1 ? "Git does not ignore this private key" : `Git does not ignore this private key and ${open.length - 1} more`}: with it, anyone who can read the repository can join this mesh`,
      `printf '\\n*\\n' >> ${shellQuote(join(directory, ".gitignore"))}; if the keys are committed already, git rm -r --cached ${all}, and replace the CA`,
    ),
  ];
}

function noOwnFolder({ ca, clusters }: Mesh, meshFile: string, directory: string): Problem {
  return {
    file: meshFile,
    position: undefined,
    path: ["ca", "files"],
    message: `invalid value ${quote(ca.directory)}: expected a folder with files (${directory})`,
    fix: `add ${clusters[0]!.name}/{ca-cert,ca-key,root-cert,cert-chain}.pem, or {tls.crt,tls.key,ca.crt} from cert-manager, and the same for the other clusters, or remove ca.files and run \`${meshCommand(meshFile, "ca")}\``,
  };
}

function missingCluster(cluster: string, directory: string): Problem {
  return fileProblem(
    join(directory, cluster),
    `no CA for ${cluster}`,
    "issue an intermediate from the root of the other clusters, and put its files there",
  );
}
