import "reflect-metadata";
import { createPrivateKey, type KeyObject, webcrypto } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as x509 from "@peculiar/x509";
import type { ClusterCa } from "../../ca/material";
import { caFileNames } from "../../ca/material";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";

x509.cryptoProvider.set(webcrypto);

export { x509 };

/** A fixed time: nothing here depends on the machine's clock. */
export const now = new Date("2030-06-01T12:00:00Z");
export const days = (count: number) => new Date(now.getTime() + count * 24 * 60 * 60 * 1000);

export type Keys = { readonly publicKey: webcrypto.CryptoKey; readonly privateKey: webcrypto.CryptoKey };
export const kinds = {
  p256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  p384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-256" },
  ed25519: { name: "Ed25519" },
  rsa1024: rsa(1024),
  rsa2048: rsa(2048),
} as const;

function rsa(modulusLength: number) {
  return {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
}

export async function newKeys(kind: keyof typeof kinds = "p256"): Promise<Keys> {
  return (await webcrypto.subtle.generateKey(kinds[kind], true, ["sign", "verify"])) as Keys;
}

export interface Issued {
  readonly certificate: x509.X509Certificate;
  readonly pem: string;
  readonly keys: Keys;
}

export interface Wanted {
  readonly subject: string;
  /** @default - self-signed */
  readonly issuer?: Issued;
  readonly keys?: Keys;
  /** Overrides the key that is certified. */
  readonly publicKey?: x509.PublicKey;
  /** @default true */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** @default - keyCertSign and cRLSign; null: no such extension */
  readonly usage?: number | null;
  readonly extendedUsage?: string[];
  /** DNS names. */
  readonly names?: readonly string[];
  readonly from?: Date;
  readonly to?: Date;
  readonly hash?: string;
  readonly serial?: string;
  /** Hex of another key's identifier. */
  readonly issuerKeyId?: string;
}

let serials = 0x1000;

/** A certificate as a company's CA might issue it, right or wrong. */
export async function issue(wanted: Wanted): Promise<Issued> {
  const keys = wanted.keys ?? (await newKeys());
  const signer = wanted.issuer?.keys ?? keys;
  const publicKey = wanted.publicKey ?? keys.publicKey;
  const usage =
    wanted.usage === undefined ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign : wanted.usage;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: wanted.serial ?? (serials++).toString(16),
    subject: wanted.subject,
    issuer: wanted.issuer?.certificate.subjectName ?? wanted.subject,
    notBefore: wanted.from ?? days(-1),
    notAfter: wanted.to ?? days(1000),
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { ...signer.privateKey.algorithm, hash: wanted.hash ?? "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(wanted.ca ?? true, wanted.pathLength, true),
      ...(usage === null ? [] : [new x509.KeyUsagesExtension(usage, true)]),
      ...(wanted.extendedUsage ? [new x509.ExtendedKeyUsageExtension(wanted.extendedUsage)] : []),
      ...(wanted.names
        ? [new x509.SubjectAlternativeNameExtension(wanted.names.map((value) => ({ type: "dns", value })))]
        : []),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ...(wanted.issuerKeyId ? [new x509.AuthorityKeyIdentifierExtension(wanted.issuerKeyId)] : []),
    ],
  });
  return { certificate, pem: `${certificate.toString("pem")}\n`, keys };
}

/** The private key for node:crypto, which writes it in any form. */
export async function keyObject({ privateKey }: Keys): Promise<KeyObject> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

export async function keyPem(keys: Keys, type: "pkcs8" | "sec1" | "pkcs1" = "pkcs8"): Promise<string> {
  return (await keyObject(keys)).export({ type: type as "pkcs8", format: "pem" }).toString();
}

/** The four files of a cluster whose intermediate comes straight from the root, unless said otherwise. */
export async function clusterCa(
  intermediate: Issued,
  root: Issued,
  between: readonly Issued[] = [],
): Promise<ClusterCa> {
  return {
    caCert: intermediate.pem,
    caKey: await keyPem(intermediate.keys),
    rootCert: root.pem,
    certChain: [intermediate, ...between, root].map(({ pem }) => pem).join(""),
  };
}

/** A mesh of main0 and remote0, with a few lines of `mesh.yaml` more. */
export function meshOf(more = "", clusters: readonly string[] = ["main0", "remote0"]): Mesh {
  const rows = clusters.map(
    (name, index) =>
      `  - { name: ${name}, role: ${index === 0 ? "primary" : "remote"}, network: n${index}, context: ${name} }`,
  );
  return parseMesh(`clusters:\n${rows.join("\n")}\n${more}`, "mesh.yaml");
}

export const ownCa = "ca: { files: own-ca }";

/** Relative file name to text or bytes. */
export type Files = Record<string, string | Buffer>;

export function filesOf(cas: Readonly<Record<string, ClusterCa>>): Files {
  return Object.fromEntries(
    Object.entries(cas).flatMap(([cluster, ca]) =>
      Object.entries(caFileNames).map(([key, file]) => [`${cluster}/${file}`, ca[key as keyof ClusterCa]]),
    ),
  );
}

export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, /key/.test(name) ? 0o600 : 0o644);
  }
}

const folders: string[] = [];

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mesh-ca-"));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Lines of key material in the files: none of them may stand in a message. */
export function secretLines(files: Files): string[] {
  return Object.values(files)
    .map(String)
    .flatMap((text) =>
      [...text.matchAll(/PRIVATE KEY-----([^-]*)-----END/g)].flatMap(([, body]) => body!.split("\n")),
    )
    .filter((line) => line.length > 15);
}

export function sample(name: string): string {
  return readFileSync(join(__dirname, "fixtures", "istio-samples", `${name}.pem`), "utf8");
}
