import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { meshPaths } from "../../mesh/paths";
import { diff } from "../../synth/diff/diff";
import { filesBelow } from "../../synth/existing-output";
import { readInputs } from "../../synth/inputs";
import { synthesize } from "../../synth/synthesize";
import { project } from "./project";

const inputs = () => readInputs(meshPaths("mesh.yaml"), new Date());
const edit = (from: string | RegExp, to: string) =>
  writeFileSync("mesh.yaml", readFileSync("mesh.yaml", "utf8").replace(from, to));
const shown = () => diff(inputs()).map(({ action, scope, resource }) => `${action} ${scope} ${resource}`);

let leave: () => void;
beforeEach(async () => {
  ({ leave } = await project());
});
afterEach(() => leave());

test("finds nothing right after a synth, and changes nothing itself", () => {
  synthesize(inputs());
  const before = filesBelow("dist");
  expect(diff(inputs())).toEqual([]);
  edit("v1: 50, v2: 50", "v1: 90, v2: 10");
  expect(diff(inputs())).not.toEqual([]);
  expect(filesBelow("dist")).toEqual(before);
});

test("names the resource and shows its changed lines", () => {
  synthesize(inputs());
  edit("v1: 50, v2: 50", "v1: 90, v2: 10");
  const change = diff(inputs()).find(({ resource }) => resource === "VirtualService sample/helloworld");
  expect(change).toMatchObject({ action: "changed", scope: "main0" });
  expect(change?.lines.filter((line) => /^[+-]/.test(line)).map((line) => line.replace(/\s+/g, " "))).toEqual(
    ["- weight: 50", "+ weight: 90", "- weight: 50", "+ weight: 10"],
  );
});

test("shows everything as added if dist does not exist", () => {
  expect(shown()).toEqual(
    expect.arrayContaining([
      "added main0 Namespace istio-system",
      "added main0 Secret istio-system/cacerts",
      "added terraform azurerm_kubernetes_cluster.aks-main",
      "added dist RUNBOOK.md",
    ]),
  );
});

test("shows changes of a cluster named like one of the output's folders", () => {
  edit("name: remote0", "name: dist");
  edit("sample:\n", "ca: { files: mesh.ca }\nsample:\n");
  renameSync("mesh.ca/remote0", "mesh.ca/dist");
  synthesize(inputs());
  edit("sample:\n", "sample:\n  versions: { v1: [main0], v2: [main0] }\n");
  const removed = diff(inputs()).find(({ scope, action }) => scope === "dist" && action === "removed");
  expect(removed?.lines.length).toBeGreaterThan(0);
});

test("shows every file for a GitOps tool, also those without a name", () => {
  edit("sample:", "gitops: { tool: flux, secretStore: vault }\nsample:");
  expect(shown()).toEqual(
    expect.arrayContaining([
      "added main0 ExternalSecret istio-system/cacerts",
      "added main0 Kustomization flux-system/mesh1-ca",
      "added main0 Kustomization gitops/stages/ca/kustomization.yaml",
      "added main0 Kustomization gitops/stages/gateways/kustomization.yaml",
    ]),
  );
});

test("shows a Terraform resource by its address", () => {
  synthesize(inputs());
  edit("resourceGroup: rg-demo", "resourceGroup: rg-demo\n  tags: { team: a }");
  expect(shown()).toContain("changed terraform azurerm_kubernetes_cluster.aks-remote");
});

const means = () => diff(inputs()).flatMap(({ means: texts }) => texts);

test.each([
  ["{ nodes: 2 }", "nodes 3 -> 2: applies only to a new pool; in a running one the autoscaler chooses"],
  ["{ minNodes: 2 }", "minNodes 1 -> 2: updated in place"],
  ["{ maxNodes: 5 }", "maxNodes 3 -> 5: updated in place"],
  ["{ vmSize: Standard_D4s_v5 }", "vmSize Standard_D2s_v5 -> Standard_D4s_v5: rotates the node pool"],
])("says what nodePool: %s does to a running pool", (pool, says) => {
  synthesize(inputs());
  edit("resourceGroup: rg-demo", `resourceGroup: rg-demo\n  nodePool: ${pool}`);
  // Of each of the two clusters.
  expect(means()).toEqual([expect.stringContaining(says), expect.stringContaining(says)]);
});

test("says what a new Kubernetes version or region does to running clusters", () => {
  synthesize(inputs());
  edit("network: network2", "network: network2\n    kubernetesVersion: 1.34");
  expect(means()).toEqual([expect.stringMatching(/^kubernetesVersion 1\.\d+ -> 1\.34: upgraded in place/)]);
  edit("location: centralus", "location: westeurope");
  expect(means()).toContainEqual(
    expect.stringMatching(
      /^location centralus -> westeurope: replaces the resource group .*`mesh destroy --infra`/,
    ),
  );
});

test("says that apply refuses a renamed cluster or network on a running mesh", () => {
  synthesize(inputs());
  edit("name: remote0", "name: east");
  edit("network: network1", "network: eu-net");
  renameSync("mesh.ca/remote0", "mesh.ca/east");
  expect(means()).toEqual([
    "network network1 of main0 becomes eu-net: `mesh apply` refuses this on a running mesh; see docs/rename.md",
    "cluster remote0 becomes east: `mesh apply` refuses this on a running mesh; see docs/rename.md",
  ]);
});

