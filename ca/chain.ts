import { quote } from "../mesh/problem";
import { type Certificate, isIssuedBy } from "./certificate";
import type { CaFileNames } from "./material";
import { allows, istioNames, type Name } from "./name-constraints";
import type { Finding } from "./pem";

/** One cluster's certificates, read. */
export interface ClusterCertificates {
  readonly caCert: Certificate;
  /** More than one only while a root is being replaced. */
  readonly roots: readonly Certificate[];
  readonly certChain: readonly Certificate[];
  /** What messages call the files. */
  readonly names: CaFileNames;
}

/** The file that is wrong, and what is wrong with it. */
export interface ChainFinding extends Finding {
  readonly file: "caCert" | "rootCert" | "certChain";
}

/** How a cluster's chain is written. */
export const chainFix = ({ caCert, certChain, rootCert }: CaFileNames) =>
  caCert === certChain
    ? "put the cluster's own certificate first, then what leads from it to the root"
    : `put ${caCert} first, then what leads from it to the root: \`cat ${caCert} ${rootCert}\``;

/**
 * What keeps a proxy that trusts the roots from trusting a workload's certificate: istiod signs it with the
 * intermediate and hands out cert-chain with it. Stricter than istiod's own check at its start, which takes the
 * intermediate for the end of the chain and so does not see that it could sign nothing.
 */
export function chainFindings(certificates: ClusterCertificates): ChainFinding[] {
  const unrooted = certificates.roots.flatMap((root) => rootFinding(root, certificates.names));
  if (unrooted.length > 0) return unrooted;
  const path = pathToRoot(certificates);
  if (!Array.isArray(path)) return [path as ChainFinding];
  return [...pathFindings(path, certificates), ...nameFindings(path), ...orderFindings(path, certificates)];
}

function rootFinding(root: Certificate, names: CaFileNames): ChainFinding | [] {
  if (isIssuedBy(root, root)) return [];
  const self = root.subjectDer.equals(root.issuerDer);
  return {
    file: "rootCert",
    message: self
      ? `holds ${quote(root.subject)}, whose signature is not of its own key; allowed are self-signed roots`
      : `holds ${quote(root.subject)}, issued by ${quote(root.issuer)}; allowed are self-signed roots`,
    fix: self
      ? "copy the root's certificate again from where it was made"
      : `put the root's certificate there, and this one into ${names.certChain}`,
  };
}

/** From the intermediate up to a root, or why there is no way. */
function pathToRoot({ caCert, roots, certChain, names }: ClusterCertificates): Certificate[] | ChainFinding {
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

/** BoringSSL goes by name and key identifier, and tries no second one when the signature does not fit. */
function ambiguous(last: Certificate, holder: "caCert" | "certChain"): ChainFinding {
  return {
    file: holder,
    message: `holds ${quote(last.subject)}, which may come from either of two certificates named ${quote(last.issuer)}; proxies try the first alone`,
    fix: "have it issued with an authorityKeyIdentifier, or give the new root a name of its own",
  };
}

function deadEnd(
  last: Certificate,
  issuerNamed: boolean,
  holder: "caCert" | "certChain",
  names: CaFileNames,
): ChainFinding {
  if (issuerNamed) {
    return {
      file: holder,
      message: `holds ${quote(last.subject)}, whose signature is not of the key of ${quote(last.issuer)} in these files`,
      fix: "the issuer was made again under its old name, or the files belong to different CAs: take all of them from one",
    };
  }
  if (last.subjectDer.equals(last.issuerDer)) {
    return {
      file: holder,
      message: `leads to the root ${quote(last.subject)}, which is not in ${names.rootCert}`,
      fix: `put the root that issued the intermediate into ${names.rootCert}, in every cluster`,
    };
  }
  return {
    file: "certChain",
    message: `does not lead to the root: neither it nor ${names.rootCert} holds ${quote(last.issuer)}, which issued ${quote(last.subject)}`,
    fix: chainFix(names),
  };
}

function pathFindings(path: readonly Certificate[], { caCert }: ClusterCertificates): ChainFinding[] {
  return path.slice(1).flatMap((issuer, index) => {
    const below = index + 1;
    const last = index === path.length - 2;
    const file = last ? "rootCert" : "certChain";
    const findings: ChainFinding[] = [];
    if (issuer.pathLength !== undefined && issuer.pathLength < below) {
      findings.push({
        file,
        message: `holds ${quote(issuer.subject)} with a path length of ${issuer.pathLength}; ${below} CA certificates follow below it`,
        fix: `have ${quote(caCert.subject)} issued by a CA that allows it, with a path length of at least ${below} or none`,
      });
    }
    const issued = path[index]!;
    // With the name and the signature right, what OpenSSL's check adds is the key identifier (and keyCertSign,
    // which the certificate's own rules report).
    if (issuer.maySignCertificates && !issued.x509.checkIssued(issuer.x509)) {
      findings.push({
        file: index === 0 ? "caCert" : "certChain",
        message: `holds ${quote(issued.subject)}, whose authorityKeyIdentifier is not that of its issuer ${quote(issuer.subject)}; proxies refuse it`,
        fix: "have it issued again by the certificate in these files",
      });
    }
    return findings;
  });
}

/** Go and BoringSSL hold every certificate of the path, the root's own included, against each name below it. */
function nameFindings(path: readonly Certificate[]): ChainFinding[] {
  return path.flatMap((issuer, index) => {
    const { nameConstraints, subject } = issuer;
    if (!nameConstraints) return [];
    const file = index === 0 ? "caCert" : index === path.length - 1 ? "rootCert" : "certChain";
    const holds = `holds ${quote(subject)}, whose nameConstraints`;
    if (nameConstraints.refusedByGo) {
      return {
        file,
        message: `${holds} are critical and name more than DNS, URI, email and IP, which istiod and the API server refuse`,
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
      message: `${holds} (${limits.join("; ")}) do not allow ${shown(refused)} of ${whose}; ${
        kind === "URI" ? "proxies refuse each other" : "proxies and the API server refuse it"
      }`,
      fix: nameFix,
    };
  });
}

const shown = ({ kind, name }: Name) => `${kind}:${quote(name).slice(1, -1)}`;

const nameFix =
  "have it issued without nameConstraints, or with permitted DNS:istio-system.svc and URI:cluster.local";

/** The root itself may be missing from cert-chain: upstream's sample has none, and every proxy holds it anyway. */
function orderFindings(
  path: readonly Certificate[],
  { caCert, certChain, names }: ClusterCertificates,
): ChainFinding[] {
  const strangers = certChain.filter((one) => !path.some((other) => same(one, other)));
  if (!certChain.some((one) => same(one, caCert))) {
    return [
      {
        file: "certChain",
        message: `lacks the certificate of ${names.caCert}, so no workload's certificate leads to the root`,
        fix: chainFix(names),
      },
    ];
  }
  if (strangers.length > 0) {
    return [
      {
        file: "certChain",
        message: `holds ${quote(strangers[0]!.subject)}, which is not on the way from ${names.caCert} to the root`,
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
          message: "holds its certificates in the wrong order, or one twice",
          fix: chainFix(names),
        },
      ];
}

function same(one: Certificate, other: Certificate): boolean {
  return one.fingerprint === other.fingerprint;
}
