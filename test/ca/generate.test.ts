import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { type GenerateReport, generateCa } from "../../ca/generate";
import { loadCa } from "../../ca/load";
import { placeFolder } from "../../ca/write";
import { days, issue, keyPem, meshOf, newFolder, now, removeFolders, writeFiles } from "./authority";

// Upstream's 4096 bits take seconds a key; nothing here depends on the length.
const keyBits = 2048;
jest.setTimeout(60_000);

const two = meshOf();
const three = meshOf("", ["main0", "remote0", "remote1"]);
const clusterFiles = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"];

let made: GenerateReport;
let original: string;

beforeAll(async () => {
  original = join(newFolder(), "mesh.ca");
  made = await generateCa(two, original, now, keyBits);
});
afterAll(removeFolders);

/** A copy of the CA, to be spoilt. */
function copy(): string {
  const folder = join(newFolder(), "mesh.ca");
  cpSync(original, folder, { recursive: true });
  return folder;
}

/** Every file's bytes, by its name. */
function bytes(folder: string): Record<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), "latin1")]));
}

const openssl = (...args: string[]) => execFileSync("openssl", args, { encoding: "utf8" });
const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

test("creates a root and an intermediate for every cluster, and reports them without a secret", () => {
  expect(Object.keys(bytes(original))).toEqual([
    ".gitignore",
    ...clusterFiles.map((file) => `main0/${file}`),
    ...clusterFiles.map((file) => `remote0/${file}`),
    "root-cert.pem",
    "root-key.pem",
  ]);
  const sha256 = openssl("x509", "-in", join(original, "root-cert.pem"), "-noout", "-fingerprint", "-sha256");
  expect(sha256.trim().split("=")[1]!.replaceAll(":", "").toLowerCase()).toBe(made.root.fingerprint);
  expect(made).toMatchObject({
    directory: original,
    root: { made: true, expires: days(3650) },
    clusters: [
      { cluster: "main0", made: true, expires: days(3650) },
      { cluster: "remote0", made: true, expires: days(3650) },
    ],
    warnings: [],
  });
  expect(JSON.stringify(made)).not.toMatch(/PRIVATE/);
});

test("the generated CA passes the check, and fits the charts", () => {
  const { material, warnings } = loadCa(two, original.replace(/\.ca$/, ".yaml"), now);
  expect(warnings).toEqual([]);
  expect(Object.keys(material!)).toEqual(["main0", "remote0"]);
});

test("OpenSSL verifies every chain in strict mode", () => {
  const root = join(original, "root-cert.pem");
  const time = String(now.getTime() / 1000);
  for (const cluster of ["main0", "remote0"]) {
    const file = join(original, cluster, "ca-cert.pem");
    expect(openssl("verify", "-x509_strict", "-attime", time, "-CAfile", root, file)).toMatch(/: OK\n$/);
    expect(readFileSync(join(original, cluster, "cert-chain.pem"), "utf8")).toBe(
      readFileSync(file, "utf8") + readFileSync(root, "utf8"),
    );
  }
});

test("the certificates have the fields that Istio requires", () => {
  const text = (file: string) => openssl("x509", "-in", join(original, file), "-noout", "-text");
  const root = text("root-cert.pem");
  expect(root).toMatch(/Basic Constraints: critical\s+CA:TRUE\n/);
  expect(root).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
  expect(root).toMatch(/Subject: O = mesh1, CN = Root CA [0-9a-f]{8}\n/);
  const main0 = text("main0/ca-cert.pem");
  expect(main0).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
  expect(main0).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
  expect(main0).toMatch(/Subject Alternative Name:\s+DNS:istiod.istio-system.svc\n/);
  expect(main0).toMatch(/Subject: O = mesh1, CN = Intermediate CA, L = main0\n/);
  expect(main0).toMatch(/Public-Key: \(2048 bit\)/);
  expect(main0).toMatch(/Signature Algorithm: sha256WithRSAEncryption/);
  const keyId = (kind: string, of: string) =>
    of.match(new RegExp(`${kind} Key Identifier:\\s+([0-9A-F:]+)`))![1];
  expect(keyId("Authority", main0)).toBe(keyId("Subject", root));
  const serial = (file: string) => openssl("x509", "-in", join(original, file), "-noout", "-serial");
  expect(new Set(["root-cert.pem", "main0/ca-cert.pem", "remote0/ca-cert.pem"].map(serial)).size).toBe(3);
});

