import { existsSync } from "node:fs";
import { join } from "node:path";
import { certificatesIn } from "../../../ca/certificate";
import { checkCa } from "../../../ca/check";
import { caDirectory } from "../../../ca/load";
import { rootFileNames } from "../../../ca/material";
import { readCa } from "../../../ca/read";
import type { Cluster } from "../../../mesh/mesh";
import { meshCommand } from "../../../mesh/paths";
import { InputError } from "../../../mesh/problem";
import { commandLine } from "../../../mesh/shell-quote";
import type { VerifyWorld } from "../world";

/** Whether the CA beside mesh.yaml can be applied to a cluster. */
export interface LocalCa {
  /** Commands that make it fit to be applied. */
  readonly prepare: readonly string[];
  /** A manual step that must come first; undefined: none. */
  readonly lacks?: string;
}

/** `mesh ca` keeps existing files, so expired intermediates are deleted first. */
export function localCa(world: VerifyWorld, cluster: Cluster): LocalCa {
  const { mesh, meshFile, ca } = world;
  const folder = caDirectory(mesh, meshFile);
  const make = meshCommand(meshFile, "ca");
  try {
    const { material } = ca();
    if (!material) {
      return lacking(`copy the CA folder to ${folder} first: \`mesh ca\` would create another root`);
    }
    if (material[cluster.name]) return { prepare: [] };
    return holdsRoot(folder) ? { prepare: [make] } : lacking(noRoot(folder));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  if (mesh.ca.from === "files") {
    return lacking(
      `fix the CA in ${folder} first, which your own CA issues: \`mesh doctor\` names what is wrong`,
    );
  }
  const expired = expiredIntermediates(world, folder);
  if (expired.length === 0) {
    return lacking(`fix the CA in ${folder} first (docs/ca.md): \`mesh doctor\` names what is wrong`);
  }
  if (!holdsRoot(folder)) return lacking(noRoot(folder));
  return { prepare: [commandLine("rm", ["-r", ...expired.map((name) => join(folder, name))]), make] };
}

const holdsRoot = (folder: string) =>
  Object.values(rootFileNames).every((name) => existsSync(join(folder, name)));
const noRoot = (folder: string) =>
  `put ${Object.values(rootFileNames).join(" and ")} into ${folder} first: \`mesh ca\` issues the cluster's intermediate from them`;

const lacking = (lacks: string): LocalCa => ({ prepare: [], lacks });

/** Clusters whose own certificate has expired; none where that is not all that is wrong. */
function expiredIntermediates({ mesh, now }: VerifyWorld, folder: string): string[] {
  const { material, problems } = readCa(mesh, folder);
  const hasExpired = (pem: string) => certificatesIn(pem).some(({ notAfter }) => notAfter < now());
  const expired = Object.keys(material).filter((name) => hasExpired(material[name]!.caCert));
  const rest = Object.fromEntries(Object.entries(material).filter(([name]) => !expired.includes(name)));
  const roots = Object.values(material).map(({ rootCert }) => rootCert);
  const isSound =
    problems.length === 0 &&
    !roots.some(hasExpired) &&
    checkCa(mesh, folder, rest, now()).problems.length === 0;
  return isSound ? expired : [];
}
