import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load, loadAll } from "js-yaml";
import { meshPaths } from "../../mesh/paths";
import { diff } from "../../synth/diff/diff";
import { readInputs } from "../../synth/inputs";
import { filesForReview } from "../../synth/review";
import { synthesize } from "../../synth/synthesize";
import { project } from "./project";

let leave: () => void;
beforeEach(async () => {
  ({ leave } = await project());
  symlinkSync(join(__dirname, "../../node_modules"), "node_modules");
});
afterEach(() => leave());

const inputs = () => readInputs(meshPaths("mesh.yaml"), new Date());
const extend = (body: string, imports = "") =>
  writeFileSync(
    "mesh.extend.ts",
    `import { ApiObject, Chart, JsonPatch } from "cdk8s";
import type { MeshApp } from "istio-aks-mesh";
${imports}
export default ({ bundles, stack }: MeshApp) => {
${body}
};
`,
  );
const configMap = (id: string, name = id) =>
  `new ApiObject(new Chart(bundles.remote0, "${id}"), "it", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "${name}", namespace: "payments" } });`;
const problem = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};

test("charts of your own come after the mesh's, with the mesh's labels, and only where they were added", () => {
  synthesize(inputs());
  const [main0, remote0] = ["main0", "remote0"].map((cluster) => readdirSync(`dist/${cluster}`));
  extend(`${configMap("payments")}\n${configMap("audit")}`);
  const { changes } = synthesize(inputs());
  expect(changes.filter(({ action }) => action === "added").map(({ file }) => file)).toEqual([
    "dist/remote0/0003-payments.k8s.yaml",
    "dist/remote0/0004-audit.k8s.yaml",
  ]);
  expect(changes).toHaveLength(2);
  expect(readdirSync("dist/main0")).toEqual(main0);
  expect(readdirSync("dist/remote0")).toEqual(expect.arrayContaining(remote0!));
  expect(load(readFileSync("dist/remote0/0003-payments.k8s.yaml", "utf8"))).toMatchObject({
    metadata: { labels: { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": "mesh1" } },
  });
  expect(synthesize(inputs()).changes).toEqual([]);
});

test("a chart's namespace is not written into kinds that have none", () => {
  extend(`const chart = new Chart(bundles.remote0, "payments", { namespace: "payments" });
  for (const kind of ["Namespace", "ConfigMap"]) new ApiObject(chart, kind, { apiVersion: "v1", kind, metadata: { name: "payments" } });`);
  synthesize(inputs());
  const objects = loadAll(readFileSync("dist/remote0/0003-payments.k8s.yaml", "utf8"));
  expect(objects).toMatchObject([
    { kind: "Namespace", metadata: { name: "payments" } },
    { kind: "ConfigMap", metadata: { name: "payments", namespace: "payments" } },
  ]);
  expect((objects[0] as { metadata: object }).metadata).not.toHaveProperty("namespace");
});

test("a chart may have digits and capitals in its name", () => {
  extend(`${configMap("payments2")}\n${configMap("Audit")}`);
  const added = synthesize(inputs()).changes.map(({ file }) => file);
  expect(added).toContain("dist/remote0/0003-payments2.k8s.yaml");
  expect(added).toContainEqual(expect.stringMatching(/^dist\/remote0\/0004-audit-[0-9a-z]+\.k8s\.yaml$/));
  expect(synthesize(inputs()).changes).toEqual([]);
});

test("a chart that is gone from the file takes its manifest with it", () => {
  extend(configMap("payments"));
  synthesize(inputs());
  extend("");
  expect(synthesize(inputs()).changes).toEqual([
    { action: "removed", file: "dist/remote0/0003-payments.k8s.yaml" },
  ]);
});

test("the mesh's own objects and AKS clusters can be patched, and the diff marks what the extension does", () => {
  synthesize(inputs());
  extend(`${configMap("payments")}
  bundles.main0.object("VirtualService", "helloworld").addJsonPatch(JsonPatch.replace("/spec/http/0/route/0/weight", 60));
  stack?.cluster("main0").addOverride("cost_analysis_enabled", true);`);
  writeFileSync(
    "mesh.yaml",
    readFileSync("mesh.yaml", "utf8").replace("location: centralus", "location: westeurope"),
  );
  const changes = diff(inputs()).map(({ scope, resource, extended }) => [scope, resource, extended ?? false]);
  expect(changes).toEqual(
    expect.arrayContaining([
      ["main0", "VirtualService sample/helloworld", true],
      ["remote0", "ConfigMap payments/payments", true],
      ["terraform", "azurerm_kubernetes_cluster.aks-main", true],
      ["terraform", "azurerm_resource_group.mesh", false],
    ]),
  );
  synthesize(inputs());
  const [stackFile] = readdirSync("cdktf.out/stacks");
  const { resource } = JSON.parse(readFileSync(`cdktf.out/stacks/${stackFile}/cdk.tf.json`, "utf8"));
  expect(resource.azurerm_kubernetes_cluster["aks-main"].cost_analysis_enabled).toBe(true);
  expect(readFileSync("dist/main0/0005-routing.k8s.yaml", "utf8")).toContain("weight: 60");
});

test("it works with constructs of cdk8s-plus and with files beside it", () => {
  writeFileSync("settings.ts", "export const replicas: number = 3;\n");
  extend(
    `new Deployment(new Chart(bundles.remote0, "web", { namespace: "payments" }), "web", { replicas, containers: [{ image: "nginx:1" }] });`,
    'import { Deployment } from "cdk8s-plus-27";\nimport { replicas } from "./settings";',
  );
  synthesize(inputs());
  const [deployment] = loadAll(readFileSync("dist/remote0/0003-web.k8s.yaml", "utf8"));
  expect(deployment).toMatchObject({ kind: "Deployment", spec: { replicas: 3 } });
});

test("its Secrets are written for the owner alone, and snapshots hide their values", () => {
  extend(
    `new ApiObject(new Chart(bundles.remote0, "token"), "it", { apiVersion: "v1", kind: "Secret", metadata: { name: "token" }, stringData: { token: "hunter2" } });`,
  );
  synthesize(inputs());
  expect(statSync("dist/remote0/0003-token.k8s.yaml").mode & 0o077).toBe(0);
  expect([...filesForReview("mesh.yaml").values()].join()).not.toContain("hunter2");
});

test.each([
  ["an error of its own", 'throw new Error("no budget");', /^mesh\.extend\.ts:5:\d+: no budget\n {2}fix: /],
  [
    "a mistyped cluster",
    'new Chart(bundles.remoteO, "x");',
    /^mesh\.extend\.ts:5:\d+: no cluster remoteO in mesh\.yaml: expected one of main0, remote0/,
  ],
  [
    "a chart of a name that is taken",
    'new Chart(bundles.main0, "sample");',
    /^mesh\.extend\.ts:5:\d+: There is already a Construct with name 'sample'/,
  ],
  [
    "an object that the mesh does not have",
    'bundles.main0.object("Deployment", "nginx");',
    /^mesh\.extend\.ts:5:\d+: main0 has no Deployment nginx of the mesh: expected one of Namespace istio-system, /,
  ],
  [
    "a cluster that Terraform does not create",
    'stack?.cluster("gone");',
    /^mesh\.extend\.ts:5:\d+: Terraform creates no cluster gone: expected one of main0, remote0/,
  ],
  ["a syntax error", "const = 1;", /^mesh\.extend\.ts:5:\d+: Unexpected token/],
])("%s names the line, and nothing is written", (_, body, message) => {
  extend(body);
  expect(problem(() => synthesize(inputs()))).toMatch(message);
  expect(existsSync("dist")).toBe(false);
});

test.each([
  ["nothing exported", "", /^mesh\.extend\.ts: the default export is not a function/],
  ["an object exported", "export default {};", /^mesh\.extend\.ts: the default export is not a function/],
  [
    "an asynchronous function",
    "export default async () => { throw new Error('late'); };",
    /^mesh\.extend\.ts: an asynchronous function: expected one that returns nothing/,
  ],
  [
    "a module that does not exist",
    'import "nowhere";\nexport default () => {};',
    /^mesh\.extend\.ts(:\d+:\d+)?: Cannot find module 'nowhere'/,
  ],
])("%s is refused", (_, text, message) => {
  writeFileSync("mesh.extend.ts", text);
  expect(problem(() => synthesize(inputs()))).toMatch(message);
});

test("another mesh file has an extension of its own", () => {
  extend(configMap("payments"));
  writeFileSync("shop.yaml", readFileSync("mesh.yaml", "utf8"));
  expect([...filesForReview("shop.yaml").keys()].join()).not.toContain("payments");
  expect([...filesForReview("mesh.yaml").keys()]).toContain("remote0/0003-payments.k8s.yaml");
});
