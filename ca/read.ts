import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, InputError, type Problem, type ProblemText } from "../mesh/problem";
import { commandLine } from "../mesh/shell-quote";
import { readTextFile, UnreadableFile } from "../mesh/text-file";
import { chainFix } from "./chain-rules";
import {
  type CaFileNames,
  type CaMaterial,
  type ClusterCa,
  caFileNames,
  certManagerFileNames,
} from "./material";
import { firstBlock } from "./pem";

/** A CA's folder, read for a mesh. */
export interface CaFiles {
  /** Of clusters with every file. */
  readonly material: CaMaterial;
  /** File names by cluster. */
  readonly names: Readonly<Record<string, CaFileNames>>;
  /** Clusters without a folder, or with an empty one. */
  readonly missing: readonly string[];
  /** Missing or unreadable files of clusters that have others. */
  readonly problems: readonly Problem[];
  /** Private keys that other users of this machine can read. */
  readonly warnings: readonly Problem[];
}

/** Bytes. Real files have a few thousand; a whole Secret may have a million. */
const largestFile = 65_536;

/**
 * Reads `<directory>/<cluster>/{ca-cert,ca-key,root-cert,cert-chain}.pem` of the mesh's clusters, or
 * cert-manager's `{tls.crt,tls.key,ca.crt}`.
 */
export function readCa(mesh: Mesh, directory: string): CaFiles {
  // Without a prototype: `constructor` is a name that a cluster may have.
  const material: Record<string, ClusterCa> = Object.create(null);
  const names: Record<string, CaFileNames> = Object.create(null);
  const missing: string[] = [];
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const { name } of mesh.clusters) {
    const folder = join(directory, name);
    if (isAbsentOrEmpty(folder)) {
      missing.push(name);
      continue;
    }
    const of = fileNamesIn(folder);
    const read = new Map(
      [...new Set(Object.values(of))].map((file) => [
        file,
        readCaFile(join(folder, file), file === of.caKey, of),
      ]),
    );
    problems.push(...[...read.values()].flatMap(({ problem }) => problem ?? []));
    warnings.push(...[...read.values()].flatMap(({ warning }) => warning ?? []));
    const text = (key: keyof ClusterCa) => read.get(of[key])!.text;
    const [caCert, caKey, rootCert, certChain] = [
      text("caCert"),
      text("caKey"),
      text("rootCert"),
      text("certChain"),
    ];
    if (caCert === undefined || caKey === undefined || rootCert === undefined || certChain === undefined)
      continue;
    const shared = of.caCert === of.certChain;
    material[name] = { caCert: shared ? firstBlock(caCert) : caCert, caKey, rootCert, certChain };
    names[name] = of;
  }
  return { material, names, missing, problems, warnings };
}

/** cert-manager's names if the folder has some of them and none of Istio's. */
function fileNamesIn(folder: string): CaFileNames {
  const has = (names: CaFileNames) => Object.values(names).some((file) => existsSync(join(folder, file)));
  return has(certManagerFileNames) && !has(caFileNames) ? certManagerFileNames : caFileNames;
}

/** A file's text, or its problem; for a secret file, a warning if other users can read it. */
export function readCaFile(
  file: string,
  secret: boolean,
  names = caFileNames,
): { readonly text?: string; readonly problem?: Problem; readonly warning?: Problem } {
  const found = ({ message, fix }: ProblemText) => fileProblem(file, message, fix);
  try {
    const { text, mode } = readTextFile(file, largestFile);
    return secret && isOpenToOthers(mode) ? { text, warning: found(openToOthers(file)) } : { text };
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const expectedFiles = [...new Set(Object.values(names))].join(", ");
    const suffixes = {
      absent: `: expected ${expectedFiles} in the folder of a cluster`,
      "no file": ": expected a PEM file",
    };
    const expected = suffixes[error.reason as keyof typeof suffixes] ?? "";
    const isChain = error.reason === "absent" && basename(file) === caFileNames.certChain;
    const fix = isChain ? chainFix(names) : fixes[error.reason];
    return { problem: found({ message: `${error.message}${expected}`, fix }) };
  }
}

const fixes: Readonly<Record<UnreadableFile["reason"], string>> = {
  absent: "copy it from your backup or your CA",
  "no file": "replace it with the file",
  "too large": "keep only one certificate, its chain, or its key in the file",
  "not readable": "make it readable for your user",
};

/** @throws InputError if the CA's folder is not a folder */
export function refuseFileAsFolder({ ca }: Mesh, directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? true) return;
  throw new InputError([
    fileProblem(
      directory,
      "is not a folder: expected the folder of the CA",
      ca.from === "files" ? "set ca.files to the folder" : "move it away",
    ),
  ]);
}

/** A CA, or a cluster's part of it, may be created here. */
export function isAbsentOrEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function isOpenToOthers(mode: number): boolean {
  // On Windows, node reports all bits as set.
  return process.platform !== "win32" && (mode & 0o077) !== 0;
}

function openToOthers(file: string): ProblemText {
  return {
    message: "other users of this machine can read it: expected its owner only",
    fix: commandLine("chmod", ["600", file]),
  };
}
