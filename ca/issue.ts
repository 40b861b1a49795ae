import "reflect-metadata";
import { createHash, createPrivateKey, type KeyObject, randomBytes, webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { clockSkewAllowance, day, validityDays } from "./validity";

cryptoProvider.set(webcrypto);

export interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}

/** A certificate with its key: PEM texts, the key as PKCS#8, which every istiod reads. */
export interface IssuedCa {
  readonly cert: string;
  readonly key: string;
}

/** A root that can sign. */
export interface Issuer {
  readonly certificate: X509Certificate;
  readonly signingKey: webcrypto.CryptoKey;
}

/** The control plane's name for proxies; upstream's recipe puts it into the intermediate. */
const istiodName = "istiod.istio-system.svc";

const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const usages = ["sign", "verify"] as const;

/** A new RSA key, created in node's thread pool: several run in parallel. */
export async function newKeyPair(bits: number): Promise<KeyPair> {
  const algorithm = { ...rsa, modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]) };
  return (await webcrypto.subtle.generateKey(algorithm, true, [...usages])) as KeyPair;
}

/** A self-signed root. */
export async function issueRoot(meshName: string, keys: KeyPair, now: Date): Promise<IssuedCa> {
  const name: JsonName = [{ O: [meshName] }, { CN: [`Root CA ${await shortId(keys.publicKey)}`] }];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: name,
    issuer: name,
    notBefore: new Date(now.getTime() - clockSkewAllowance),
    notAfter: new Date(now.getTime() + validityDays * day),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: rsa,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(certificate), key: await privateKeyPem(keys) };
}

/** An intermediate that signs workload certificates only. It expires with its root at the latest. */
export async function issueIntermediate(
  root: Issuer,
  names: { readonly mesh: string; readonly cluster: string },
  keys: KeyPair,
  now: Date,
): Promise<IssuedCa> {
  const end = Math.min(now.getTime() + validityDays * day, root.certificate.notAfter.getTime());
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ O: [names.mesh] }, { CN: ["Intermediate CA"] }, { L: [names.cluster] }],
    issuer: root.certificate.subjectName,
    notBefore: new Date(Math.max(now.getTime() - clockSkewAllowance, root.certificate.notBefore.getTime())),
    notAfter: new Date(end),
    publicKey: keys.publicKey,
    signingKey: root.signingKey,
    signingAlgorithm: { ...root.signingKey.algorithm, hash: "SHA-256" },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: istiodName }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(root.certificate.publicKey),
    ],
  });
  return { cert: pem(certificate), key: await privateKeyPem(keys) };
}

/** WebCrypto's names of the curves that `keyWeakness` accepts. */
const namedCurves: Readonly<Record<string, string>> = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

/** A root from its PEM texts, which `checkCa` has accepted. */
export async function readIssuer({ cert, key }: IssuedCa): Promise<Issuer> {
  const privateKey: KeyObject = createPrivateKey(key);
  const algorithm =
    privateKey.asymmetricKeyType === "ec"
      ? { name: "ECDSA", namedCurve: namedCurves[privateKey.asymmetricKeyDetails!.namedCurve!]! }
      : rsa;
  const der = privateKey.export({ type: "pkcs8", format: "der" });
  return {
    certificate: new X509Certificate(cert),
    signingKey: await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]),
  };
}

async function privateKeyPem({ privateKey }: KeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}

/** During a root rotation, the two roots must have different names. */
async function shortId(publicKey: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("spki", publicKey);
  return createHash("sha256").update(Buffer.from(der)).digest("hex").slice(0, 8);
}

/** 126 random bits, positive and of a fixed length: unique without a record of what was issued. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
