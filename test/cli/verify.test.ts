import { writeFileSync } from "node:fs";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

// The command line of verify, on a machine with nothing but a shell: what checks find is in test/checks/.

const existingClusters = `clusters:
  - { name: main0, role: primary, network: network1, context: one }
  - { name: remote0, network: network2, context: remote0 }
`;

let leave: () => void;
let path: FakePath;
const environment = { ...process.env };

beforeEach(async () => {
  ({ leave } = await project(existingClusters));
  path = fakePath();
  process.env.PATH = path.folder;
});
afterEach(() => {
  process.env.PATH = environment.PATH;
  leave();
  path.remove();
});

test("a program that is missing is the first failure, with where to get it", async () => {
  const { code, result } = await mesh("verify");
  expect(code).toBe(1);
  expect(result).toMatch(
    /× kubectl is on the PATH\n {4}kubectl is not on the PATH\n {4}fix: install kubectl, .*: https:\/\//,
  );
  expect(result).toMatch(/other checks are not judged until it passes/);
});

test("with --wait it looks again, says what is still wrong, and gives up in time", async () => {
  const begun = performance.now();
  const { code, notes } = await mesh("verify", "--wait", "3s");
  expect(code).toBe(1);
  expect(notes).toMatch(/not yet: programs\.kubectl: kubectl is not on the PATH \(\d of 3 s\)/);
  expect((performance.now() - begun) / 1000).toBeLessThan(10);
});

test.each([
  [
    "--only",
    "trafic",
    /"trafic" is given; allowed is a layer or the id of a check.*\n.*did you mean "traffic"\?/,
  ],
  [
    "--context",
    "nowhere",
    /"nowhere" is given; allowed is a context that mesh\.yaml names: one \(main0\), remote0\n {2}fix: name one of them, or leave --context out for all\n/,
  ],
  ["--context", "main0", /\n {2}fix: did you mean "one"\? name one of them/],
  [
    "--only",
    "capacity",
    /"capacity" is given; allowed is a layer or the id of a check of verify: programs, reachable, .*, addons\n/,
  ],
  ["--only", "azure.login", /"azure.login" is given; allowed is a layer or the id of a check of verify/],
  ["--only", "scale", /"scale" is given; .*\n.*leave it out, and give --scale/],
  [
    "--only",
    "control-plane.mesh-networks",
    /"control-plane.mesh-networks" is given, and mesh\.yaml describes a mesh that it does not apply to/,
  ],
  ["--wait", "soon", /Allowed is a time such as 90, 90s or 5m/],
  ["--wait", "25h", /Allowed is a day, 24h, at most/],
  ["-o", "yaml", /Allowed choices are table, json, junit/],
])("%s %s ends with 2, and nothing is looked at", async (option, value, says) => {
  const { code, notes } = await mesh("verify", option, value);
  expect({ code, notes }).toEqual({ code: 2, notes: expect.stringMatching(says) });
});

test("what leaves nothing to look at is no all-clear", async () => {
  const { code, notes } = await mesh("verify", "--only", "gateways.dial", "traffic", "--context", "one");
  expect({ code, notes }).toEqual({
    code: 2,
    notes: expect.stringMatching(/"gateways.dial" is given with --context; no check of it is of main0 alone/),
  });
  expect(notes).not.toContain('"traffic" is given');
});

test("without a sample there is nothing to scale", async () => {
  writeFileSync(
    "mesh.yaml",
    "clusters: [{ name: main0, role: primary, network: network1, context: main0 }]\nsample: { enabled: false }\n",
  );
  const { code, notes } = await mesh("verify", "--scale");
  expect({ code, notes }).toEqual({ code: 2, notes: expect.stringMatching(/the sample is switched off/) });
});

test("with -o json the report is all there is on stdout", async () => {
  const { result } = await mesh("verify", "-o", "json");
  expect(JSON.parse(result)).toMatchObject({ mesh: "mesh1", ok: false });
});