test("keys are PKCS#8, and only their owner can read them", () => {
  for (const file of ["root-key.pem", "main0/ca-key.pem", "remote0/ca-key.pem"]) {
    expect(readFileSync(join(original, file), "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(mode(join(original, file))).toBe("600");
  }
  for (const folder of ["", "main0", "remote0"]) expect(mode(join(original, folder))).toBe("700");
});

test("the folder keeps itself out of Git", () => {
  const folder = copy();
  execFileSync("git", ["init", "-q"], { cwd: join(folder, "..") });
  const seen = execFileSync("git", ["status", "--porcelain", "-uall"], {
    cwd: join(folder, ".."),
    encoding: "utf8",
  });
  expect(seen).toBe("");
});

test("keys have 4096 bits by default", async () => {
  const folder = copy();
  await generateCa(three, folder, now);
  const key = createPrivateKey(readFileSync(join(folder, "remote1/ca-key.pem")));
  expect(key.asymmetricKeyDetails!.modulusLength).toBe(4096);
});

test("is idempotent: a second run changes no byte, and reports that everything existed", async () => {
  const folder = copy();
  const before = bytes(folder);
  const report = await generateCa(two, folder, days(100), keyBits);
  expect(bytes(folder)).toEqual(before);
  expect([report.root, ...report.clusters].map(({ made: again }) => again)).toEqual([false, false, false]);
  expect(report.root.fingerprint).toBe(made.root.fingerprint);
});

test("a new cluster gets an intermediate from the same root, and the others keep every byte", async () => {
  const folder = copy();
  const before = bytes(folder);
  const report = await generateCa(three, folder, days(100), keyBits);
  expect(bytes(folder)).toMatchObject(before);
  expect(report.clusters.map(({ made: new_ }) => new_)).toEqual([false, false, true]);
  expect(readFileSync(join(folder, "remote1/root-cert.pem"))).toEqual(
    readFileSync(join(folder, "root-cert.pem")),
  );
  // It ends with its root, not after it.
  expect(report.clusters[2]!.expires).toEqual(report.root.expires);
});

test("a removed folder of a cluster is recreated from the same root", async () => {
  const folder = copy();
  rmSync(join(folder, "remote0"), { recursive: true });
  const report = await generateCa(two, folder, now, keyBits);
  expect(report.clusters.map(({ made: again }) => again)).toEqual([false, true]);
  expect(report.root.fingerprint).toBe(made.root.fingerprint);
});

test("the root's key is required only for a new cluster, and the fix names the backup", async () => {
  const folder = copy();
  rmSync(join(folder, "root-key.pem"));
  await expect(generateCa(two, folder, now, keyBits)).resolves.toMatchObject({ root: { made: false } });
  const before = bytes(folder);
  await expect(generateCa(three, folder, now, keyBits)).rejects.toThrow(
    /root-key.pem: file not found; it is required to issue the intermediate of remote1\n {2}fix: copy it from your backup/,
  );
  expect(bytes(folder)).toEqual(before);
});

test("the clusters' folders are enough if nothing is to be created, as on a build server", async () => {
  const folder = copy();
  for (const file of ["root-key.pem", "root-cert.pem"]) rmSync(join(folder, file));
  const report = await generateCa(two, folder, now, keyBits);
  expect(report.root).toEqual({ ...made.root, made: false });
});

/** Half a CA: never mended by a second root, always explained. */
const halves: readonly [name: string, spoil: (folder: string) => void, expected: RegExp][] = [
  [
    "both root files gone, a cluster missing",
    (folder) => {
      for (const name of ["root-key.pem", "root-cert.pem", "remote0"])
        rmSync(join(folder, name), { recursive: true });
    },
    /root-cert.pem: file not found; it is required to issue the intermediate of remote0[\s\S]*root-key.pem: file not found/,
  ],
  [
    "the root's key without its certificate",
    (folder) => {
      for (const name of ["root-cert.pem", "remote0"]) rmSync(join(folder, name), { recursive: true });
    },
    /root-cert.pem: file not found/,
  ],
  [
    "a cluster's key gone",
    (folder) => rmSync(join(folder, "main0/ca-key.pem")),
    /main0\/ca-key.pem: file not found/,
  ],
  [
    "a folder with something else in it",
    (folder) => {
      rmSync(folder, { recursive: true });
      writeFiles(folder, { "notes.txt": "x" });
    },
    /root-cert.pem: file not found; it is required to issue the intermediates of main0, remote0[\s\S]*move it away/,
  ],
  [
    "another root's key",
    (folder) => cpSync(join(folder, "main0/ca-key.pem"), join(folder, "root-key.pem")),
    /root-key.pem: key does not match root-cert.pem/,
  ],
  [
    "another root",
    (folder) => {
      for (const [from, to] of [
        ["ca-key", "root-key"],
        ["ca-cert", "root-cert"],
      ])
        cpSync(join(folder, `main0/${from}.pem`), join(folder, `${to}.pem`));
    },
    /main0\/root-cert.pem: root differs from .*mesh.ca\/root-cert.pem/,
  ],
];

test.each(halves)("%s: reports the problem, and changes nothing", async (_, spoil, expected) => {
  const folder = copy();
  spoil(folder);
  const before = bytes(folder);
  await expect(generateCa(two, folder, now, keyBits)).rejects.toThrow(expected);
  expect(bytes(folder)).toEqual(before);
});

test("the next run removes the temporary files of a killed run", async () => {
  const folder = copy();
  const beside = `${folder}.tmp-Ab3_xZ`;
  const inside = join(folder, "remote1.tmp-qqqqqq");
  const young = join(folder, "remote1.tmp-yyyyyy");
  for (const leftover of [beside, inside, young]) {
    writeFiles(leftover, { "ca-key.pem": "half" });
    utimesSync(leftover, days(-1), days(-1));
  }
  utimesSync(young, now, now);
  const report = await generateCa(three, folder, now, keyBits);
  expect(report.clusters.map(({ made: new_ }) => new_)).toEqual([false, false, true]);
  expect([beside, inside, young].map(existsSync)).toEqual([false, false, true]);
});

test("after a run that was killed after the root, the next run uses that root", async () => {
  const folder = copy();
  for (const cluster of ["main0", "remote0"]) rmSync(join(folder, cluster), { recursive: true });
  const report = await generateCa(two, folder, now, keyBits);
  expect(report.root).toEqual({ ...made.root, made: false });
  expect(report.clusters.map(({ made: new_ }) => new_)).toEqual([true, true]);
});

test("of concurrent runs one creates the root, and all end with the same CA", async () => {
  const folder = join(newFolder(), "mesh.ca");
  const reports = await Promise.all([1, 2, 3].map(() => generateCa(two, folder, now, keyBits)));
  expect(new Set(reports.map(({ root }) => root.fingerprint)).size).toBe(1);
  expect(reports.filter(({ root }) => root.made)).toHaveLength(1);
  for (const index of [0, 1]) {
    expect(reports.filter(({ clusters }) => clusters[index]!.made)).toHaveLength(1);
    expect(new Set(reports.map(({ clusters }) => clusters[index]!.fingerprint)).size).toBe(1);
  }
  expect(loadCa(two, folder.replace(/\.ca$/, ".yaml"), now).warnings).toEqual([]);
  expect(readdirSync(join(folder, ".."))).toEqual(["mesh.ca"]);
  expect(readdirSync(folder).sort()).toEqual([
    ".gitignore",
    "main0",
    "remote0",
    "root-cert.pem",
    "root-key.pem",
  ]);
});

test("intermediates are issued from your own root in the folder, RSA or EC", async () => {
  const folder = join(newFolder(), "mesh.ca");
  const own = await issue({ subject: "O=Corp, CN=Root", to: days(365) });
  writeFiles(folder, { "root-cert.pem": own.pem, "root-key.pem": await keyPem(own.keys) });
  const report = await generateCa(two, folder, now, keyBits);
  expect(report).toMatchObject({ root: { made: false, expires: days(365) }, warnings: [] });
  expect(report.clusters.map(({ expires }) => expires)).toEqual([days(365), days(365)]);
  expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
});

test("a root with path length 0 is refused before anything is created", async () => {
  const folder = join(newFolder(), "mesh.ca");
  const own = await issue({ subject: "CN=Root", pathLength: 0 });
  writeFiles(folder, { "root-cert.pem": own.pem, "root-key.pem": await keyPem(own.keys) });
  await expect(generateCa(two, folder, now, keyBits)).rejects.toThrow(/root-cert.pem: path length is 0/);
  expect(readdirSync(folder).sort()).toEqual([".gitignore", "root-cert.pem", "root-key.pem"].slice(1));
});

test("fills an empty folder, or a link to one", () => {
  const home = newFolder();
  mkdirSync(join(home, "vault"));
  symlinkSync("vault", join(home, "mesh.ca"));
  expect(placeFolder(join(home, "mesh.ca"), [{ name: "a", text: "b" }])).toBe(true);
  expect(readFileSync(join(home, "vault", "a"), "utf8")).toBe("b");
  expect(mode(join(home, "vault"))).toBe("700");
});

test("does not leave an incomplete folder", () => {
  const home = newFolder();
  const files = [
    { name: "ca-key.pem", text: "b", secret: true },
    { name: "no/such/folder", text: "b" },
  ];
  expect(() => placeFolder(join(home, "main0"), files)).toThrow(/ENOENT/);
  expect(readdirSync(home)).toEqual([]);
});
