import { createHash, type KeyObject, X509Certificate } from "node:crypto";
import { type Der, derElements, derTags } from "./der";
import { type Name, type NameConstraints, readNameConstraints } from "./name-constraints";
import { pemBlocks } from "./pem";

/** A parsed certificate. Distinguished names and fingerprints are public. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly publicKeyFingerprint: string;
  /** To show: `O=mesh1, CN=Root CA`. */
  readonly subject: string;
  readonly issuer: string;
  /** To compare: Go compares names byte by byte. */
  readonly subjectDer: Buffer;
  readonly issuerDer: Buffer;
  /** Hex of the signed integer. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Object identifier's content in hex. */
  readonly signatureAlgorithm: string;
  readonly isCa: boolean;
  /** Maximum number of CA certificates below it; undefined: no limit. */
  readonly pathLength: number | undefined;
  /** True also without a key usage. */
  readonly maySignCertificates: boolean;
  /** Object identifiers; undefined: any usage. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** Names that certificates below it may have; undefined: any. */
  readonly nameConstraints: NameConstraints | undefined;
  /** Its own subjectAltNames that a CA above may constrain. */
  readonly names: readonly Name[];
}

const extensionIds = { keyUsage: "551d0f", basicConstraints: "551d13", nameConstraints: "551d1e" } as const;
/** keyCertSign, the bit numbered 5 from the left: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3 */
const keyCertSign = 0x04;

/** By their DER: OpenSSL takes a millisecond to parse one, and checks parse the same few again and again. */
const certificates = new Map<string, Certificate>();

/** Parses a DER certificate; undefined if Go's strict parser would refuse it. */
export function parseCertificate(der: Buffer): Certificate | undefined {
  const key = der.toString("latin1");
  try {
    const certificate = certificates.get(key) ?? readCertificate(der);
    certificates.set(key, certificate);
    return certificate;
  } catch {
    // OpenSSL's errors may quote the input.
    return undefined;
  }
}

/** Certificates in a PEM text; none in what is no PEM. */
export function certificatesIn(pem: string): Certificate[] {
  const blocks = pemBlocks(pem);
  return Array.isArray(blocks) ? blocks.flatMap(({ der }) => parseCertificate(der) ?? []) : [];
}

function readCertificate(der: Buffer): Certificate {
  const x509 = new X509Certificate(der);
  const [whole, ...trailing] = derElements(der);
  if (trailing.length > 0) throw new RangeError("bytes after the certificate");
  const [toBeSigned, algorithm] = derElements(whole!.content);
  const fields = derElements(toBeSigned!.content);
  if (fields[0]!.tag === derTags.context0) fields.shift();
  const [serial, , issuer, , subject, publicKey, ...optional] = fields;
  const extensions = readExtensions(optional);
  const { isCa, pathLength } = readBasicConstraints(extensions.get(extensionIds.basicConstraints)?.value);
  const constraints = extensions.get(extensionIds.nameConstraints);
  return {
    x509,
    publicKey: x509.publicKey,
    fingerprint: sha256(der),
    publicKeyFingerprint: sha256(publicKey!.raw),
    subject: x509.subject?.replaceAll("\n", ", ") ?? "",
    issuer: x509.issuer?.replaceAll("\n", ", ") ?? "",
    subjectDer: subject!.raw,
    issuerDer: issuer!.raw,
    serial: serial!.content.toString("hex"),
    notBefore: readDate(x509.validFrom),
    notAfter: readDate(x509.validTo),
    signatureAlgorithm: derElements(algorithm!.content)[0]!.content.toString("hex"),
    isCa,
    pathLength,
    maySignCertificates: maySign(extensions.get(extensionIds.keyUsage)?.value),
    extendedKeyUsage: x509.keyUsage,
    nameConstraints: constraints && readNameConstraints(constraints.value, constraints.critical),
    names: readNames(x509.subjectAltName),
  };
}

interface Extension {
  readonly value: Buffer;
  readonly critical: boolean;
}

/** By the extension's object identifier in hex. */
function readExtensions(optional: readonly Der[]): Map<string, Extension> {
  const list = optional.find(({ tag }) => tag === derTags.context3);
  const extensions = list ? derElements(derElements(list.content)[0]!.content) : [];
  return new Map(
    extensions.map(({ content }) => {
      const parts = derElements(content);
      const critical = parts.some(({ tag, content: value }) => tag === derTags.boolean && value[0] !== 0);
      return [parts[0]!.content.toString("hex"), { value: parts.at(-1)!.content, critical }];
    }),
  );
}

/** From node's `DNS:one, URI:two`; a quoted name has a comma, and is not a host name. */
const readNames = (subjectAltName: string | undefined): Name[] =>
  [...(subjectAltName ?? "").matchAll(/(?:^|, )(DNS|URI):([^",]+)/g)].map(([, kind, name]) => ({
    kind: kind as Name["kind"],
    name: name!,
  }));

function readBasicConstraints(value: Buffer | undefined) {
  const parts = value ? derElements(derElements(value)[0]!.content) : [];
  const length = parts.find(({ tag }) => tag === derTags.integer);
  return {
    isCa: parts.some(({ tag, content }) => tag === derTags.boolean && content[0] !== 0),
    pathLength: length && Number.parseInt(length.content.toString("hex"), 16),
  };
}

function maySign(keyUsage: Buffer | undefined): boolean {
  if (keyUsage === undefined) return true;
  // A bit string: the number of unused bits, then the bits.
  const [bits] = derElements(keyUsage);
  return ((bits?.content[1] ?? 0) & keyCertSign) !== 0;
}

/** The issuer's key signed the certificate, and the names match. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return certificate.issuerDer.equals(issuer.subjectDer) && isSignedBy(certificate, issuer);
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.publicKey);
  } catch {
    return false; // a key of another type, or unknown to OpenSSL
  }
}

function readDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RangeError("not a date");
  return date;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
