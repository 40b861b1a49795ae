import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, InputError, type Problem } from "../mesh/problem";
import { readTextFile, UnreadableFile } from "../mesh/text-file";
import { chainFix } from "./chain";
import {
  type CaFileNames,
  type CaMaterial,
  type ClusterCa,
  caFileNames,
  certManagerFileNames,
} from "./material";
import { type Finding, firstBlock } from "./pem";

/** What a CA's folder holds for a mesh. */
export interface CaFiles {
  /** Of the clusters whose four files were all read. */
  readonly material: CaMaterial;
  /** What these files are called. */
  readonly names: Readonly<Record<string, CaFileNames>>;
  /** Clusters without a folder, or with an empty one. */
  readonly missing: readonly string[];
  /** Files that are absent beside others, or unreadable. */
  readonly problems: readonly Problem[];
  /** Keys that others on this machine can read. */
  readonly warnings: readonly Problem[];
}

/** Bytes. Real files have a few thousand; a Secret, with all of them, may have a million. */
const largestFile = 65_536;

/**
 * Reads `<directory>/<cluster>/{ca-cert,ca-key,root-cert,cert-chain}.pem` of the mesh's clusters, or
 * `{tls.crt,tls.key,ca.crt}` as cert-manager calls them.
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

/** A folder with none of Istio's names and some of cert-manager's is in that form. */
function fileNamesIn(folder: string): CaFileNames {
  const has = (names: CaFileNames) => Object.values(names).some((file) => existsSync(join(folder, file)));
  return has(certManagerFileNames) && !has(caFileNames) ? certManagerFileNames : caFileNames;
}

/** A file's text, or what is wrong with the file; for a secret one also whether others can read it. */
export function readCaFile(
  file: string,
  secret: boolean,
  names = caFileNames,
): { readonly text?: string; readonly problem?: Problem; readonly warning?: Problem } {
  const found = ({ message, fix }: Finding) => fileProblem(file, message, fix);
  try {
    const { text, mode } = readTextFile(file, largestFile);
    return secret && isOpenToOthers(mode) ? { text, warning: found(openToOthers(file)) } : { text };
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const holds = [...new Set(Object.values(names))].join(", ");
    const allowed = { absent: `; a cluster's folder holds ${holds}`, "no file": "; allowed is a PEM file" };
    const expected = allowed[error.reason as keyof typeof allowed] ?? "";
    const isChain = error.reason === "absent" && basename(file) === caFileNames.certChain;
    const fix = isChain ? chainFix(names) : fixes[error.reason];
    return { problem: found({ message: `${error.message}${expected}`, fix }) };
  }
}

const fixes: Readonly<Record<UnreadableFile["reason"], string>> = {
  absent: "put it there from your backup or your CA",
  "no file": "put the file there",
  "too large": "put only what belongs there into the file: one certificate, its chain, or its key",
  "not readable": "make it readable for yourself",
};

/** @throws InputError where something else is in the place of the CA's folder */
export function refuseFileAsFolder({ ca }: Mesh, directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? true) return;
  throw new InputError([
    fileProblem(
      directory,
      "is not a folder; the CA's files lie in one",
      ca.from === "files" ? "name their folder in ca.files" : "move it away",
    ),
  ]);
}

/** Nothing is there, or a folder with nothing in it: a CA or a cluster's part of it may be made here. */
export function isAbsentOrEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function isOpenToOthers(mode: number): boolean {
  // Windows has no such bits; node reports them all set.
  return process.platform !== "win32" && (mode & 0o077) !== 0;
}

function openToOthers(file: string): Finding {
  return {
    message: "can be read by others on this machine; allowed is its owner alone",
    fix: `chmod 600 '${file.replaceAll("'", "'\\''")}'`,
  };
}
