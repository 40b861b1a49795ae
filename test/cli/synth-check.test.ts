import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { filesBelow } from "../../synth/existing-output";
import { project } from "../synth/project";
import { mesh } from "./run";

const check = (...more: string[]) => mesh("synth", "--check", ...more);
const edit = (from: string | RegExp, to: string) =>
  writeFileSync("mesh.yaml", readFileSync("mesh.yaml", "utf8").replace(from, to));

/** What a clone in CI has: neither keys nor what Git ignores by default. */
function asInCi(): void {
  rmSync("mesh.ca", { recursive: true });
  for (const cluster of ["main0", "remote0"]) rmSync(`dist/${cluster}/0001-cacerts.k8s.yaml`);
  for (const ignored of [".mesh", "cdktf.out"]) rmSync(ignored, { recursive: true });
}

let leave: () => void;
beforeEach(async () => {
  ({ leave } = await project());
});
afterEach(() => leave());

test("without keys, a committed dist passes, nothing is written, and what is not checked is named", async () => {
  await mesh("synth");
  asInCi();
  const before = { names: readdirSync("."), dist: filesBelow("dist") };
  expect(await check()).toEqual({
    code: 0,
    result: "dist is what mesh.yaml gives",
    notes: [
      "not checked: dist/main0/0001-cacerts.k8s.yaml, dist/remote0/0001-cacerts.k8s.yaml: keys are not committed",
      "not checked: dist/remote0/istio/control-plane.yaml, dist/mesh.svg: mesh.addresses.yaml does not have the address of main0's istio-eastwestgateway; commit that file to check them",
      "not checked: cdktf.out: the folder does not exist here",
    ].join("\n"),
  });
  expect({ names: readdirSync("."), dist: filesBelow("dist") }).toEqual(before);
});

test("files that differ, are missing or are left over are listed with what to run", async () => {
  await mesh("synth");
  asInCi();
  edit("{ v1: 50, v2: 50 }", "{ v1: 90, v2: 10 }");
  rmSync("dist/remote0/0000-namespaces.k8s.yaml");
  mkdirSync("dist/remote1");
  writeFileSync("dist/remote1/0000-namespaces.k8s.yaml", "");
  writeFileSync("dist/main0/notes.txt", "mine");
  expect(await check()).toMatchObject({
    code: 1,
    result: [
      "~ dist/main0/0005-routing.k8s.yaml: differs",
      "+ dist/remote0/0000-namespaces.k8s.yaml: missing",
      "- dist/remote1/0000-namespaces.k8s.yaml: left over",
      "3 files are not what mesh.yaml gives; run `mesh synth` and commit the result",
    ].join("\n"),
  });
  expect(existsSync("dist/remote1/0000-namespaces.k8s.yaml")).toBe(true);
});

test("as JSON: changes in synth's form, and what is not checked", async () => {
  await mesh("synth");
  asInCi();
  rmSync("dist/RUNBOOK.md");
  const { code, result } = await check("-o", "json");
  expect({ code, ...JSON.parse(result) }).toEqual({
    code: 1,
    changes: [{ action: "added", file: "dist/RUNBOOK.md" }],
    unjudged: expect.arrayContaining([{ files: ["cdktf.out"], why: expect.any(String) }]),
    run: "synth",
    warnings: [],
  });
});

test("with committed addresses and Terraform JSON, these are checked too", async () => {
  writeFileSync("mesh.addresses.yaml", "main0: 203.0.113.7\n");
  await mesh("synth");
  expect((await check()).notes).not.toMatch(/mesh\.svg|cdktf\.out/);
  writeFileSync("mesh.addresses.yaml", "main0: 203.0.113.8\n");
  edit("centralus", "westeurope");
  expect((await check()).result.split("\n").slice(0, -1)).toEqual([
    "~ dist/mesh.svg: differs",
    "~ dist/remote0/istio/control-plane.yaml: differs",
    "~ cdktf.out/stacks/rg-demo/cdk.tf.json: differs",
  ]);
});

test("a control plane that was made with an address is not left over where the address is unknown", async () => {
  writeFileSync("mesh.addresses.yaml", "main0: 203.0.113.7\n");
  await mesh("synth");
  rmSync("mesh.addresses.yaml");
  expect(await check()).toMatchObject({ code: 0, notes: expect.stringContaining("control-plane.yaml") });
});

test("a CA of your own may be absent", async () => {
  edit("sample:", "ca: { files: mesh.ca }\nsample:");
  await mesh("synth");
  asInCi();
  expect((await check()).code).toBe(0);
});

test("an empty checkout misses everything, and another project's dist is refused", async () => {
  const { code, result } = await check();
  expect({ code, lines: result.split("\n") }).toMatchObject({
    code: 1,
    lines: expect.arrayContaining(["+ dist/.gitignore: missing", "+ dist/main0/istio/istio.yaml: missing"]),
  });
  mkdirSync("dist");
  writeFileSync("dist/bundle.js", "precious");
  expect(await check()).toMatchObject({
    code: 1,
    notes: expect.stringContaining("did not write (bundle.js)"),
  });
});

test("a chart of your own with a Secret is ignored by Git, and not checked", async () => {
  writeFileSync(
    "mesh.extend.ts",
    `import { Chart, ApiObject } from "cdk8s";
    export default ({ bundles }) => {
      new ApiObject(new Chart(bundles.main0, "token"), "s", { apiVersion: "v1", kind: "Secret", metadata: { name: "t" } });
    };`,
  );
  symlinkSync(join(__dirname, "../../node_modules"), "node_modules");
  await mesh("synth");
  const [file] = readdirSync("dist/main0").filter((name) => name.endsWith("-token.k8s.yaml"));
  expect(readFileSync("dist/.gitignore", "utf8").split("\n")).toContain(`/main0/${file}`);
  rmSync(`dist/main0/${file}`);
  expect(await check()).toMatchObject({
    code: 0,
    notes: expect.stringContaining(`dist/main0/${file}: keys`),
  });
});

test("synth and diff --without-keys need no CA, where ca.files names one that is not here", async () => {
  edit("clusters:", "ca: { files: own-ca }\nclusters:");
  expect((await mesh("synth")).code).toBe(2);
  expect((await mesh("diff")).code).toBe(2);
  expect((await mesh("synth", "--without-keys")).code).toBe(0);
  expect(existsSync("dist/main0/0000-namespaces.k8s.yaml")).toBe(true);
  expect(existsSync("dist/main0/0001-cacerts.k8s.yaml")).toBe(false);
  expect((await mesh("diff", "--without-keys")).code).toBe(0);
  edit("v1: 50, v2: 50", "v1: 90, v2: 10");
  expect(await mesh("diff", "--without-keys")).toMatchObject({
    code: 1,
    result: expect.stringContaining("main0: VirtualService sample/helloworld"),
  });
});
