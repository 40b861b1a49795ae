import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { loadCa } from "../../ca/load";
import { caFileNames } from "../../ca/material";
import { allows, istioNames, type NameKind, readNameConstraints } from "../../ca/name-constraints";
import { InputError } from "../../mesh/problem";
import { meshOf, newFolder, ownCa, removeFolders, writeFiles } from "./authority";

afterAll(removeFolders);

/** What istiod signs, as OpenSSL writes subjectAltNames. */
const leaves = [
  istioNames.flatMap(({ kind, name }) => (kind === "DNS" ? [`DNS:${name}`] : [])).join(","),
  "URI:spiffe://cluster.local/ns/sample/sa/default",
];

interface Constrained {
  /** nameConstraints as openssl.cnf writes them. */
  readonly root?: string;
  readonly intermediate?: string;
  /** subjectAltName of the intermediate. */
  readonly names?: string;
}

const openssl = (cwd: string, args: readonly string[]) =>
  spawnSync("openssl", [...args], { cwd, encoding: "utf8" });
/** Keys and certificate requests, the same in every case. */
const requests = newFolder();
let serial = 1;

beforeAll(() => {
  for (const name of ["root", "main0", "remote0", "leaf0", "leaf1"]) {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`];
    const subject = name.startsWith("leaf") ? "/" : `/O=Corp/CN=${name}`;
    openssl(requests, ["req", "-new", ...key, "-subj", subject, "-out", `${name}.csr`]);
  }
});

/** A CA that OpenSSL makes, OpenSSL's own verdict over what istiod would sign with it, and ours. */
function judge({ root, intermediate, names }: Constrained): { openssl: boolean; said: string } {
  const home = newFolder();
  const issue = (name: string, issuer: string, lines: readonly (string | undefined)[]) => {
    writeFileSync(join(home, `${name}.ext`), lines.filter(Boolean).join("\n"));
    const signer =
      issuer === name
        ? ["-signkey", join(requests, `${name}.key`)]
        : ["-CA", `${issuer}.pem`, "-CAkey", join(requests, `${issuer}.key`)];
    const made = openssl(home, [
      ...["x509", "-req", "-in", join(requests, `${name}.csr`), ...signer, "-out", `${name}.pem`],
      ...["-days", "900", "-set_serial", String(serial++), "-extfile", `${name}.ext`],
    ]);
    expect(made).toMatchObject({ status: 0 });
  };
  const ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash";
  issue("root", "root", [ca, root && `nameConstraints=${root}`]);
  issue("main0", "root", [
    ca,
    intermediate && `nameConstraints=${intermediate}`,
    names && `subjectAltName=${names}`,
  ]);
  issue("remote0", "root", [ca]);
  for (const [index, name] of leaves.entries())
    issue(`leaf${index}`, "main0", [`subjectAltName=critical,${name}`]);

  const signed = leaves.map((_, index) => `leaf${index}.pem`);
  const verified = openssl(home, ["verify", "-CAfile", "root.pem", "-untrusted", "main0.pem", ...signed]);
  const text = (name: string) => readFileSync(join(home, name), "utf8");
  const files = ["main0", "remote0"].map((cluster) => [
    [`${cluster}/${caFileNames.caCert}`, text(`${cluster}.pem`)],
    [`${cluster}/${caFileNames.caKey}`, readFileSync(join(requests, `${cluster}.key`), "utf8")],
    [`${cluster}/${caFileNames.rootCert}`, text("root.pem")],
    [`${cluster}/${caFileNames.certChain}`, text(`${cluster}.pem`) + text("root.pem")],
  ]);
  writeFiles(join(home, "own-ca"), Object.fromEntries(files.flat()));
  return { openssl: verified.status === 0, said: whatLoadCaSays(home) };
}

function whatLoadCaSays(home: string): string {
  try {
    loadCa(meshOf(ownCa), join(home, "mesh.yaml"), new Date());
    return "";
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.replaceAll(`${home}/own-ca/`, "");
  }
}

const fits = "critical,permitted;DNS:svc,permitted;DNS:cluster.local,permitted;URI:cluster.local";

test.each<[string, Constrained]>([
  ["names of Istio permitted by an intermediate", { intermediate: fits }],
  ["names of Istio permitted by a root", { root: fits }],
  [
    "the namespace permitted",
    { intermediate: "permitted;DNS:.istio-system.svc,permitted;URI:cluster.local" },
  ],
  ["capitals", { intermediate: "permitted;DNS:SVC,permitted;URI:Cluster.Local" }],
  ["subdomains of local", { intermediate: "permitted;URI:.local" }],
  ["other names excluded", { intermediate: "excluded;DNS:corp.example,excluded;URI:corp.example" }],
  [
    "kinds of names that Istio does not use",
    { intermediate: "critical,permitted;IP:10.0.0.0/255.0.0.0,permitted;email:corp.example" },
  ],
  [
    "a CA with a name that its root permits",
    { root: `${fits},permitted;DNS:corp.example`, names: "DNS:ca.corp.example" },
  ],
])("%s: OpenSSL accepts what istiod signs, and so does the check", (_, constrained) => {
  expect(judge(constrained)).toEqual({ openssl: true, said: "" });
});

const dns =
  /"O=Corp, CN=(main0|root)", whose nameConstraints \(permitted DNS:corp\.example\) do not allow DNS:istiod\.istio-system\.svc of istiod's own certificate; proxies and the API server refuse it\n {2}fix: reissue it without nameConstraints, or with permitted DNS:istio-system\.svc and URI:cluster\.local/;
const uri =
  /"O=Corp, CN=(main0|root)", whose nameConstraints \(permitted URI:corp\.example\) do not allow URI:spiffe:\/\/cluster\.local of every workload's certificate; proxies refuse each other/;

test.each<[string, Constrained, RegExp]>([
  [
    "the company's DNS names, in an intermediate",
    { intermediate: "critical,permitted;DNS:corp.example" },
    dns,
  ],
  ["the company's DNS names, in a root", { root: "critical,permitted;DNS:corp.example" }, dns],
  ["the company's URIs, in an intermediate", { intermediate: "critical,permitted;URI:corp.example" }, uri],
  ["the company's URIs, in a root", { root: "critical,permitted;URI:corp.example" }, uri],
  ["DNS names without it being critical", { intermediate: "permitted;DNS:corp.example" }, dns],
  [
    "one of istiod's names alone",
    { intermediate: "permitted;DNS:istiod.istio-system.svc" },
    /do not allow DNS:istiod-remote\.istio-system\.svc/,
  ],
  ["Istio's names excluded", { root: "excluded;DNS:svc" }, /\(excluded DNS:svc\) do not allow DNS:istiod/],
  [
    "the trust domain excluded",
    { intermediate: "excluded;URI:cluster.local" },
    /\(excluded URI:cluster\.local\)/,
  ],
  [
    "a name of the intermediate that its root does not permit",
    { root: fits, names: "DNS:ca.corp.example" },
    /"O=Corp, CN=root", .* do not allow DNS:ca\.corp\.example of "O=Corp, CN=main0"/,
  ],
])("%s: OpenSSL refuses what istiod signs, and so does the check", (_, constrained, says) => {
  const { openssl, said } = judge(constrained);
  expect(openssl).toBe(false);
  expect(said).toMatch(says);
});

// By reading crypto/x509 of Go and BoringSSL's nc_uri: the two and OpenSSL do not agree on these.
test.each<[string, Constrained, RegExp]>([
  [
    "a critical kind of names that Go does not know",
    { intermediate: "critical,permitted;dirName:whose\n[whose]\nO=Corp" },
    /are critical and name more than DNS, URI, email and IP, which istiod and the API server refuse/,
  ],
  [
    "a URI's parent domain without a dot, which proxies take for one host",
    { intermediate: "permitted;URI:local" },
    /do not allow URI:spiffe/,
  ],
])("%s is refused", (_, constrained, says) => {
  expect(judge(constrained).said).toMatch(says);
});

test("a URI without a host is allowed only where URIs are not constrained", () => {
  const of = (kind: NameKind) => ({ permitted: [{ kind, name: "svc" }], excluded: [], refusedByGo: false });
  expect(allows(of("URI"), { kind: "URI", name: "not a URI" })).toBe(false);
  expect(allows(of("DNS"), { kind: "URI", name: "not a URI" })).toBe(true);
});

test("a name with control characters is shown escaped", () => {
  const { said } = judge({ intermediate: "permitted;DNS:a\u007f.example" });
  expect(said).toContain("DNS:a\\u007f.example");
});

const labels = fc.array(fc.constantFrom("istiod", "istio-system", "svc", "cluster", "local", "a"), {
  minLength: 1,
  maxLength: 3,
});

test("never accepts more than either verifier, for any host and base", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<NameKind>("DNS", "URI"),
      labels,
      labels,
      fc.boolean(),
      (kind, host, base, dot) => {
        const name = kind === "URI" ? `spiffe://${host.join(".")}/x` : host.join(".");
        const constraint = { kind, name: (dot ? "." : "") + base.join(".") };
        const only = { permitted: [constraint], excluded: [], refusedByGo: false };
        const not = { permitted: [], excluded: [constraint], refusedByGo: false };
        expect(allows(only, { kind, name }) && allows(not, { kind, name })).toBe(false);
        if (host.join(".") === base.join(".") && !dot) expect(allows(only, { kind, name })).toBe(true);
      },
    ),
  );
});

test("an extension that is not DER throws RangeError", () => {
  expect(() => readNameConstraints(Buffer.from("3005a0ff", "hex"), true)).toThrow(RangeError);
});
