import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { terraformApp } from "../../infra/app";
import { fixtureMesh } from "../fixtures";
import { azure, main0, remote0, stack, stackText } from "./synthesize";

const root = resolve(__dirname, "../..");
const defaultMesh = fixtureMesh("default");
const stackFile = join("stacks", "rg-istiodemo-centralus", "cdk.tf.json");

let outdir: string;
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), "mesh-infra-"));
});
afterEach(() => rmSync(outdir, { recursive: true }));

describe("terraformApp", () => {
  test("the default mesh's Terraform, as a reviewer reads it", () => {
    terraformApp(defaultMesh, outdir).app.synth();
    expect(readFileSync(join(outdir, stackFile), "utf8")).toMatchSnapshot();
  });

  test("a production mesh's Terraform, as a reviewer reads it", () => {
    terraformApp(fixtureMesh("production"), outdir).app.synth();
    expect(readFileSync(join(outdir, "stacks", "rg-shop", "cdk.tf.json"), "utf8")).toMatchSnapshot();
  });

  test("the same mesh gives the same bytes in any folder, and nothing of the machine is in them", () => {
    const elsewhere = join(outdir, "deep", "er");
    terraformApp(defaultMesh, outdir).app.synth();
    terraformApp(defaultMesh, elsewhere).app.synth();
    const text = readFileSync(join(outdir, stackFile), "utf8");
    expect(readFileSync(join(elsewhere, stackFile), "utf8")).toBe(text);
    for (const ofThisMachine of [process.cwd(), tmpdir(), homedir()])
      expect(text).not.toContain(ofThisMachine);
  });

  test("keeps Terraform's files beside the stack", () => {
    const provider = join(outdir, "stacks", "rg-istiodemo-centralus", ".terraform");
    mkdirSync(provider, { recursive: true });
    terraformApp(defaultMesh, outdir).app.synth();
    expect(existsSync(provider)).toBe(true);
  });

  test("existing clusters have no stack", () => {
    const existing = [
      { ...main0, aks: undefined, context: "main" },
      { ...remote0, aks: undefined, context: "remote" },
    ];
    expect(stackText({ azure: undefined, clusters: existing })).toBeUndefined();
  });

  test("omits existing clusters from the stack", () => {
    const { resource, output } = stack({
      clusters: [main0, { ...remote0, aks: undefined, context: "onprem" }],
    });
    expect(Object.keys(resource.azurerm_kubernetes_cluster)).toEqual(["aks-main"]);
    expect(Object.keys(output.clusters.value)).toEqual(["main0"]);
    expect(Object.keys(output.kubeconfigs.value)).toEqual(["main0"]);
  });

  test("two meshes in one folder have a stack and a state each", () => {
    const path = (resourceGroup: string) =>
      stack({ azure: { ...azure, resourceGroup } }).terraform.backend.local.path;
    expect(path("rg-one")).not.toBe(path("rg-two"));
  });
});

test("synth/cdktf.ts, which cdktf runs, writes what mesh synth writes, for the mesh that MESH_FILE names", () => {
  const meshFile = join(outdir, "other.yaml");
  writeFileSync(meshFile, JSON.stringify({ azure, clusters: [main0, remote0] }));
  const { app } = JSON.parse(readFileSync(join(root, "cdktf.json"), "utf8"));
  const [program, ...args] = app.split(" ");
  const { status, stderr } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, MESH_FILE: meshFile, CDKTF_OUTDIR: outdir },
  });
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  expect(readFileSync(join(outdir, "stacks", "rg-mesh", "cdk.tf.json"), "utf8")).toBe(stackText({}));
}, 60_000);
