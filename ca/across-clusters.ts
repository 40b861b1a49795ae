import type { Certificate } from "./certificate";
import type { Finding } from "./pem";

/** Something, and the file in which it stands. */
type Filed<T> = readonly [file: string, value: T];

/** A finding about one file that comes from its comparison with others. */
export interface FiledFinding extends Finding {
  readonly file: string;
}

/** Clusters trust each other through one root: the certificates of every root-cert.pem must be the same. */
export function differentRoots(rootFiles: readonly Filed<readonly Certificate[]>[]): FiledFinding[] {
  const [first, ...others] = rootFiles.map(([file, roots]) => ({ file, roots: shortFingerprints(roots) }));
  return others
    .filter(({ roots }) => roots !== first!.roots)
    .map(({ file, roots }) => ({
      file,
      message: `differs from ${first!.file}: SHA-256 ${roots} here, ${first!.roots} there; allowed is one root for the whole mesh`,
      fix: "issue every cluster's intermediate from one root, and put that root's certificate into every folder",
    }));
}

/** One intermediate in several clusters works, and a company's CA may not issue more than one: no more than a warning. */
export function sharedIntermediates(intermediates: readonly Filed<Certificate>[]): FiledFinding[] {
  return groups(intermediates, ({ publicKeyFingerprint }) => publicKeyFingerprint).map((files) => ({
    file: files[1]!,
    message: `has the same key as ${files[0]}: who gets into one cluster can speak for the other (shared by ${files.length} clusters)`,
    fix: "issue an intermediate of its own for each cluster",
  }));
}

/** RFC 5280 wants them unique; Istio works without, revocation lists and some tools do not: a warning. */
export function repeatedSerials(certificates: readonly Filed<Certificate>[]): FiledFinding[] {
  const identity = ({ issuerDer, serial }: Certificate) => `${issuerDer.toString("hex")} ${serial}`;
  return groups(certificates, identity).map((files) => ({
    file: files[1]!,
    message: `has the serial number of ${files[0]}, from the same issuer; allowed is a number of its own`,
    fix: "have it issued again with another serial number",
  }));
}

/** Files of the values that have the same identity as another one, group by group. */
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
