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

/** The CA of a mesh, fit to be installed. */
export interface LoadedCa {
  /** Undefined: nothing has been made yet. Clusters that have none yet are missing in it: that is for the caller to say. */
  readonly material: CaMaterial | undefined;
  /** To be shown on every run, each with its fix on a line of its own. */
  readonly warnings: readonly string[];
}

/**
 * Reads and judges the CA of a mesh. Fast: it makes nothing, and loads no more than node:crypto.
 *
 * @param meshFile `mesh.yaml`, beside which the CA's folder lies
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

/** A key in a repository is a key that all who have the repository know. */
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
      `${open.length === 1 ? "is a key that Git does not ignore" : `and ${open.length - 1} more are keys that Git does not ignore`}: with it anyone who can read the repository can join this mesh`,
      `printf '\\n*\\n' >> ${shellQuote(join(directory, ".gitignore"))}; if the keys are committed already, git rm -r --cached ${all}, and replace the CA`,
    ),
  ];
}

function noOwnFolder({ ca, clusters }: Mesh, meshFile: string, directory: string): Problem {
  return {
    file: meshFile,
    position: undefined,
    path: ["ca", "files"],
    message: `${quote(ca.directory)} names no folder with files in it (${directory})`,
    fix: `put ${clusters[0]!.name}/{ca-cert,ca-key,root-cert,cert-chain}.pem, or {tls.crt,tls.key,ca.crt} from cert-manager, and the other clusters' there, or leave ca.files out and run \`${meshCommand(meshFile, "ca")}\``,
  };
}

function missingCluster(cluster: string, directory: string): Problem {
  return fileProblem(
    join(directory, cluster),
    `there is no CA for ${cluster}`,
    "have an intermediate issued for it by the root of the other clusters, and put its files there",
  );
}
