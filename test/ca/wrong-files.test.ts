import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { loadCa } from "../../ca/load";
import { InputError } from "../../mesh/problem";
import {
  clusterCa,
  days,
  type Files,
  filesOf,
  type Issued,
  issue,
  keyObject,
  keyPem,
  meshOf,
  newFolder,
  newKeys,
  now,
  ownCa,
  removeFolders,
  sample,
  secretLines,
  writeFiles,
  x509,
} from "./authority";

const { digitalSignature } = x509.KeyUsageFlags;

let root: Issued;
let main0: Issued;
let remote0: Issued;
let sound: Files;

beforeAll(async () => {
  root = await issue({ subject: "O=Corp, CN=Root" });
  main0 = await issue({ subject: "O=Corp, CN=Mesh CA, L=main0", issuer: root, pathLength: 0 });
  remote0 = await issue({ subject: "O=Corp, CN=Mesh CA, L=remote0", issuer: root, pathLength: 0 });
  sound = filesOf({ main0: await clusterCa(main0, root), remote0: await clusterCa(remote0, root) });
});
afterAll(removeFolders);

/** What `loadCa` says of the files: `severity file: message`, with the fix. */
function verdict(files: Files, more = ownCa, prepare: (folder: string) => void = () => undefined): string[] {
  const home = newFolder();
  writeFiles(join(home, "own-ca"), files);
  prepare(join(home, "own-ca"));
  const relative = (text: string) => text.replaceAll(`${home}/own-ca/`, "").replaceAll(`${home}/`, "");
  const said = (() => {
    try {
      const { warnings } = loadCa(meshOf(more), join(home, "mesh.yaml"), now);
      return warnings.map((text) => `warning ${relative(text)}`);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return error.message.split(/\n(?! )/).map((text) => `problem ${relative(text)}`);
    }
  })();
  for (const line of secretLines(files)) expect(said.join("\n")).not.toContain(line);
  for (const text of said) expect(text).toMatch(/\n {2}fix: \S/);
  return said;
}

/** Files like the sound ones but for main0's intermediate. */
async function withMain0(intermediate: Issued, between: readonly Issued[] = []): Promise<Files> {
  return { ...sound, ...filesOf({ main0: await clusterCa(intermediate, root, between) }) };
}

/** Files of one root that has a flaw, sound otherwise. */
async function withRoot(flawed: Issued): Promise<Files> {
  const issued = (cluster: string) => issue({ subject: `O=Corp, CN=Mesh CA, L=${cluster}`, issuer: flawed });
  return filesOf({
    main0: await clusterCa(await issued("main0"), flawed),
    remote0: await clusterCa(await issued("remote0"), flawed),
  });
}

const subject = "O=Corp, CN=Mesh CA, L=main0";
const flawed = async (flaw: Partial<Parameters<typeof issue>[0]>) =>
  withMain0(await issue({ subject, issuer: root, ...flaw }));
