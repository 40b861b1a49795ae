import { type ProblemText, quote } from "../mesh/problem";
import { type Certificate, isIssuedBy } from "./certificate";
import type { CaFileNames } from "./material";
import { allows, istioNames, type Name } from "./name-constraints";

/** One cluster's certificates. */
export interface ClusterCertificates {
  readonly caCert: Certificate;
  /** More than one during a root rotation. */
  readonly roots: readonly Certificate[];
  readonly certChain: readonly Certificate[];
  /** File names for messages. */
  readonly names: CaFileNames;
}

export interface ChainProblem extends ProblemText {
  readonly file: "caCert" | "rootCert" | "certChain";
}

/** How to write a cluster's chain. */
export const chainFix = ({ caCert, certChain, rootCert }: CaFileNames) =>
  caCert === certChain
    ? "put the intermediate first, then the certificates up to the root"
    : `put ${caCert} first, then the certificates up to the root: \`cat ${caCert} ${rootCert}\``;

/**
 * Why a proxy that trusts the roots would not trust a workload certificate, which istiod signs with the intermediate and
 * sends with cert-chain. Stricter than istiod's check at startup, which verifies the intermediate as a leaf.
 */
export function chainProblems(certificates: ClusterCertificates): ChainProblem[] {
  const unrooted = certificates.roots.flatMap((root) => rootProblem(root, certificates.names));
  if (unrooted.length > 0) return unrooted;
  const path = pathToRoot(certificates);
  if (!Array.isArray(path)) return [path as ChainProblem];
  return [...pathProblems(path, certificates), ...nameProblems(path), ...orderProblems(path, certificates)];
}

function rootProblem(root: Certificate, names: CaFileNames): ChainProblem | [] {
  if (isIssuedBy(root, root)) return [];
  const self = root.subjectDer.equals(root.issuerDer);
  return {
    file: "rootCert",
    message: self
      ? `has ${quote(root.subject)}, whose signature is invalid: expected self-signed roots`
      : `has ${quote(root.subject)}, issued by ${quote(root.issuer)}: expected self-signed roots`,
    fix: self
      ? "copy the root certificate again from its source"
      : `put the root certificate there, and this one into ${names.certChain}`,
  };
}

/** From the intermediate up to a root, or why there is no path. */
function pathToRoot({ caCert, roots, certChain, names }: ClusterCertificates): Certificate[] | ChainProblem {
  const path = [caCert];
  for (;;) {
    const last = path.at(-1)!;
    if (roots.some((root) => same(root, last))) return path;
    const unused = [...roots, ...certChain].filter((other) => !path.some((one) => same(one, other)));
    const named = unused.filter((other) => other.subjectDer.equals(last.issuerDer));
    const issuer = named.find((other) => isIssuedBy(last, other));
    const holder = last === caCert ? "caCert" : "certChain";
    if (!issuer) return deadEnd(last, named.length > 0, holder, names);
    const rival = named.find(
      (other) =>
        other.publicKeyFingerprint !== issuer.publicKeyFingerprint && last.x509.checkIssued(other.x509),
    );
    if (rival) return ambiguous(last, holder);
    path.push(issuer);
  }
}

/** BoringSSL selects the issuer by name and key identifier, and does not try a second one. */
function ambiguous(last: Certificate, holder: "caCert" | "certChain"): ChainProblem {
  return {
    file: holder,
    message: `has ${quote(last.subject)}, whose issuer is ambiguous: two certificates are named ${quote(last.issuer)}, and proxies try only the first`,
    fix: "reissue it with an authorityKeyIdentifier, or give the new root another name",
  };
}

function deadEnd(
  last: Certificate,
  issuerNamed: boolean,
  holder: "caCert" | "certChain",
  names: CaFileNames,
): ChainProblem {
  if (issuerNamed) {
    return {
      file: holder,
      message: `has ${quote(last.subject)}, which the key of ${quote(last.issuer)} in these files did not sign`,
      fix: "the issuer was recreated under its old name, or the files belong to different CAs: use the files of one CA",
    };
  }
  if (last.subjectDer.equals(last.issuerDer)) {
    return {
      file: holder,
      message: `chain ends at the root ${quote(last.subject)}, which is not in ${names.rootCert}`,
      fix: `put the root that issued the intermediate into ${names.rootCert}, in every cluster`,
    };
  }
  return {
    file: "certChain",
    message: `incomplete chain: neither it nor ${names.rootCert} has ${quote(last.issuer)}, the issuer of ${quote(last.subject)}`,
    fix: chainFix(names),
  };
}

