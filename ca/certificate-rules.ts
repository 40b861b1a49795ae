import { quote } from "../mesh/problem";
import { type Certificate, isIssuedBy } from "./certificate";
import { keyWeakness } from "./key";
import type { Finding } from "./pem";
import { sampleCertificates } from "./sample-certificates";

/** What the rules need beside the certificate. */
export interface RuleContext {
  readonly now: Date;
  readonly acceptSampleCertificates: boolean;
  /** How its owner gets a new one. */
  readonly renewal: string;
}

export interface RuledFinding extends Finding {
  readonly severity: "problem" | "warning";
}

type Rule = (certificate: Certificate, context: RuleContext) => RuledFinding | undefined;

const day = 24 * 60 * 60 * 1000;
/** Days before the end from which on every run warns, `mesh status` and `mesh verify` too. */
export const warnDays = 30;

const problem = (message: string, fix: string): RuledFinding => ({ severity: "problem", message, fix });
const warning = (message: string, fix: string): RuledFinding => ({ severity: "warning", message, fix });

const isNoSample: Rule = (certificate, { acceptSampleCertificates }) => {
  const sample = sampleCertificates.find(
    (row) =>
      row.certificate === certificate.fingerprint || row.publicKey === certificate.publicKeyFingerprint,
  );
  if (!sample) return undefined;
  const what =
    sample.certificate === certificate.fingerprint
      ? `is Istio's published sample certificate ${sample.file}`
      : `has the public key of Istio's published sample certificate ${sample.file}`;
  const danger = "anyone has its private key and can join this mesh as any workload";
  return acceptSampleCertificates
    ? warning(
        `${what}: ${danger}`,
        "for demos only; leave out ca.files, and `mesh ca` makes a CA of your own",
      )
    : problem(
        `${what}: ${danger}`,
        "leave out ca.files, and `mesh ca` makes a CA of your own; for a demo set ca.acceptSampleCertificates: true",
      );
};

const isCa: Rule = (certificate) =>
  certificate.isCa
    ? undefined
    : problem(
        `is no CA certificate (${quote(certificate.subject)}); allowed is one with basicConstraints CA:TRUE`,
        "have a CA certificate issued; a server's or client's certificate cannot sign workloads' certificates",
      );

const maySignCertificates: Rule = (certificate) =>
  certificate.maySignCertificates
    ? undefined
    : problem(
        "may not sign certificates: its keyUsage lacks keyCertSign",
        "have it issued again with keyUsage keyCertSign",
      );

const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";
const anyUsage = "2.5.29.37.0";

/** Go and BoringSSL take a CA's extended key usage as a limit on what is below it. */
const allowsMutualTls: Rule = ({ extendedKeyUsage: usage }) =>
  usage === undefined ||
  usage.includes(anyUsage) ||
  (usage.includes(serverAuth) && usage.includes(clientAuth))
    ? undefined
    : problem(
        "has an extendedKeyUsage that rules out mutual TLS; allowed is none, or serverAuth and clientAuth together",
        "have it issued again without extendedKeyUsage",
      );

const hasStrongKey: Rule = (certificate) => {
  const weakness = keyWeakness(certificate.publicKey);
  return weakness && problem(weakness.message, weakness.fix);
};

const weakSignatures: Readonly<Record<string, string>> = {
  "2a864886f70d010102": "MD2",
  "2a864886f70d010104": "MD5",
  "2a864886f70d010105": "SHA-1",
  "2a8648ce3d0401": "SHA-1",
};

/** A root is trusted for what it is; nobody verifies its own signature. Below it Go refuses SHA-1 and MD5. */
const hasStrongSignature: Rule = (certificate, { renewal }) => {
  const hash = weakSignatures[certificate.signatureAlgorithm];
  if (!hash) return undefined;
  const message = `is signed with ${hash}`;
  return isIssuedBy(certificate, certificate)
    ? warning(
        `${message}; a root's own signature is not verified, but newer tools refuse to load it`,
        renewal,
      )
    : problem(`${message}, which istiod refuses; allowed is SHA-256 or stronger`, renewal);
};

const hasBegun: Rule = (certificate, { now }) =>
  certificate.notBefore <= now
    ? undefined
    : problem(
        `is not valid before ${instant(certificate.notBefore)}; now is ${instant(now)}`,
        "check this machine's clock, or wait",
      );

const hasNotEnded: Rule = (certificate, { now, renewal }) => {
  const left = certificate.notAfter.getTime() - now.getTime();
  if (left < 0) return problem(`expired on ${instant(certificate.notAfter)}`, renewal);
  return left < warnDays * day
    ? warning(`expires in ${Math.floor(left / day)} days, on ${instant(certificate.notAfter)}`, renewal)
    : undefined;
};

/** Go's parser refuses it, so istiod would not start. */
const hasPositiveSerial: Rule = ({ serial }, { renewal }) =>
  /^[89a-f]/.test(serial)
    ? problem("has a negative serial number, which istiod refuses; allowed is a positive one", renewal)
    : undefined;

const rules: readonly Rule[] = [
  isNoSample,
  isCa,
  maySignCertificates,
  allowsMutualTls,
  hasStrongKey,
  hasStrongSignature,
  hasPositiveSerial,
  hasBegun,
  hasNotEnded,
];

/** What is wrong with a certificate by itself, wherever in a CA it stands. */
export function certificateFindings(certificate: Certificate, context: RuleContext): RuledFinding[] {
  return rules.flatMap((rule) => rule(certificate, context) ?? []);
}

/** `2036-11-20T12:00:00Z`: a day alone is wrong by a day somewhere. */
function instant(date: Date): string {
  return date.toISOString().replace(/\.\d+/, "");
}
