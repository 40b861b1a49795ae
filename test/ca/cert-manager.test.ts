import { chmodSync } from "node:fs";
import { join } from "node:path";
import { loadCa } from "../../ca/load";
import { InputError } from "../../mesh/problem";
import {
  type Files,
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
let policy: Issued;
let main0: Issued;
let remote0: Issued;
let files: Files;

// As in cluster-addons/components/istio-certificate of briandenicola/istio-multi-cluster-setup: RSA 2048, usage
// `cert sign` alone, DNS names on the CA certificate; with a CA between it and the root.
beforeAll(async () => {
  root = await issue({ subject: "CN=Vault Root" });
  policy = await issue({ subject: "CN=Vault Policy", issuer: root });
  [main0, remote0] = (await Promise.all(
    ["main0", "remote0"].map(async (cluster) =>
      issue({
        subject: `O=cluster.local, CN=istio-ca ${cluster}`,
        issuer: policy,
        keys: await newKeys("rsa2048"),
        usage: x509.KeyUsageFlags.keyCertSign,
        names: ["istiod.istio-system.svc"],
      }),
    ),
  )) as [Issued, Issued];
  files = { ...(await secretOf("main0", main0)), ...(await secretOf("remote0", remote0)) };
});
afterAll(removeFolders);

/** What `kubectl get secret` gives of cert-manager's Secret, a file a key. */
async function secretOf(cluster: string, intermediate: Issued): Promise<Files> {
  return {
    [`${cluster}/tls.crt`]: intermediate.pem + policy.pem,
    [`${cluster}/tls.key`]: await keyPem(intermediate.keys, "pkcs1"),
    [`${cluster}/ca.crt`]: root.pem,
  };
}

function load(given: Files, prepare: (folder: string) => void = () => undefined) {
  const home = newFolder();
  writeFiles(join(home, "own-ca"), given);
  prepare(join(home, "own-ca"));
  try {
    const { material, warnings } = loadCa(meshOf(ownCa), join(home, "mesh.yaml"), now);
    return { material, said: warnings.join("\n").replaceAll(`${home}/own-ca/`, "") };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { said: error.message.replaceAll(`${home}/own-ca/`, "") };
  }
}

test("a folder with tls.crt, tls.key and ca.crt is read as istiod reads such a Secret", async () => {
  const { material, said } = load(files);
  expect(said).toBe("");
  expect(material?.main0).toEqual({
    caCert: main0.pem,
    caKey: await keyPem(main0.keys, "pkcs1"),
    rootCert: root.pem,
    certChain: main0.pem + policy.pem,
  });
});

test("one cluster may have these names and another Istio's", async () => {
  const { material, said } = load({
    ...(await secretOf("main0", main0)),
    "remote0/ca-cert.pem": remote0.pem,
    "remote0/ca-key.pem": await keyPem(remote0.keys),
    "remote0/root-cert.pem": root.pem,
    "remote0/cert-chain.pem": remote0.pem + policy.pem,
  });
  expect(said).toBe("");
  expect(material?.remote0?.certChain).toBe(material?.main0 && remote0.pem + policy.pem);
});

test.each<[string, () => Files | Promise<Files>, string]>([
  [
    "no ca.crt",
    () => without("main0/ca.crt"),
    "main0/ca.crt: file not found: expected tls.crt, tls.key, ca.crt in the folder of a cluster\n  fix: copy it from your backup or your CA",
  ],
  [
    "no tls.crt",
    () => without("main0/tls.crt"),
    "main0/tls.crt: file not found: expected tls.crt, tls.key, ca.crt in the folder of a cluster\n",
  ],
  [
    "a ca.crt that is no root, as cert-manager writes it where an issuer does not tell the root",
    () => ({ ...files, "main0/ca.crt": policy.pem, "remote0/ca.crt": policy.pem }),
    'main0/ca.crt: has "CN=Vault Policy", issued by "CN=Vault Root": expected self-signed roots\n  fix: put the root certificate there, and this one into tls.crt',
  ],
  [
    "a tls.crt without what is above the intermediate",
    () => ({ ...files, "main0/tls.crt": main0.pem }),
    'main0/tls.crt: incomplete chain: neither it nor ca.crt has "CN=Vault Policy"',
  ],
  [
    "a tls.key of another cluster",
    async () => ({ ...files, "main0/tls.key": await keyPem(remote0.keys) }),
    "main0/tls.key: key does not match tls.crt\n",
  ],
  [
    "a tls.crt that is no PEM, said once",
    () => ({ ...files, "main0/tls.crt": "nothing" }),
    "main0/tls.crt: is not PEM: expected a -----BEGIN ...----- line\n  fix: write PEM, with the BEGIN and END lines",
  ],
  ["an empty tls.crt", () => ({ ...files, "main0/tls.crt": "" }), "main0/tls.crt: is empty: expected PEM\n"],
])("reports %s with cert-manager's names", async (_, given, says) => {
  const { said } = load(await given());
  expect(said).toContain(says);
  expect(said).not.toMatch(/ca-cert|root-cert|cert-chain/);
  expect(said.split("main0/tls.crt: ").length).toBeLessThanOrEqual(2);
});

const without = (name: string): Files =>
  Object.fromEntries(Object.entries(files).filter(([file]) => file !== name));

test("tls.crt renamed to ca-cert.pem with both certificates: the problems say how to write the files", () => {
  const renamed = {
    ...files,
    "main0/ca-cert.pem": files["main0/tls.crt"]!,
    "main0/ca-key.pem": files["main0/tls.key"]!,
    "main0/root-cert.pem": files["main0/ca.crt"]!,
  };
  expect(load(renamed).said).toMatch(
    /^main0\/cert-chain\.pem: file not found: expected .*\n {2}fix: put ca-cert\.pem first, .*`cat ca-cert\.pem root-cert\.pem`$/,
  );
  const chain = `${files["main0/tls.crt"]}${files["main0/ca.crt"]}`;
  expect(load({ ...renamed, "main0/cert-chain.pem": chain }).said).toBe(
    "main0/ca-cert.pem: has 2 certificates: expected one\n  fix: keep the certificate of the CA; move the certificates up to the root to cert-chain.pem",
  );
  expect(load({ ...renamed, "main0/cert-chain.pem": chain, "main0/ca-cert.pem": main0.pem }).said).toBe("");
});

test("a tls.key that other users can read is a warning", () => {
  const { said } = load(files, (folder) => chmodSync(join(folder, "main0/tls.key"), 0o640));
  expect(said).toMatch(
    /^main0\/tls\.key: other users of this machine can read it[\s\S]*fix: chmod 600 main0\/tls\.key$/,
  );
});
