import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { meshPaths } from "../../mesh/paths";
import { missingInputs } from "../../synth/dist";
import { filesBelow } from "../../synth/existing-output";
import { readInputs } from "../../synth/inputs";
import { picture } from "../../synth/picture/picture";
import { synthesize } from "../../synth/synthesize";
import { project, thirdCluster } from "./project";

jest.mock("../../synth/picture/picture", () => {
  const { picture: real } = jest.requireActual("../../synth/picture/picture");
  return { picture: jest.fn(real) };
});

const inputs = () => readInputs(meshPaths("mesh.yaml"), new Date());
const run = () => synthesize(inputs());
const changedFiles = () => run().changes.map(({ action, file }) => `${action} ${file}`);
const edit = (from: string | RegExp, to: string) =>
  writeFileSync("mesh.yaml", readFileSync("mesh.yaml", "utf8").replace(from, to));
const everything = () => new Map([...filesBelow("dist"), ...filesBelow("cdktf.out")]);

let leave: () => void;
beforeEach(async () => {
  ({ leave } = await project());
});
afterEach(() => leave());

test("writes Terraform, a folder per cluster, the runbook and the picture", () => {
  run();
  expect(readdirSync("dist").sort()).toEqual([".gitignore", "RUNBOOK.md", "main0", "mesh.svg", "remote0"]);
  expect(readdirSync("cdktf.out/stacks")).toEqual(["rg-demo"]);
  expect(readdirSync("dist/main0")).toContain("istio");
});

test("makes files with keys readable by their owner alone, and nothing else holds a key", () => {
  run();
  const withKeys = [...filesBelow("dist")].filter(([, text]) =>
    /PRIVATE KEY|LS0tLS1CRUdJTi|ca-key/.test(text),
  );
  expect(withKeys.map(([file]) => file)).toEqual([
    "main0/0001-cacerts.k8s.yaml",
    "remote0/0001-cacerts.k8s.yaml",
  ]);
  for (const [file] of withKeys) expect(statSync(join("dist", file)).mode & 0o777).toBe(0o600);
});

test("Git adds all of dist but the files with keys", () => {
  run();
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
  execFileSync("git", ["init", "-q"], { env });
  execFileSync("git", ["add", "-A", "dist"], { env });
  const added = execFileSync("git", ["ls-files", "dist"], { env, encoding: "utf8" }).trim().split("\n");
  const files = [...filesBelow("dist").keys()].filter((file) => !file.endsWith("-cacerts.k8s.yaml"));
  expect(added).toEqual(files.map((file) => `dist/${file}`));
});

test("a dist of an earlier version, whose .gitignore ignores everything, is this mesh's", () => {
  run();
  writeFileSync(
    "dist/.gitignore",
    "# Made by `mesh synth` from mesh.yaml; it holds CA keys. Never commit it.\n*\n",
  );
  expect(changedFiles()).toEqual(["changed dist/.gitignore"]);
});

test("reports changes, and none on a second run", () => {
  run();
  expect(run().changes).toEqual([]);
  edit("{ v1: 50, v2: 50 }", "{ v1: 90, v2: 10 }");
  expect(changedFiles()).toEqual([
    expect.stringMatching(/^changed dist\/main0\/\d{4}-routing\.k8s\.yaml$/),
    "changed dist/mesh.svg",
  ]);
});

test("gives the same bytes again and in another folder", async () => {
  run();
  const first = everything();
  const other = await project();
  run();
  expect(everything()).toEqual(first);
  other.leave();
});

test("removes files of a removed cluster", () => {
  edit("sample:", `${thirdCluster}sample:`);
  run();
  expect(existsSync("dist/remote1/0000-namespaces.k8s.yaml")).toBe(true);
  edit(thirdCluster, "");
  expect(changedFiles()).toContain("removed dist/remote1/0000-namespaces.k8s.yaml");
  expect(existsSync("dist/remote1")).toBe(false);
});

