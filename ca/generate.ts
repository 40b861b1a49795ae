import { join } from "node:path";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, formatProblem, InputError, type Problem } from "../mesh/problem";
import { parseCertificate } from "./certificate";
import { checkCa, type RootFiles } from "./check";
import { issueIntermediate, issueRoot, type KeyPair, newKeyPair, readIssuer } from "./issue";
import { type CaMaterial, caFileNames, rootFileNames } from "./material";
import { type PemBlock, pemBlocks } from "./pem";
import { isAbsentOrEmpty, readCa, readCaFile, refuseFileAsFolder } from "./read";
import { gitIgnore, keepOutOfGit, placeFolder, removeLeftovers } from "./write";

/** What `generateCa` created and what existed. Without secrets. */
export interface GenerateReport {
  readonly directory: string;
  readonly root: CertificateReport;
  /** In the mesh's order. */
  readonly clusters: readonly (CertificateReport & { readonly cluster: string })[];
  /** Each with a line for its fix. */
  readonly warnings: readonly string[];
}

export interface CertificateReport {
  /** False: it existed, and is unchanged. */
  readonly made: boolean;
  readonly expires: Date;
  /** SHA-256 of the certificate, lower-case hex: what `openssl x509 -fingerprint -sha256` prints with colons. */
  readonly fingerprint: string;
}

/**
 * Creates what a mesh's CA lacks: the root, and an intermediate for every cluster. Existing files are unchanged. The
 * root and each cluster's folder are created atomically; of two concurrent runs, one creates the root and both use it.
 * In a folder with a root of your own (root-cert.pem, root-key.pem) the intermediates are issued from that one.
 *
 * This module loads @peculiar/x509 (a tenth of a second): import it only to create a CA.
 *
 * @param directory made with mode 0700; see `caDirectory`
 * @param now beginning of validity
 * @param keyBits RSA key length @default - 4096, as upstream's tools/certs
 * @throws InputError if existing files are incomplete or invalid; then nothing is created
 */
export async function generateCa(
  mesh: Mesh,
  directory: string,
  now: Date,
  keyBits = 4096,
): Promise<GenerateReport> {
  refuseFileAsFolder(mesh, directory);
  removeLeftovers(directory, now);
  const fresh = isAbsentOrEmpty(directory);
  // The root's key is first in node's queue; the others are created in parallel.
  const rootKeys = fresh ? newKeyPair(keyBits) : undefined;
  const missing = fresh ? mesh.clusters.map(({ name }) => name) : readSound(mesh, directory, now).missing;
  const keys = missing.map(() => newKeyPair(keyBits));

  const rootMade =
    rootKeys !== undefined && placeRoot(directory, await issueRoot(mesh.name, await rootKeys, now));
  keepOutOfGit(directory);
  const made = await makeIntermediates(mesh, directory, now, missing, keys);
  return report(mesh, directory, now, rootMade, made);
}

/** False: another run was faster, and its root is used. */
function placeRoot(directory: string, { cert, key }: { cert: string; key: string }): boolean {
  return placeFolder(directory, [
    gitIgnore,
    { name: rootFileNames.key, text: key, secret: true },
    { name: rootFileNames.cert, text: cert },
  ]);
}

/** Names of the clusters for which this run created an intermediate. */
async function makeIntermediates(
  mesh: Mesh,
  directory: string,
  now: Date,
  missing: readonly string[],
  keys: readonly Promise<KeyPair>[],
): Promise<string[]> {
  if (missing.length === 0) return [];
  // Read again: another run may have created it.
  const root = readSound(mesh, directory, now).root!;
  const issuer = await readIssuer({ cert: root.cert, key: root.key! });
  const made = await Promise.all(
    missing.map(async (cluster, index) => {
      const { cert, key } = await issueIntermediate(
        issuer,
        { mesh: mesh.name, cluster },
        await keys[index]!,
        now,
      );
      const placed = placeFolder(join(directory, cluster), [
        { name: caFileNames.caKey, text: key, secret: true },
        { name: caFileNames.caCert, text: cert },
        { name: caFileNames.rootCert, text: root.cert },
        { name: caFileNames.certChain, text: cert + root.cert },
      ]);
      return placed ? [cluster] : [];
    }),
  );
  return made.flat();
}

interface SoundCa {
  readonly material: CaMaterial;
  readonly missing: readonly string[];
  /** With its key if clusters are missing. */
  readonly root: RootFiles | undefined;
  readonly warnings: readonly Problem[];
}

/** Reads the existing files, and refuses them if they are invalid. */
function readSound(mesh: Mesh, directory: string, now: Date): SoundCa {
  const { material, names, missing, problems, warnings } = readCa(mesh, directory);
  const root = readRoot(directory, missing);
  const checked = checkCa(mesh, directory, material, now, { root: root.files, names });
  const all = [...problems, ...root.problems, ...checked.problems];
  if (all.length > 0) throw new InputError(all);
  return {
    material,
    missing,
    root: root.files,
    warnings: [...root.warnings, ...warnings, ...checked.warnings],
  };
}

/** The root's files; while no cluster needs an intermediate, they may be kept elsewhere. */
function readRoot(directory: string, missing: readonly string[]) {
  const [cert, key] = [rootFileNames.cert, rootFileNames.key].map((name) => {
    const file = join(directory, name);
    const needed = missing.length > 0;
    const absent = isAbsentOrEmpty(file);
    if (!absent) return readCaFile(file, name === rootFileNames.key);
    return needed ? { problem: absentRoot(file, directory, missing) } : {};
  });
  const files: RootFiles | undefined =
    cert!.text === undefined ? undefined : { cert: cert!.text, key: key!.text };
  return {
    files,
    problems: [cert!, key!].flatMap(({ problem }) => problem ?? []),
    warnings: [cert!, key!].flatMap(({ warning }) => warning ?? []),
  };
}

function absentRoot(file: string, directory: string, missing: readonly string[]): Problem {
  return fileProblem(
    file,
    `file not found; it is required to issue the ${missing.length > 1 ? "intermediates" : "intermediate"} of ${missing.join(", ")}`,
    `copy it from your backup, with mode 0600; if no cluster has a CA yet, any root of your own works. If ${directory} is not in use, move it away, and run \`mesh ca\` to create a new CA`,
  );
}

function report(
  mesh: Mesh,
  directory: string,
  now: Date,
  rootMade: boolean,
  made: readonly string[],
): GenerateReport {
  const { material, warnings } = readSound(mesh, directory, now);
  const clusters = mesh.clusters.map(({ name }) => ({
    cluster: name,
    ...certificateReport(material[name]!.caCert, made.includes(name)),
  }));
  return {
    directory,
    root: certificateReport(material[mesh.primary.name]!.rootCert, rootMade),
    clusters,
    warnings: warnings.map(formatProblem),
  };
}

function certificateReport(text: string, made: boolean): CertificateReport {
  const [block] = pemBlocks(text) as PemBlock[];
  const { notAfter, fingerprint } = parseCertificate(block!.der)!;
  return { made, expires: notAfter, fingerprint };
}
