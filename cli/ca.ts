import { existsSync, readdirSync, statSync } from "node:fs";
import { generateCa } from "../ca/generate";
import { caDirectory, loadCa } from "../ca/load";
import { readMesh } from "../mesh/load";
import { meshPaths } from "../mesh/paths";
import { refuseLostCa } from "../synth/existing-output";
import { exitCode, type Output } from "./command";

/**
 * Creates what the CA lacks, or checks the user's own files.
 * @throws OutputError where there is no CA, and `dist` was made from one
 */
export async function ca(file: string, output: Output): Promise<number> {
  const mesh = readMesh(file);
  const directory = caDirectory(mesh, file);
  const now = new Date();
  if (mesh.ca.from === "files") {
    const { warnings } = loadCa(mesh, file, now);
    for (const warning of warnings) output.warning(warning);
    output.result(
      `${directory}: your own certificates are valid for ${mesh.clusters.length} clusters; nothing to create`,
    );
    return exitCode.fine;
  }
  const paths = meshPaths(file);
  // With a new root, synth would replace the manifests of the lost one.
  if (isEmpty(directory)) refuseLostCa({ mesh, paths, ca: undefined });
  const { root, clusters, warnings } = await generateCa(mesh, directory, now);
  for (const warning of warnings) output.warning(warning);
  output.result(line("root", root.made, root.expires, root.fingerprint));
  for (const { cluster, made, expires, fingerprint } of clusters) {
    output.result(line(cluster, made, expires, fingerprint));
  }
  if (root.made) {
    output.note(
      `back up ${directory} now, root-key.pem above all, where only the team can read it: anyone who has it can sign for every workload, and without it no cluster can join this mesh`,
    );
  }
  return exitCode.fine;
}

const isEmpty = (folder: string) =>
  !existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0);

function line(name: string, made: boolean, expires: Date, fingerprint: string): string {
  return `${made ? "created" : "exists "}  ${name}  expires ${expires.toISOString().slice(0, 10)}  sha256 ${fingerprint.slice(0, 16)}`;
}