test("changes nothing of the other clusters' manifests when one joins", () => {
  run();
  edit("sample:", `${thirdCluster}sample:`);
  const changes = changedFiles().filter((line) => /dist\/(main0|remote0)\//.test(line));
  expect(changes).toEqual([]);
});

test("keeps Terraform's own files", () => {
  run();
  mkdirSync("cdktf.out/stacks/rg-demo/.terraform");
  writeFileSync("cdktf.out/stacks/rg-demo/.terraform.lock.hcl", "lock");
  edit("centralus", "westeurope");
  expect(changedFiles()).toContain("changed cdktf.out/stacks/rg-demo/cdk.tf.json");
  expect(readFileSync("cdktf.out/stacks/rg-demo/.terraform.lock.hcl", "utf8")).toBe("lock");
  expect(existsSync("cdktf.out/stacks/rg-demo/.terraform")).toBe(true);
});

test("removes the stack of another resource group, like cdktf", () => {
  run();
  edit("rg-demo", "rg-other");
  expect(changedFiles()).toEqual(
    expect.arrayContaining([
      "removed cdktf.out/stacks/rg-demo/cdk.tf.json",
      "added cdktf.out/stacks/rg-other/cdk.tf.json",
    ]),
  );
});

test.each([
  ["it has a state beside mesh.yaml", () => writeFileSync("terraform.rg-demo.tfstate", "{}")],
  ["Terraform was initialised for it", () => mkdirSync("cdktf.out/stacks/rg-demo/.terraform")],
])("leaves the stack of another resource group alone where %s, and says so", (_, leaveTrace) => {
  run();
  leaveTrace();
  edit("rg-demo", "rg-other");
  const { changes, leftStacks } = run();
  expect(leftStacks).toEqual(["cdktf.out/stacks/rg-demo"]);
  expect(changes.map(({ file }) => file)).not.toContain("cdktf.out/stacks/rg-demo/cdk.tf.json");
  expect(existsSync("cdktf.out/stacks/rg-demo/cdk.tf.json")).toBe(true);
  expect(run().changes).toEqual([]);
});

test("leaves the old output unchanged if an error occurs", () => {
  run();
  const before = everything();
  edit("{ v1: 50, v2: 50 }", "{ v1: 90, v2: 10 }");
  jest.mocked(picture).mockImplementationOnce(() => {
    throw new Error("no picture today");
  });
  expect(run).toThrow("no picture today");
  expect(everything()).toEqual(before);
  expect(readdirSync(".mesh")).toEqual([".gitignore"]);
});

test("leaves the old output unchanged if it cannot be replaced", () => {
  run();
  const before = everything();
  edit("centralus", "westeurope");
  // The stack's folder is replaced after dist: a failure there must bring the old dist back.
  rmSync("cdktf.out/stacks/rg-demo/cdk.tf.json");
  rmSync("cdktf.out/stacks/rg-demo", { recursive: true });
  writeFileSync("cdktf.out/stacks/rg-demo", "a file in the way of a folder");
  expect(run).toThrow("cdktf.out/stacks/rg-demo is a file where the output needs a folder");
  expect(filesBelow("dist")).toEqual(
    new Map([...before].filter(([file]) => !/^(stacks|manifest)/.test(file))),
  );
});

test("writes nothing for a mesh that is wrong", () => {
  run();
  const before = everything();
  edit("network2", "network1");
  expect(run).toThrow(/network1/);
  expect(everything()).toEqual(before);
});

test("never replaces another project's dist", () => {
  mkdirSync("dist");
  writeFileSync("dist/bundle.js", "precious");
  expect(run).toThrow(/dist contains files that mesh synth did not write \(bundle\.js\)/);
  expect(readFileSync("dist/bundle.js", "utf8")).toBe("precious");
  // Neither another project's RUNBOOK.md nor its .gitignore makes dist ours.
  writeFileSync("dist/RUNBOOK.md", "# How to restart the billing system\n");
  writeFileSync("dist/.gitignore", "*.log\n");
  expect(run).toThrow(/dist contains files that mesh synth did not write/);
});

test("refuses while another run is writing, and cleans up after a killed run", () => {
  mkdirSync(".mesh/staging-x", { recursive: true });
  writeFileSync(".mesh/staging-x/key", "left behind");
  // The parent of this process runs.
  writeFileSync(".mesh/synth.lock", String(process.ppid));
  expect(run).toThrow(`another run (process ${process.ppid}) is writing the output`);
  // No process has a number beyond the kernel's limit of 2^22; in a container the owner may have had this one's.
  for (const owner of ["4194305", String(process.pid), "", "0"]) {
    writeFileSync(".mesh/synth.lock", owner);
    expect(run().changes).toBeDefined();
  }
  expect(readdirSync(".mesh").sort()).toEqual([".gitignore"]);
});

test("keeps other files in dist, and its own inputs", () => {
  run();
  writeFileSync("dist/main0/notes.txt", "mine");
  renameSync("mesh.ca", "dist/mesh.ca");
  edit("sample:", "ca: { files: dist/mesh.ca }\nsample:");
  run();
  expect(readFileSync("dist/main0/notes.txt", "utf8")).toBe("mine");
  expect(existsSync("dist/mesh.ca/root-key.pem")).toBe(true);
});

test("removes a cluster with a complete control plane", () => {
  writeFileSync("mesh.addresses.yaml", "main0: 203.0.113.7\n");
  run();
  edit(/ {2}- name: remote0\n.*\n.*\n/, "");
  edit(/sample:\n.*\n/, "");
  expect(changedFiles()).toContain("removed dist/remote0/istio/control-plane.yaml");
  expect(existsSync("dist/remote0")).toBe(false);
});

test("never writes through a link that leads out of dist", () => {
  run();
  mkdirSync("elsewhere");
  writeFileSync("elsewhere/0000-namespaces.k8s.yaml", "mine");
  rmSync("dist/main0", { recursive: true });
  symlinkSync("../elsewhere", "dist/main0");
  expect(run).toThrow("dist/main0 is a link where the output needs a folder");
  expect(readFileSync("elsewhere/0000-namespaces.k8s.yaml", "utf8")).toBe("mine");
});

test("names a folder that is in the place of a file", () => {
  run();
  rmSync("dist/main0/0004-sample.k8s.yaml");
  mkdirSync("dist/main0/0004-sample.k8s.yaml");
  expect(run).toThrow("dist/main0/0004-sample.k8s.yaml is a folder where the output needs a file");
});

test("does not take the CA out of dist because its folder is gone", () => {
  run();
  rmSync("mesh.ca", { recursive: true });
  expect(run).toThrow(/mesh\.ca no longer has the CA in dist\/main0\/0001-cacerts\.k8s\.yaml/);
  expect(existsSync("dist/main0/0001-cacerts.k8s.yaml")).toBe(true);
});

test("makes a file with keys private again", () => {
  run();
  chmodSync("dist/main0/0001-cacerts.k8s.yaml", 0o644);
  run();
  expect(statSync("dist/main0/0001-cacerts.k8s.yaml").mode & 0o777).toBe(0o600);
});

test("ignores staged files in Git", () => {
  run();
  expect(readFileSync(".mesh/.gitignore", "utf8")).toBe("*\n");
});

test("keeps the Terraform that is there when the environment asks cdktf for another form", () => {
  run();
  process.env.SYNTH_HCL_OUTPUT = "true";
  try {
    expect(run).toThrow("unset SYNTH_HCL_OUTPUT");
  } finally {
    delete process.env.SYNTH_HCL_OUTPUT;
  }
  expect(existsSync("cdktf.out/stacks/rg-demo/cdk.tf.json")).toBe(true);
});

test("writes no cacerts without a CA, and names the command that creates it", () => {
  rmSync("mesh.ca", { recursive: true });
  run();
  expect([...filesBelow("dist").keys()].filter((file) => file.includes("cacerts"))).toEqual([]);
  expect(missingInputs(inputs())).toContainEqual({
    what: "a certificate authority",
    files: ["dist/main0/0001-cacerts.k8s.yaml", "dist/remote0/0001-cacerts.k8s.yaml"],
    remedy: expect.stringContaining("`mesh ca` creates it"),
  });
});

test("reports once that a new cluster has no CA", () => {
  rmSync("mesh.ca/remote0", { recursive: true });
  const found = inputs();
  expect(found.warnings).toEqual([]);
  expect(missingInputs(found)).toContainEqual({
    what: "the CA of remote0",
    files: ["dist/remote0/0001-cacerts.k8s.yaml"],
    remedy: expect.stringContaining("`mesh ca` creates it from the same root"),
  });
});

test("writes the remote's control plane only when the primary's address is known", () => {
  run();
  expect(existsSync("dist/remote0/istio/control-plane.yaml")).toBe(false);
  expect(missingInputs(inputs())).toMatchObject([{ files: ["dist/remote0/istio/control-plane.yaml"] }]);
  writeFileSync("mesh.addresses.yaml", "main0: 203.0.113.7\n");
  run();
  expect(readFileSync("dist/remote0/istio/control-plane.yaml", "utf8")).toContain(
    "remotePilotAddress: 203.0.113.7",
  );
  expect(missingInputs(inputs())).toEqual([]);
});

test("writes no Terraform where every cluster exists already", () => {
  edit(/azure:\n.*\n.*\n/, "");
  edit("aks: aks-main", "context: a");
  edit("aks: aks-remote", "context: b");
  run();
  expect([...filesBelow("cdktf.out").keys()].filter((file) => file.endsWith("cdk.tf.json"))).toEqual([]);
});

test("warns if others can read a private key", () => {
  chmodSync("mesh.ca/main0/ca-key.pem", 0o644);
  expect(inputs().warnings.join()).toMatch(/ca-key\.pem.*chmod|chmod.*ca-key\.pem/s);
});

test("a dist of another mesh.yaml is refused, not replaced, however the file is named", () => {
  run();
  const before = everything();
  writeFileSync("shop.yaml", readFileSync("mesh.yaml", "utf8"));
  const other = () => synthesize(readInputs(meshPaths("./shop.yaml"), new Date()));
  expect(other).toThrow(
    "dist belongs to mesh.yaml, not to shop.yaml; run in another folder, or delete dist first: mesh synth writes it again",
  );
  expect(everything()).toEqual(before);

  rmSync("dist", { recursive: true });
  other();
  expect(readFileSync("dist/.gitignore", "utf8")).toContain("from shop.yaml;");
  expect(() => synthesize(readInputs(meshPaths(join(process.cwd(), "shop.yaml")), new Date()))).not.toThrow();
});

test("a Ctrl-C between two renames is ignored, and one after them is not", () => {
  const heard = jest.spyOn(process, "on");
  const before = process.listenerCount("SIGINT");
  run();
  expect(heard.mock.calls.map(([signal]) => signal)).toEqual(
    expect.arrayContaining(["SIGINT", "SIGTERM", "SIGHUP"]),
  );
  expect(process.listenerCount("SIGINT")).toBe(before);
  heard.mockRestore();
});
