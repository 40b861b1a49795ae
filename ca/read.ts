import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, type Problem, quote } from "../mesh/problem";
import { type CaMaterial, type ClusterCa, caFileNames } from "./material";
import type { Finding } from "./pem";

/** What a CA's folder holds for a mesh. */
export interface CaFiles {
  /** Of the clusters whose four files were all read. */
  readonly material: CaMaterial;
  /** Clusters without a folder, or with an empty one. */
  readonly missing: readonly string[];
  /** Files that are absent beside others, or unreadable. */
  readonly problems: readonly Problem[];
  /** Keys that others on this machine can read. */
  readonly warnings: readonly Problem[];
}

/** Bytes. Real files have a few thousand; a Secret, with all of them, may have a million. */
const largestFile = 65_536;

/** Reads `<directory>/<cluster>/{ca-cert,ca-key,root-cert,cert-chain}.pem` of the mesh's clusters. */
export function readCa(mesh: Mesh, directory: string): CaFiles {
  const material: Record<string, ClusterCa> = {};
  const missing: string[] = [];
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const { name } of mesh.clusters) {
    const folder = join(directory, name);
    if (isAbsentOrEmpty(folder)) {
      missing.push(name);
      continue;
    }
    const files = Object.entries(caFileNames).map(([key, file]) => ({
      key,
      ...readCaFile(join(folder, file), key === "caKey"),
    }));
    problems.push(...files.flatMap(({ problem }) => problem ?? []));
    warnings.push(...files.flatMap(({ warning }) => warning ?? []));
    if (files.every(({ text }) => text !== undefined)) {
      material[name] = Object.fromEntries(files.map(({ key, text }) => [key, text])) as unknown as ClusterCa;
    }
  }
  return { material, missing, problems, warnings };
}

/** A file's text, or what is wrong with the file; for a secret one also whether others can read it. */
export function readCaFile(
  file: string,
  secret: boolean,
): { readonly text?: string; readonly problem?: Problem; readonly warning?: Problem } {
  const found = ({ message, fix }: Finding) => fileProblem(file, message, fix);
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a named pipe would hang the run.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = fstatSync(descriptor);
    if (!status.isFile()) {
      return {
        problem: found({ message: "is not a file; allowed is a PEM file", fix: "put the file there" }),
      };
    }
    if (status.size > largestFile) {
      return {
        problem: found({
          message: `has ${status.size} bytes; allowed are ${largestFile}`,
          fix: "put only what belongs there into the file: one certificate, its chain, or its key",
        }),
      };
    }
    const text = readFileSync(descriptor, "utf8");
    return secret && isOpenToOthers(status.mode) ? { text, warning: found(openToOthers(file)) } : { text };
  } catch (error) {
    return { problem: found(unreadable(error as NodeJS.ErrnoException)) };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
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

function unreadable({ code }: NodeJS.ErrnoException): Finding {
  if (code === "ENOENT" || code === "ENOTDIR") {
    return {
      message: `there is no such file; a cluster's folder holds ${Object.values(caFileNames).join(", ")}`,
      fix: "put it there from your backup or your CA",
    };
  }
  return { message: `cannot be read: ${quote(code)}`, fix: "make it readable for yourself" };
}
