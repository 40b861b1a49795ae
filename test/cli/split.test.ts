import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

const clusters = `clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
`;
const even = `${clusters}sample:\n  weights: { v1: 50, v2: 50 } # even\n`;
const moved = even.replace("v1: 50, v2: 50", "v1: 90, v2: 10");

const ahead = "mesh.yaml has these weights, the mesh may not have them yet; run mesh apply";

/** A primary that is this mesh's, takes any lock, and says of what is applied that it changed. */
const willing = `case "$*" in
  *" apply "*) echo "virtualservice.networking.istio.io/helloworld configured";;
  *" namespace "*) echo '{"kind":"Namespace","metadata":{"name":"istio-system","labels":{"app.kubernetes.io/managed-by":"mesh","app.kubernetes.io/part-of":"mesh1"}}}';;
  *) cat;;
esac`;

const file = () => readFileSync("mesh.yaml", "utf8");

let leave: () => void;
let path: FakePath;
const environment = { ...process.env };

beforeEach(async () => {
  ({ leave } = await project(even));
  path = fakePath();
  process.env.PATH = path.env.PATH;
});
afterEach(() => {
  process.env.PATH = environment.PATH;
  leave();
  path.remove();
});

test("mesh.yaml and the mesh get the weights", async () => {
  path.add("kubectl", willing);
  expect(await mesh("split", "v1=90", "v2=10")).toMatchObject({
    code: 0,
    result: "v1 90 %, v2 10 %: applied; mesh.yaml says the same",
  });
  expect(file()).toBe(moved);
  expect(readFileSync("dist/main0/0005-routing.k8s.yaml", "utf8")).toContain("weight: 90");
});

test("where a GitOps tool applies dist, the weights are written and no cluster is asked", async () => {
  writeFileSync("mesh.yaml", `gitops: { tool: flux }\n${even}`);
  expect(await mesh("split", "v1=90", "v2=10")).toMatchObject({
    code: 0,
    result: "v1 90 %, v2 10 %: written to mesh.yaml and dist; commit them, and flux applies them",
  });
  expect(file()).toBe(`gitops: { tool: flux }\n${moved}`);
  expect(readFileSync("dist/main0/0005-routing.k8s.yaml", "utf8")).toContain("weight: 90");
  expect(path.calls()).toEqual([]);
});

test("unchanged weights are applied, and the file is not written", async () => {
  path.add("kubectl", willing);
  utimesSync("mesh.yaml", 1, 1);
  expect(await mesh("split", "v1=50", "v2=50")).toMatchObject({ code: 0 });
  expect(statSync("mesh.yaml").mtimeMs).toBe(1000);
});

describe("bad input ends with 2, and nothing is written", () => {
  afterEach(() => {
    expect(path.calls()).toEqual([]);
    for (const made of ["dist", ".mesh"]) expect(existsSync(made)).toBe(false);
  });

  test("without the sample there is nothing to split", async () => {
    const off = `${clusters}sample: { enabled: false }\n`;
    writeFileSync("mesh.yaml", off);
    expect(await mesh("split", "v1=100")).toMatchObject({
      code: 2,
      notes: expect.stringContaining(
        "mesh.yaml: the sample is switched off, and its requests are what is split",
      ),
    });
    expect(file()).toBe(off);
  });

  test.each([
    [["v1=100"], "version v2 is missing"],
    [["v1=50", "v1=50"], "version v1 is given 2 times"],
    [["v1=50", "v2=50", "__proto__=50"], 'unknown version "__proto__"'],
    [["v1=50", "v2=40"], "the weights sum to 90"],
    [["even"], 'invalid weight "even"'],
  ])("%j", async (words, says) => {
    expect(await mesh("split", ...words)).toMatchObject({ code: 2, notes: expect.stringContaining(says) });
    expect(file()).toBe(even);
  });

  test.each<[what: string, make: () => void, says: string]>([
    ["is not there", () => {}, "mesh.yaml: file not found\n  fix: create it with `mesh init`"],
    ["is a folder", () => mkdirSync("mesh.yaml"), "mesh.yaml: is not a file"],
    ["is a named pipe", () => execFileSync("/usr/bin/mkfifo", ["mesh.yaml"]), "mesh.yaml: is not a file"],
    [
      "is too large",
      () => writeFileSync("mesh.yaml", "# ".repeat(2_500_000)),
      "mesh.yaml: has 5000000 bytes",
    ],
    ["is binary", () => writeFileSync("mesh.yaml", Buffer.from([0, 255, 1, 7])), "invalid YAML"],
    [
      "is not indented as YAML asks for",
      () => writeFileSync("mesh.yaml", `${clusters}sample:\n  weights: {\n    v1: 100\n}\n`),
      "mesh.yaml:7:1: invalid YAML: Flow map in block collection must be sufficiently indented",
    ],
    [
      "has an empty sample",
      () => writeFileSync("mesh.yaml", `${clusters}sample:\n`),
      "mesh.yaml:4:1: sample: value is empty",
    ],
  ])("a mesh.yaml that %s", async (_, make, says) => {
    rmSync("mesh.yaml");
    make();
    expect(await mesh("split", "v1=90", "v2=10")).toMatchObject({
      code: 2,
      notes: expect.stringContaining(says),
    });
  });

  test("an invalid CA", async () => {
    writeFileSync("mesh.ca/main0/ca-cert.pem", "no certificate");
    expect(await mesh("split", "v1=90", "v2=10")).toMatchObject({ code: 2 });
    expect(file()).toBe(even);
  });
});

