import type { ProblemText } from "../mesh/problem";
import type { Certificate } from "./certificate";

/** A value with its file. */
type Filed<T> = readonly [file: string, value: T];

export interface FiledProblem extends ProblemText {
  readonly file: string;
}

/** Clusters trust each other through one root: the certificates of every root-cert.pem must be the same. */
export function differentRoots(rootFiles: readonly Filed<readonly Certificate[]>[]): FiledProblem[] {
  const [first, ...others] = rootFiles.map(([file, roots]) => ({ file, roots: shortFingerprints(roots) }));
  return others
    .filter(({ roots }) => roots !== first!.roots)
    .map(({ file, roots }) => ({
      file,
      message: `root differs from ${first!.file}: SHA-256 ${roots}, expected ${first!.roots}; a mesh has one root`,
      fix: "issue the intermediate of every cluster from one root, and put that root certificate into every folder",
    }));
}

/** A warning: one intermediate in several clusters works, and a company's CA may issue only one. */
export function sharedIntermediates(intermediates: readonly Filed<Certificate>[]): FiledProblem[] {
  return groups(intermediates, ({ publicKeyFingerprint }) => publicKeyFingerprint).map((files) => ({
    file: files[1]!,
    message: `has the same key as ${files[0]}: an attacker in one cluster can impersonate workloads of the other (shared by ${files.length} clusters)`,
    fix: "issue a separate intermediate for each cluster",
  }));
}

/** A warning: RFC 5280 requires unique numbers, but only revocation lists and some tools depend on them. */
export function repeatedSerials(certificates: readonly Filed<Certificate>[]): FiledProblem[] {
  const identity = ({ issuerDer, serial }: Certificate) => `${issuerDer.toString("hex")} ${serial}`;
  return groups(certificates, identity).map((files) => ({
    file: files[1]!,
    message: `duplicate serial number: ${files[0]} has it already, from the same issuer`,
    fix: "reissue it with another serial number",
  }));
}

/** Files of values with the same identity, by group. */
function groups<T>(filed: readonly Filed<T>[], identity: (value: T) => string): string[][] {
  const byIdentity = new Map<string, string[]>();
  for (const [file, value] of filed) {
    byIdentity.set(identity(value), [...(byIdentity.get(identity(value)) ?? []), file]);
  }
  return [...byIdentity.values()].filter((files) => files.length > 1);
}

function shortFingerprints(roots: readonly Certificate[]): string {
  return roots
    .map(({ fingerprint }) => fingerprint.slice(0, 16))
    .sort()
    .join(" and ");
}