function pathProblems(path: readonly Certificate[], { caCert }: ClusterCertificates): ChainProblem[] {
  return path.slice(1).flatMap((issuer, index) => {
    const below = index + 1;
    const last = index === path.length - 2;
    const file = last ? "rootCert" : "certChain";
    const problems: ChainProblem[] = [];
    if (issuer.pathLength !== undefined && issuer.pathLength < below) {
      problems.push({
        file,
        message: `has ${quote(issuer.subject)} with path length ${issuer.pathLength}: expected at least ${below}, the CA certificates below it`,
        fix: `issue ${quote(caCert.subject)} from a CA with a path length of at least ${below}, or none`,
      });
    }
    const issued = path[index]!;
    // Name and signature are correct; OpenSSL also checks the key identifier (and keyCertSign, which
    // certificate-rules.ts reports).
    if (issuer.maySignCertificates && !issued.x509.checkIssued(issuer.x509)) {
      problems.push({
        file: index === 0 ? "caCert" : "certChain",
        message: `has ${quote(issued.subject)}, whose authorityKeyIdentifier is not that of its issuer ${quote(issuer.subject)}; proxies refuse it`,
        fix: "reissue it from the certificate in these files",
      });
    }
    return problems;
  });
}

/** Go and BoringSSL check each name against every certificate above it, the root included. */
function nameProblems(path: readonly Certificate[]): ChainProblem[] {
  return path.flatMap((issuer, index) => {
    const { nameConstraints, subject } = issuer;
    if (!nameConstraints) return [];
    const file = index === 0 ? "caCert" : index === path.length - 1 ? "rootCert" : "certChain";
    const has = `has ${quote(subject)}, whose nameConstraints`;
    if (nameConstraints.refusedByGo) {
      return {
        file,
        message: `${has} are critical and name more than DNS, URI, email and IP, which istiod and the API server refuse`,
        fix: nameFix,
      };
    }
    const below = path
      .slice(0, index)
      .flatMap(({ names, subject: whose }) => names.map((name) => ({ ...name, whose: quote(whose) })));
    const refused = [...istioNames, ...below].find((name) => !allows(nameConstraints, name));
    if (!refused) return [];
    const { kind, whose } = refused;
    const limits = (["permitted", "excluded"] as const)
      .map((list) => ({ list, bases: nameConstraints[list].filter((one) => one.kind === kind) }))
      .filter(({ bases }) => bases.length > 0)
      .map(({ list, bases }) => `${list} ${bases.map(shown).join(", ")}`);
    return {
      file,
      message: `${has} (${limits.join("; ")}) do not allow ${shown(refused)} of ${whose}; ${
        kind === "URI" ? "proxies refuse each other" : "proxies and the API server refuse it"
      }`,
      fix: nameFix,
    };
  });
}

const shown = ({ kind, name }: Name) => `${kind}:${quote(name).slice(1, -1)}`;

const nameFix =
  "reissue it without nameConstraints, or with permitted DNS:istio-system.svc and URI:cluster.local";

/** The root may be missing from cert-chain, as in upstream's sample: every proxy has it. */
function orderProblems(
  path: readonly Certificate[],
  { caCert, certChain, names }: ClusterCertificates,
): ChainProblem[] {
  const strangers = certChain.filter((one) => !path.some((other) => same(one, other)));
  if (!certChain.some((one) => same(one, caCert))) {
    return [
      {
        file: "certChain",
        message: `incomplete chain: expected the certificate of ${names.caCert}`,
        fix: chainFix(names),
      },
    ];
  }
  if (strangers.length > 0) {
    return [
      {
        file: "certChain",
        message: `has ${quote(strangers[0]!.subject)}, which is not between ${names.caCert} and the root`,
        fix: chainFix(names),
      },
    ];
  }
  const inOrder = certChain.every((one, index) => path[index] && same(one, path[index]));
  return inOrder
    ? []
    : [
        {
          file: "certChain",
          message: "certificates are in the wrong order, or repeated",
          fix: chainFix(names),
        },
      ];
}

function same(one: Certificate, other: Certificate): boolean {
  return one.fingerprint === other.fingerprint;
}
