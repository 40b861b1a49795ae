import { type ProblemText, quote } from "../mesh/problem";
import { type Certificate, isIssuedBy } from "./certificate";
import { keyWeakness } from "./key";
import { sampleCertificates } from "./sample-certificates";
import { day, warnDays } from "./validity";

export interface RuleContext {
  readonly now: Date;
  readonly acceptSampleCertificates: boolean;
  /** How to renew it. */
  readonly renewal: string;
}

export interface CertificateProblem extends ProblemText {
  readonly severity: "problem" | "warning";
}

type Rule = (certificate: Certificate, context: RuleContext) => CertificateProblem | undefined;

const problem = (message: string, fix: string): CertificateProblem => ({ severity: "problem", message, fix });
const warning = (message: string, fix: string): CertificateProblem => ({ severity: "warning", message, fix });

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
        "for demos only; remove ca.files, and run `mesh ca` to create your own CA",
      )
    : problem(
        `${what}: ${danger}`,
        "remove ca.files, and run `mesh ca` to create your own CA; for a demo set ca.acceptSampleCertificates: true",
      );
};

const isCa: Rule = (certificate) =>
  certificate.isCa
    ? undefined
    : problem(
        `not a CA certificate (${quote(certificate.subject)}): expected basicConstraints CA:TRUE`,
        "use a CA certificate; a server or client certificate cannot sign workload certificates",
      );

const maySignCertificates: Rule = (certificate) =>
  certificate.maySignCertificates
    ? undefined
    : problem(
        "cannot sign certificates: expected keyCertSign in keyUsage",
        "reissue it with keyUsage keyCertSign",
      );

const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";
const anyUsage = "2.5.29.37.0";

/** For Go and BoringSSL, a CA's extended key usage limits the certificates below it. */
const allowsMutualTls: Rule = ({ extendedKeyUsage: usage }) =>
  usage === undefined ||
  usage.includes(anyUsage) ||
  (usage.includes(serverAuth) && usage.includes(clientAuth))
    ? undefined
    : problem(
        "extendedKeyUsage excludes mutual TLS: expected none, or both serverAuth and clientAuth",
        "reissue it without extendedKeyUsage",
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

/** A root's own signature is not verified. Below it Go refuses SHA-1 and MD5. */
const hasStrongSignature: Rule = (certificate, { renewal }) => {
  const hash = weakSignatures[certificate.signatureAlgorithm];
  if (!hash) return undefined;
  const message = `is signed with ${hash}`;
  return isIssuedBy(certificate, certificate)
    ? warning(
        `${message}; a root's own signature is not verified, but newer tools refuse to load it`,
        renewal,
      )
    : problem(`${message}, which istiod refuses: expected SHA-256 or stronger`, renewal);
};

const hasBegun: Rule = (certificate, { now }) =>
  certificate.notBefore <= now
    ? undefined
    : problem(
        `not valid before ${instant(certificate.notBefore)}; the time is ${instant(now)}`,
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
    ? problem("negative serial number, which istiod refuses: expected a positive one", renewal)
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

/** Problems of one certificate, whatever its place in the chain. */
export function certificateProblems(certificate: Certificate, context: RuleContext): CertificateProblem[] {
  return rules.flatMap((rule) => rule(certificate, context) ?? []);
}

/** `2036-11-20T12:00:00Z`: the day depends on the time zone. */
function instant(date: Date): string {
  return date.toISOString().replace(/\.\d+/, "");
}