const der = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
const openssl = (args: readonly string[], input: string) =>
  execFileSync("openssl", [...args], { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
/** A self-signed CA of a kind that WebCrypto does not make: its certificate and key. */
function opensslRoot(...args: string[]) {
  const key = join(newFolder(), "key.pem");
  const base = ["req", "-x509", "-nodes", "-keyout", key, "-subj", "/O=Corp/CN=Other Root", "-days", "9000"];
  return execFileSync("openssl", [...base, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

type Case = readonly [name: string, files: () => Files | Promise<Files>, expected: RegExp];

const text = (change: Files | (() => Files | Promise<Files>)) => async () => ({
  ...sound,
  ...(typeof change === "function" ? await change() : change),
});

/** Each is refused with a separate message that names the invalid file. */
const refused: readonly Case[] = [
  // Texts
  ["empty", text({ "main0/ca-cert.pem": "" }), /^problem main0\/ca-cert.pem: is empty/],
  ["only white space", text({ "main0/ca-key.pem": " \n\t\n" }), /^problem main0\/ca-key.pem: is empty/],
  ["not PEM", text({ "main0/cert-chain.pem": "hello\n" }), /^problem main0\/cert-chain.pem: is not PEM/],
  [
    "a DER certificate",
    text(() => ({ "main0/ca-cert.pem": der(main0.pem) })),
    /^problem main0\/ca-cert.pem: is binary \(DER/,
  ],
  [
    "a DER key",
    text(async () => ({
      "main0/ca-key.pem": (await keyObject(main0.keys)).export({ type: "pkcs8", format: "der" }),
    })),
    /^problem main0\/ca-key.pem: is binary \(DER/,
  ],
  [
    "UTF-16",
    text(() => ({ "main0/ca-cert.pem": Buffer.from(`\ufeff${main0.pem}`, "utf16le") })),
    /^problem main0\/ca-cert.pem: is UTF-16/,
  ],
  [
    "a byte order mark",
    text(() => ({ "main0/ca-cert.pem": `\ufeff${main0.pem}` })),
    /^problem main0\/ca-cert.pem: damaged PEM block/,
  ],
  [
    "cut off",
    text(() => ({ "main0/ca-cert.pem": main0.pem.slice(0, -20) })),
    /^problem main0\/ca-cert.pem: damaged PEM block/,
  ],
  [
    "indented",
    text(() => ({ "main0/root-cert.pem": root.pem.replace(/^/gm, "  ") })),
    /^problem main0\/root-cert.pem: damaged PEM block/,
  ],
  [
    "a letter that is not base64",
    text(() => ({ "main0/ca-cert.pem": main0.pem.replace("MII", "M*I").replace("MIIB", "*") })),
    /^problem main0\/ca-cert.pem: damaged PEM block/,
  ],
  [
    "a second block cut off",
    text(() => ({ "main0/cert-chain.pem": main0.pem + root.pem.slice(0, 90) })),
    /^problem main0\/cert-chain.pem: damaged PEM block/,
  ],
  [
    "a certificate without its end",
    text(() => ({ "main0/ca-cert.pem": main0.pem.replace(/\n[^\n]+\n[^\n]+\n-----END/, "\n-----END") })),
    /^problem main0\/ca-cert.pem: has a CERTIFICATE block that is not an X\.509/,
  ],
  [
    "bytes after the certificate",
    text(() => ({
      "main0/ca-cert.pem": `-----BEGIN CERTIFICATE-----\n${Buffer.concat([der(main0.pem), Buffer.from([5, 0])]).toString("base64")}\n-----END CERTIFICATE-----\n`,
    })),
    /^problem main0\/ca-cert.pem: has a CERTIFICATE block that is not an X\.509/,
  ],
  [
    "a certificate request",
    text(() => ({ "main0/ca-cert.pem": main0.pem.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST") })),
    /^problem main0\/ca-cert.pem: has a certificate request/,
  ],
  [
    "PKCS#7",
    text(() => ({ "main0/cert-chain.pem": main0.pem.replaceAll("CERTIFICATE", "PKCS7") })),
    /^problem main0\/cert-chain.pem: has another kind of PEM block/,
  ],
  [
    "OpenSSL's trusted form",
    text(() => ({ "main0/ca-cert.pem": main0.pem.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE") })),
    /^problem main0\/ca-cert.pem: has another kind of PEM block/,
  ],
  [
    "two certificates in ca-cert",
    text(() => ({ "main0/ca-cert.pem": main0.pem + root.pem })),
    /^problem main0\/ca-cert.pem: has 2 certificates: expected one/,
  ],
  [
    "the key pasted below the certificate",
    text(async () => ({ "main0/ca-cert.pem": main0.pem + (await keyPem(main0.keys)) })),
    /^problem main0\/ca-cert.pem: has a private key/,
  ],
  [
    "the key pasted into the chain, cut off",
    text(async () => ({ "main0/cert-chain.pem": main0.pem + (await keyPem(main0.keys)).slice(0, 80) })),
    /^problem main0\/cert-chain.pem: has a private key/,
  ],

  // Keys
  [
    "another key",
    text(async () => ({ "main0/ca-key.pem": await keyPem(remote0.keys) })),
    /^problem main0\/ca-key.pem: key does not match ca-cert.pem/,
  ],
  [
    "a key of another kind",
    text(async () => ({ "main0/ca-key.pem": await keyPem(await newKeys("rsa2048")) })),
    /^problem main0\/ca-key.pem: key does not match ca-cert.pem/,
  ],
  [
    "an RSA key with a wrong prime",
    async () => {
      const keys = await newKeys("rsa2048");
      const jwk = (await keyObject(keys)).export({ format: "jwk" });
      const wrong = createPrivateKey({ key: { ...jwk, dp: jwk.dq }, format: "jwk" });
      const files = await flawed({ keys });
      return { ...files, "main0/ca-key.pem": wrong.export({ type: "pkcs8", format: "pem" }) };
    },
    /^problem main0\/ca-key.pem: key does not match ca-cert.pem/,
  ],
  [
    "an EC key with a wrong number beside the right point",
    text(async () => {
      const [right, other] = [main0, remote0].map(({ keys }) => keyObject(keys));
      const { d } = (await other!).export({ format: "jwk" });
      const wrong = createPrivateKey({
        key: { ...(await right!).export({ format: "jwk" }), d },
        format: "jwk",
      });
      return { "main0/ca-key.pem": wrong.export({ type: "pkcs8", format: "pem" }) };
    }),
    /^problem main0\/ca-key.pem: key does not match ca-cert.pem/,
  ],
  [
    "an encrypted key (PKCS#8)",
    text(async () => ({
      "main0/ca-key.pem": (await keyObject(main0.keys)).export({
        type: "pkcs8",
        format: "pem",
        cipher: "aes-256-cbc",
        passphrase: "secret",
      }),
    })),
    /^problem main0\/ca-key.pem: is encrypted/,
  ],
  [
    "an encrypted key (old form)",
    text(async () => ({
      "main0/ca-key.pem": openssl(
        ["ec", "-aes256", "-passout", "pass:secret"],
        await keyPem(main0.keys, "sec1"),
      ),
    })),
    /^problem main0\/ca-key.pem: is encrypted/,
  ],
  [
    "the public key",
    text(async () => ({ "main0/ca-key.pem": openssl(["pkey", "-pubout"], await keyPem(main0.keys)) })),
    /^problem main0\/ca-key.pem: is a public key/,
  ],
  [
    "a certificate as the key",
    text(() => ({ "main0/ca-key.pem": main0.pem })),
    /^problem main0\/ca-key.pem: is a certificate/,
  ],
  [
    "EC parameters before the key",
    text(async () => ({
      "main0/ca-key.pem":
        openssl(["ecparam", "-name", "prime256v1"], "") + (await keyPem(main0.keys, "sec1")),
    })),
    /^problem main0\/ca-key.pem: begins with a PARAMETERS block/,
  ],
  [
    "two keys",
    text(async () => ({ "main0/ca-key.pem": (await keyPem(main0.keys)) + (await keyPem(remote0.keys)) })),
    /^problem main0\/ca-key.pem: has 2 PEM blocks/,
  ],
  [
    "an OpenSSH key",
    text(async () => ({
      "main0/ca-key.pem": (await keyPem(main0.keys)).replaceAll("PRIVATE", "OPENSSH PRIVATE"),
    })),
    /^problem main0\/ca-key.pem: has a PEM block that istiod does not read/,
  ],
  [
    "a key under the wrong label",
    text(async () => ({
      "main0/ca-key.pem": (await keyPem(main0.keys)).replaceAll("PRIVATE", "RSA PRIVATE"),
    })),
    /^problem main0\/ca-key.pem: PEM block RSA PRIVATE KEY has no such key/,
  ],
  [
    "an RSA key of 1024 bits",
    async () => flawed({ keys: await newKeys("rsa1024") }),
    /^problem main0\/ca-cert.pem: RSA key has 1024 bits: expected at least 2048/,
  ],
  [
    "an Ed25519 key",
    async () => flawed({ keys: await newKeys("ed25519") }),
    /^problem main0\/ca-cert.pem: key of type ed25519/,
  ],
  [
    "a curve that Go does not know",
    text(() => ({
      "main0/root-cert.pem":
        root.pem + opensslRoot("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
    })),
    /^problem main0\/root-cert.pem: EC key on the curve secp256k1/,
  ],

  // The certificate by itself
  [
    "a server's certificate",
    () => flawed({ ca: false, usage: digitalSignature }),
    /^problem main0\/ca-cert.pem: not a CA certificate \("O=Corp, CN=Mesh CA, L=main0"\)/,
  ],
  [
    "no keyCertSign",
    () => flawed({ usage: digitalSignature }),
    /^problem main0\/ca-cert.pem: cannot sign certificates/,
  ],
  [
    "an extended usage for servers alone",
    () => flawed({ extendedUsage: ["1.3.6.1.5.5.7.3.1"] }),
    /^problem main0\/ca-cert.pem: extendedKeyUsage excludes mutual TLS/,
  ],
  [
    "expired",
    () => flawed({ from: days(-20), to: days(-1) }),
    /^problem main0\/ca-cert.pem: expired on 2030-05-31T12:00:00Z/,
  ],
  [
    "not yet valid",
    () => flawed({ from: days(1) }),
    /^problem main0\/ca-cert.pem: not valid before 2030-06-02T12:00:00Z; the time is 2030-06-01T12:00:00Z/,
  ],
  ["signed with SHA-1", () => flawed({ hash: "SHA-1" }), /^problem main0\/ca-cert.pem: is signed with SHA-1/],
  [
    "a negative serial number",
    text(() => ({
      "main0/root-cert.pem": root.pem + opensslRoot("-newkey", "rsa:2048", "-set_serial", "-5"),
    })),
    /^problem main0\/root-cert.pem: negative serial number/,
  ],
  [
    "an expired root",
    async () => withRoot(await issue({ subject: "CN=Old", from: days(-20), to: days(-1) })),
    /^problem main0\/root-cert.pem: expired on .* \(also in 3 more files\)/,
  ],

  // The chain
  [
    "a root with path length 0",
    async () => withRoot(await issue({ subject: "CN=Root", pathLength: 0 })),
    /^problem main0\/root-cert.pem: has "CN=Root" with path length 0: expected at least 1,/,
  ],
  [
    "an intermediate CA with path length 0",
    async () => {
      const policy = await issue({ subject: "CN=Policy CA", issuer: root, pathLength: 0 });
      return withMain0(await issue({ subject, issuer: policy }), [policy]);
    },
    /^problem main0\/cert-chain.pem: has "CN=Policy CA" with path length 0/,
  ],
  [
    "a chain without ca-cert",
    text(() => ({ "main0/cert-chain.pem": root.pem })),
    /^problem main0\/cert-chain.pem: incomplete chain: expected the certificate of ca-cert.pem/,
  ],
  [
    "a chain in the wrong order",
    text(() => ({ "main0/cert-chain.pem": root.pem + main0.pem })),
    /^problem main0\/cert-chain.pem: certificates are in the wrong order/,
  ],
  [
    "a certificate twice in the chain",
    text(() => ({ "main0/cert-chain.pem": main0.pem + main0.pem + root.pem })),
    /^problem main0\/cert-chain.pem: certificates are in the wrong order, or repeated/,
  ],
  [
    "a stranger in the chain",
    text(() => ({ "main0/cert-chain.pem": main0.pem + remote0.pem + root.pem })),
    /^problem main0\/cert-chain.pem: has "O=Corp, CN=Mesh CA, L=remote0", which is not between ca-cert.pem and the root/,
  ],
  [
    "a chain that lacks the CA in between",
    async () =>
      withMain0(
        await issue({
          subject,
          issuer: await issue({ subject: "CN=Policy CA", issuer: root }),
        }),
      ),
    /^problem main0\/cert-chain.pem: incomplete chain: neither it nor root-cert.pem has "CN=Policy CA"/,
  ],
  [
    "an issuer made again under its old name",
    async () => withMain0(await issue({ subject, issuer: await issue({ subject: "O=Corp, CN=Root" }) })),
    /^problem main0\/ca-cert.pem: has .* which the key of "O=Corp, CN=Root" in these files did not sign/,
  ],
  [
    "a key identifier of another issuer",
    () => flawed({ issuerKeyId: "00112233" }),
    /^problem main0\/ca-cert.pem: has .* whose authorityKeyIdentifier is not that of its issuer/,
  ],
  [
    "a second root of the same name, with nothing to tell them apart",
    text(async () => {
      const both = `${(await issue({ subject: "O=Corp, CN=Root" })).pem}${root.pem}`;
      return { "main0/root-cert.pem": both, "remote0/root-cert.pem": both };
    }),
    /^problem main0\/ca-cert.pem: has .* whose issuer is ambiguous: two certificates are named "O=Corp, CN=Root"/,
  ],
  [
    "self-signed, and not in root-cert",
    async () => withMain0(await issue({ subject: "CN=Alone" })),
    /^problem main0\/ca-cert.pem: chain ends at the root "CN=Alone", which is not in root-cert.pem/,
  ],
  [
    "the intermediate in root-cert",
    text(() => ({ "main0/root-cert.pem": main0.pem })),
    /^problem main0\/root-cert.pem: has "O=Corp, CN=Mesh CA, L=main0", issued by "O=Corp, CN=Root": expected self-signed/,
  ],
  [
    "a root whose signature is broken",
    text(async () => {
      const other = await issue({ subject: "O=Corp, CN=Root" });
      return { "main0/root-cert.pem": (await issue({ subject: "O=Corp, CN=Root", issuer: other })).pem };
    }),
    /^problem main0\/root-cert.pem: has "O=Corp, CN=Root", whose signature is invalid/,
  ],
  [
    "another root in the other cluster",
    async () => {
      const other = await issue({ subject: "O=Corp, CN=Root 2" });
      const stranger = await issue({ subject: "CN=Mesh CA", issuer: other });
      return { ...sound, ...filesOf({ remote0: await clusterCa(stranger, other) }) };
    },
    /^problem remote0\/root-cert.pem: root differs from main0\/root-cert.pem: SHA-256 [0-9a-f]{16}, expected [0-9a-f]{16};/,
  ],
  [
    "one root more in the other cluster",
    text(async () => ({ "remote0/root-cert.pem": root.pem + (await issue({ subject: "CN=New" })).pem })),
    /^problem remote0\/root-cert.pem: root differs from main0/,
  ],

  // Istio's samples
  ...["root-cert", "root-cert-alt"].map(
    (name): Case => [
      `Istio's sample ${name} beside the root`,
      text(() => ({
        "main0/root-cert.pem": root.pem + sample(name),
        "remote0/root-cert.pem": root.pem + sample(name),
      })),
      new RegExp(
        `^problem main0/root-cert.pem: is Istio's published sample certificate ${name}.pem: anyone has its private key .*1 more`,
      ),
    ],
  ),
  ...["ca-cert", "ca-cert-alt", "ca-cert-alt-2"].map(
    (name): Case => [
      `Istio's sample ${name}`,
      text(() => ({ "main0/ca-cert.pem": sample(name) })),
      new RegExp(`^problem main0/ca-cert.pem: is Istio's published sample certificate ${name}.pem`),
    ],
  ),
  [
    "a sample anywhere in the chain",
    text(() => ({ "remote0/cert-chain.pem": remote0.pem + root.pem + sample("ca-cert-alt") })),
    /^problem remote0\/cert-chain.pem: is Istio's published sample certificate ca-cert-alt.pem/,
  ],
  [
    "a sample's key in a certificate issued again",
    () => flawed({ publicKey: new x509.X509Certificate(sample("ca-cert")).publicKey }),
    /^problem main0\/ca-cert.pem: has the public key of Istio's published sample certificate ca-cert.pem/,
  ],

  // Files
  [
    "too large",
    text({ "main0/ca-cert.pem": "x".repeat(65_537) }),
    /^problem main0\/ca-cert.pem: has 65537 bytes: expected at most 65536/,
  ],
];

test.each(refused)("%s is refused", async (_, files, expected) => {
  const said = verdict(await files());
  expect(said.filter((line) => expected.test(line))).toHaveLength(1);
});

/** The chain's and the certificate's own rules do not repeat each other. */
const once: readonly string[] = [
  "another key",
  "expired",
  "not yet valid",
  "signed with SHA-1",
  "an RSA key of 1024 bits",
  "an Ed25519 key",
  "an encrypted key (PKCS#8)",
  "a chain in the wrong order",
  "an expired root",
  "no keyCertSign",
  "a stranger in the chain",
  "too large",
];
test.each(refused.filter(([name]) => once.includes(name)))(
  "%s is one problem, said once",
  async (_, files) => {
    expect(verdict(await files())).toHaveLength(1);
  },
);

/** Each works, with a warning on every run. */
const warned: readonly Case[] = [
  [
    "an end in less than thirty days",
    () => flawed({ to: days(29) }),
    /^warning main0\/ca-cert.pem: expires in 29 days/,
  ],
  [
    "a root signed with SHA-1",
    async () => withRoot(await issue({ subject: "CN=Old Root", hash: "SHA-1" })),
    /^warning main0\/root-cert.pem: is signed with SHA-1; a root's own signature is not verified/,
  ],
  [
    "one intermediate in both clusters",
    async () => filesOf({ main0: await clusterCa(main0, root), remote0: await clusterCa(main0, root) }),
    /^warning remote0\/ca-cert.pem: has the same key as main0\/ca-cert.pem: .*shared by 2 clusters/,
  ],
  [
    "the root itself as the intermediate",
    async () => {
      const files = filesOf({ main0: await clusterCa(root, root) });
      return { ...sound, ...files, "main0/cert-chain.pem": root.pem };
    },
    /^warning main0\/ca-cert.pem: is the root certificate/,
  ],
  [
    "a serial number that the issuer gave twice",
    async () => {
      const again = { issuer: root, serial: "77" };
      return filesOf({
        main0: await clusterCa(await issue({ subject: "CN=a", ...again }), root),
        remote0: await clusterCa(await issue({ subject: "CN=b", ...again }), root),
      });
    },
    /^warning remote0\/ca-cert.pem: duplicate serial number: main0\/ca-cert.pem has it already, from the same issuer/,
  ],
];

test.each(warned)("%s works, with a warning", async (_, files, expected) => {
  const said = verdict(await files());
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(expected);
});

test("a key file that other users can read is a warning with the chmod command", () => {
  const said = verdict(sound, ownCa, (folder) =>
    execFileSync("chmod", ["640", join(folder, "main0/ca-key.pem")]),
  );
  expect(said).toEqual([
    expect.stringMatching(
      /^warning main0\/ca-key.pem: other users of this machine can read it[\s\S]*fix: chmod 600 main0\/ca-key.pem$/,
    ),
  ]);
});

test("Istio's samples are accepted with acceptSampleCertificates, with a warning on every run", () => {
  const files = {
    "main0/root-cert.pem": root.pem + sample("root-cert"),
    "remote0/root-cert.pem": root.pem + sample("root-cert"),
  };
  const said = verdict({ ...sound, ...files }, "ca: { files: own-ca, acceptSampleCertificates: true }");
  expect(said).toEqual([
    expect.stringMatching(
      /^warning main0\/root-cert.pem: is Istio's published sample certificate root-cert.pem[\s\S]*for demos only/,
    ),
  ]);
});

test("names a missing file, and the files of a cluster", () => {
  const { "main0/ca-key.pem": _, ...rest } = sound;
  expect(verdict(rest)).toEqual([expect.stringMatching(/^problem main0\/ca-key.pem: file not found/)]);
});

test("refuses a folder, a named pipe and a dangling link instead of a file, without hanging", () => {
  const said = verdict(sound, ownCa, (folder) => {
    for (const name of ["ca-cert", "ca-key", "root-cert"]) rmSync(join(folder, `main0/${name}.pem`));
    mkdirSync(join(folder, "main0/ca-cert.pem"));
    execFileSync("mkfifo", [join(folder, "main0/ca-key.pem")]);
    symlinkSync(join(folder, "gone.pem"), join(folder, "main0/root-cert.pem"));
  });
  expect(said).toEqual([
    expect.stringMatching(/main0\/ca-cert.pem: is not a file/),
    expect.stringMatching(/main0\/ca-key.pem: is not a file/),
    expect.stringMatching(/main0\/root-cert.pem: file not found/),
  ]);
});

test("names a cluster without files, and a missing folder", () => {
  const mainOnly = Object.fromEntries(Object.entries(sound).filter(([name]) => name.startsWith("main0/")));
  expect(verdict(mainOnly)).toEqual([expect.stringMatching(/^problem remote0: no CA for remote0/)]);
  expect(verdict({})).toEqual([
    expect.stringMatching(
      /^problem mesh.yaml: ca.files: invalid value "own-ca": expected a folder with files/,
    ),
  ]);
});

test("every problem of every cluster is reported at once", () => {
  const files = {
    ...sound,
    "main0/ca-key.pem": "",
    "remote0/ca-cert.pem": "hello",
    "remote0/cert-chain.pem": "hello",
  };
  expect(verdict(files)).toHaveLength(3);
});

test("the fix for a CA that mesh ca created is mesh ca", async () => {
  const home = newFolder();
  const expired = await issue({ subject, issuer: root, from: days(-20), to: days(-1) });
  writeFiles(join(home, "mesh.ca"), await withMain0(expired));
  const fix = `fix: remove ${join(home, "mesh.ca/main0")}, and run \`mesh ca\` to create a new intermediate from the same root`;
  expect(() => loadCa(meshOf(), join(home, "mesh.yaml"), now)).toThrow(fix);
});

test("the tables have every kind of wrong file", () => {
  expect(refused.length + warned.length).toBeGreaterThanOrEqual(40);
});
