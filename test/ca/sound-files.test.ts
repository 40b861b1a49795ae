import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { loadCa } from "../../ca/load";
import {
  clusterCa,
  type Files,
  filesOf,
  type Issued,
  issue,
  keyPem,
  meshOf,
  newFolder,
  newKeys,
  now,
  ownCa,
  removeFolders,
  writeFiles,
  x509,
} from "./authority";

let root: Issued;
let remote0: Issued;
let sound: Files;

const intermediate = async (cluster: string, more: Partial<Parameters<typeof issue>[0]> = {}) =>
  issue({ subject: `CN=Mesh CA, L=${cluster}`, issuer: root, pathLength: 0, ...more });

beforeAll(async () => {
  root = await issue({ subject: "CN=Root" });
  remote0 = await intermediate("remote0");
  sound = filesOf({
    main0: await clusterCa(await intermediate("main0"), root),
    remote0: await clusterCa(remote0, root),
  });
});
afterAll(removeFolders);

/** Loads the files and has OpenSSL follow the chain as well. */
function load(files: Files) {
  const home = newFolder();
  const folder = join(home, "own-ca");
  writeFiles(folder, files);
  const main0 = (name: string) => join(folder, "main0", name);
  const time = String(now.getTime() / 1000);
  const verify = [
    "verify",
    "-attime",
    time,
    "-CAfile",
    main0("root-cert.pem"),
    "-untrusted",
    main0("cert-chain.pem"),
  ];
  const openssl = execFileSync("openssl", [...verify, main0("ca-cert.pem")], { encoding: "utf8" });
  expect(openssl).toMatch(/ca-cert.pem: OK/);
  return loadCa(meshOf(ownCa), join(home, "mesh.yaml"), now);
}

type Case = readonly [name: string, files: () => Promise<Files> | Files];

const keyForm = (kind: "p256" | "p384" | "rsa2048", form: "pkcs8" | "sec1" | "pkcs1") => async () => {
  const issued = await intermediate("main0", { keys: await newKeys(kind) });
  const main0 = await clusterCa(issued, root);
  return { ...sound, ...filesOf({ main0: { ...main0, caKey: await keyPem(issued.keys, form) } }) };
};

const cases: readonly Case[] = [
  ["a root with an intermediate for each cluster", () => sound],
  ["an RSA key as PKCS#8", keyForm("rsa2048", "pkcs8")],
  ["an RSA key as PKCS#1", keyForm("rsa2048", "pkcs1")],
  ["an EC key as PKCS#8", keyForm("p384", "pkcs8")],
  ["an EC key as SEC1", keyForm("p256", "sec1")],
  [
    "a policy CA between root and intermediate",
    async () => {
      const policy = await issue({ subject: "CN=Policy CA", issuer: root, pathLength: 1 });
      const main0 = await clusterCa(await intermediate("main0", { issuer: policy }), root, [policy]);
      return { ...sound, ...filesOf({ main0 }) };
    },
  ],
  [
    "a chain without the root, as upstream's sample has it",
    () => ({ ...sound, "main0/cert-chain.pem": sound["main0/ca-cert.pem"]! }),
  ],
  [
    "an old and a new root while one replaces the other",
    async () => {
      const both = `${(await issue({ subject: "CN=Root 2", pathLength: 3 })).pem}${root.pem}`;
      return { ...sound, "main0/root-cert.pem": both, "remote0/root-cert.pem": both };
    },
  ],
  [
    "an old and a new root of one name, told apart by key identifiers",
    async () => {
      const both = `${(await issue({ subject: "CN=Root" })).pem}${root.pem}`;
      const issuerKeyId = root.certificate.getExtension(x509.SubjectKeyIdentifierExtension)!.keyId;
      return {
        ...sound,
        ...filesOf({
          main0: await clusterCa(await intermediate("main0", { issuerKeyId }), root),
          remote0: await clusterCa(await intermediate("remote0", { issuerKeyId }), root),
        }),
        "main0/root-cert.pem": both,
        "remote0/root-cert.pem": both,
      };
    },
  ],
  [
    "no key usage at all",
    async () => ({
      ...sound,
      ...filesOf({ main0: await clusterCa(await intermediate("main0", { usage: null }), root) }),
    }),
  ],
  [
    "an extended usage for both ends of mutual TLS",
    async () => {
      const usage = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];
      return {
        ...sound,
        ...filesOf({ main0: await clusterCa(await intermediate("main0", { extendedUsage: usage }), root) }),
      };
    },
  ],
  [
    "Windows line ends",
    () =>
      Object.fromEntries(
        Object.entries(sound).map(([name, text]) => [name, String(text).replaceAll("\n", "\r\n")]),
      ),
  ],
  [
    "text before and after, as `openssl x509 -text` writes it",
    () => ({ ...sound, "main0/ca-cert.pem": `Certificate: Mesh-CA\n${sound["main0/ca-cert.pem"]}\n# end\n` }),
  ],
];

test.each(cases)("%s is accepted by the check and by OpenSSL, without a warning", async (_, files) => {
  const { material, warnings } = load(await files());
  expect(warnings).toEqual([]);
  expect(Object.keys(material!)).toEqual(["main0", "remote0"]);
});

test("material is the files' text, unchanged", () => {
  const { material } = load(sound);
  expect(filesOf(material!)).toEqual(sound);
});

test("without a CA there is no material, no error and no warning", () => {
  expect(loadCa(meshOf(), join(newFolder(), "mesh.yaml"), now)).toEqual({
    material: undefined,
    warnings: [],
  });
});

test("a cluster without an intermediate in a generated CA is omitted", () => {
  const home = newFolder();
  writeFiles(join(home, "mesh.ca"), sound);
  const { material, warnings } = loadCa(
    meshOf("", ["main0", "remote0", "remote1"]),
    join(home, "mesh.yaml"),
    now,
  );
  expect(Object.keys(material!)).toEqual(["main0", "remote0"]);
  expect(warnings).toEqual([]);
});

test("the folder is the one beside the mesh's file, named after it, or the one that ca.files names", () => {
  const home = newFolder();
  writeFiles(join(home, "shop.ca"), sound);
  expect(loadCa(meshOf(), join(home, "shop.yaml"), now).material).toBeDefined();
  const absolute = meshOf(`ca: { files: ${join(home, "shop.ca")} }`);
  expect(loadCa(absolute, "elsewhere/mesh.yaml", now).material).toBeDefined();
});