test("with files of another project in dist, nothing is written", async () => {
  mkdirSync("dist");
  writeFileSync("dist/mine", "");
  expect(await mesh("split", "v1=90", "v2=10")).toMatchObject({
    code: 1,
    notes: expect.stringContaining("dist contains files that mesh synth did not write (mine)"),
  });
  expect(file()).toBe(even);
  expect(path.calls()).toEqual([]);
});

describe("if the primary cannot be changed, mesh.yaml and dist stay unchanged", () => {
  afterEach(() => {
    expect(file()).toBe(even);
    expect(existsSync("dist")).toBe(false);
  });

  test.each<[what: string, make: () => void, says: string]>([
    [
      "there is no kubectl",
      () => {
        process.env.PATH = path.folder;
      },
      "kubectl is not on the PATH",
    ],
    [
      "the cluster does not answer",
      () => path.add("kubectl", "echo 'connection refused' >&2; exit 1"),
      "connection refused",
    ],
    [
      "the lock cannot be written",
      () => path.add("kubectl", `case "$*" in *namespace*) ;; *) echo "(Forbidden) no" >&2; exit 1;; esac`),
      "cannot be written",
    ],
    [
      "the cluster is another mesh's",
      () => path.add("kubectl", willing.replace("mesh1", "shop")),
      "leads to a cluster of the mesh shop",
    ],
  ])("%s", async (_, make, says) => {
    make();
    const { code, result, notes } = await mesh("split", "v1=90", "v2=10");
    expect({ code, result, notes }).toEqual({ code: 1, result: "", notes: expect.stringContaining(says) });
    expect(notes).not.toContain(ahead);
  });

  test("Ctrl-C, at once", async () => {
    path.add("kubectl", "exec sleep 20");
    const running = mesh("split", "v1=90", "v2=10");
    while (path.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    process.emit("SIGINT");
    const { code, notes } = await running;
    expect({ code, notes }).toEqual({ code: 130, notes: expect.not.stringContaining(ahead) });
  });
});

describe("when mesh.yaml has the new weights and the mesh may not, a note says so", () => {
  afterEach(() => expect(file()).toBe(moved));

  test("the API server refuses them", async () => {
    path.add(
      "kubectl",
      willing.replace(
        'echo "virtualservice.networking.istio.io/helloworld configured"',
        "echo 'admission webhook denied' >&2; exit 1",
      ),
    );
    const { code, result, notes } = await mesh("split", "v1=90", "v2=10");
    expect({ code, result, notes }).toEqual({
      code: 1,
      result: "",
      notes: expect.stringContaining("webhook denied"),
    });
    expect(notes.indexOf(ahead)).toBeGreaterThan(notes.indexOf("webhook denied"));
  });

  test("Ctrl-C, while they are applied", async () => {
    path.add(
      "kubectl",
      willing.replace('echo "virtualservice.networking.istio.io/helloworld configured"', "exec sleep 20"),
    );
    const running = mesh("split", "v1=90", "v2=10");
    while (!path.calls().some((call) => call.includes(" apply ")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    process.emit("SIGINT");
    const { code, notes } = await running;
    expect({ code, notes: notes.split(ahead) }).toEqual({
      code: 130,
      notes: [expect.stringMatching(/stopping; .*\n$/), expect.stringContaining("interrupted")],
    });
  });
});