test("says that up refuses to delete a cluster, and gives no consequences for new clusters and tags", () => {
  synthesize(inputs());
  edit("sample:", "  - name: remote1\n    network: network3\n    aks: aks-third\nsample:");
  edit("resourceGroup: rg-demo", "resourceGroup: rg-demo\n  tags: { team: a }");
  expect(means()).toEqual([]);
  synthesize(inputs());
  edit(/ {2}- name: remote1\n.*\n.*\n/, "");
  expect(means()).toEqual([
    "deletes the AKS cluster aks-third: `mesh up` refuses it without `--replace aks-third`",
  ]);
});

test("shows removed resources", () => {
  synthesize(inputs());
  edit("sample:\n", "addons: { kiali: false }\nsample:\n");
  expect(shown()).toContain("removed main0 Deployment istio-system/kiali");
});

test("hides the values of secrets and says that they differ", () => {
  synthesize(inputs());
  const keys = ["main0", "remote0"].map((name) => readFileSync(`mesh.ca/${name}/ca-key.pem`, "utf8"));
  const exchanged = { ...inputs(), ca: { main0: pem("remote0"), remote0: pem("main0") } };
  const changes = diff(exchanged);
  const text = JSON.stringify(changes);
  expect(changes.map(({ resource }) => resource)).toEqual([
    "Secret istio-system/cacerts",
    "Secret istio-system/cacerts",
  ]);
  expect(text).toContain("ca-key.pem: (hidden, before)");
  expect(text).toContain("ca-key.pem: (hidden, after)");
  expect(text).toContain("root-cert.pem: (hidden)");
  for (const key of keys) expectNoTrace(text, key);
});

test.each<[string, (key: string, file: string) => string]>([
  ["was broken by hand", (key) => `kind: [Secret\n${key}`],
  [
    "is a copy of what kubectl gets, annotation and all",
    (key, file) =>
      file.replace(
        "metadata:",
        `metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: ${base64(key)}`,
      ),
  ],
  [
    "is a list",
    (key) => `apiVersion: v1\nkind: List\nitems:\n  - kind: Secret\n    data: { k: ${base64(key)} }\n`,
  ],
  [
    "holds two documents",
    (key) =>
      `kind: ConfigMap\nmetadata: { name: a }\n--- # c\nkind: Secret\nstringData: { k: ${JSON.stringify(key)} }\n`,
  ],
  [
    "has the line ends of Windows",
    (key) =>
      `kind: ConfigMap\r\nmetadata: { name: a }\r\n---\r\nkind: Secret\r\ndata: { k: ${base64(key)} }\r\n`,
  ],
  [
    "spells its kind in small letters",
    (key) => `kind: secret\nmetadata: { name: a }\ndata: { k: ${base64(key)} }\n`,
  ],
  ["is a word under a comment", (key) => `# ${key.replaceAll("\n", "\n# ")}\nfalse\n`],
  [
    "is no secret but holds a key",
    (key) => `kind: ConfigMap\nmetadata: { name: a }\ndata:\n  k: ${JSON.stringify(key)}\n`,
  ],
])("shows nothing of a key in a file that %s", (_, broken) => {
  synthesize(inputs());
  const file = "dist/main0/0001-cacerts.k8s.yaml";
  const key = readFileSync("mesh.ca/main0/ca-key.pem", "utf8");
  writeFileSync(file, broken(key, readFileSync(file, "utf8")));
  expectNoTrace(JSON.stringify(diff(inputs())), key);
});

const base64 = (text: string) => Buffer.from(text).toString("base64");

function pem(cluster: string) {
  const read = (name: string) => readFileSync(`mesh.ca/${cluster}/${name}.pem`, "utf8");
  return {
    caCert: read("ca-cert"),
    caKey: read("ca-key"),
    rootCert: read("root-cert"),
    certChain: read("cert-chain"),
  };
}

/** Neither the key's lines nor their base64, whatever the text was wrapped in. */
function expectNoTrace(text: string, key: string) {
  const lines = key.split("\n").filter((line) => line.length > 20 && !line.includes("-----"));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(text).not.toContain(line);
  const encoded = Buffer.from(key).toString("base64");
  for (let at = 0; at + 40 < encoded.length; at += 40) expect(text).not.toContain(encoded.slice(at, at + 40));
}

test.each([
  "",
  "{",
  "null",
  "[]",
  '{ "resource": null }',
  '{ "resource": { "azurerm_resource_group": null } }',
])("replaces a broken Terraform file without an error: %j", (broken) => {
  synthesize(inputs());
  const [file] = [...filesBelow("cdktf.out").keys()].filter((name) => name.endsWith("cdk.tf.json"));
  writeFileSync(`cdktf.out/${file}`, broken);
  expect(shown().filter((line) => line.startsWith("added terraform azurerm_")).length).toBeGreaterThan(2);
});

test("throws if a synth would", () => {
  synthesize(inputs());
  rmSync("mesh.ca", { recursive: true });
  expect(() => diff(inputs())).toThrow("mesh.ca no longer has the CA");
  rmSync("dist", { recursive: true });
  mkdirSync("dist");
  writeFileSync("dist/mine", "");
  expect(() => diff(inputs())).toThrow("dist contains files that mesh synth did not write (mine)");
});
