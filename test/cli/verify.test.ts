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

test("a missing program is the first failure, with its download page", async () => {
  const { code, result } = await mesh("verify");
  expect(code).toBe(1);
  expect(result).toMatch(
    /× kubectl is on the PATH\n {4}kubectl is not on the PATH\n {4}fix: install kubectl, .*: https:\/\//,
  );
  expect(result).toMatch(/other checks are not judged until it passes/);
});

test("--wait repeats the checks, says what is still wrong, and ends in time", async () => {
  const begun = performance.now();
  const { code, notes } = await mesh("verify", "--wait", "6s");
  expect(code).toBe(1);
  expect(notes).toMatch(/not yet: programs\.kubectl: kubectl is not on the PATH \(\d of 6 s\)/);
  expect((performance.now() - begun) / 1000).toBeLessThan(20);
});

test.each([
  [
    "--only",
    "trafic",
    /invalid value "trafic" for --only: expected a layer or the id of a check.*\n.*did you mean "traffic"\?/,
  ],
  [
    "--context",
    "nowhere",
    /invalid value "nowhere" for --context: expected one of one \(main0\), remote0\n {2}fix: use one of these, or leave --context out\n/,
  ],
  ["--context", "main0", /\n {2}fix: did you mean "one"\? use one of these/],
  [
    "--only",
    "capacity",
    /invalid value "capacity" for --only: expected a layer or the id of a check: programs, reachable, .*, addons\n/,
  ],
  ["--only", "azure.login", /invalid value "azure.login" for --only: expected a layer or the id of a check:/],
  ["--only", "scale", /invalid value "scale" for --only: .*\n.*use --scale instead/],
  [
    "--only",
    "control-plane.mesh-networks",
    /invalid value "control-plane.mesh-networks" for --only: expected a layer or a check that applies to this mesh/,
  ],
  ["--wait", "soon", /invalid value "soon" for --wait: expected a duration from 1s to 24h/],
  ["--wait", "25h", /invalid value "25h" for --wait: expected a duration from 1s to 24h/],
  ["-o", "yaml", /invalid value "yaml" for --output: expected one of text, json, junit/],
])("%s %s ends with 2, and no check runs", async (option, value, says) => {
  const { code, notes } = await mesh("verify", option, value);
  expect({ code, notes }).toEqual({ code: 2, notes: expect.stringMatching(says) });
});

test("a choice without a check to run does not pass", async () => {
  const { code, notes } = await mesh("verify", "--only", "gateways.dial", "traffic", "--context", "one");
  expect({ code, notes }).toEqual({
    code: 2,
    notes: expect.stringMatching(
      /invalid value "gateways.dial" for --only: expected a check of main0 alone, because --context is set/,
    ),
  });
  expect(notes).not.toContain('invalid value "traffic"');
});

test("without a sample there is nothing to scale", async () => {
  writeFileSync(
    "mesh.yaml",
    "clusters: [{ name: main0, role: primary, network: network1, context: main0 }]\nsample: { enabled: false }\n",
  );
  const { code, notes } = await mesh("verify", "--scale");
  expect({ code, notes }).toEqual({ code: 2, notes: expect.stringMatching(/the sample is switched off/) });
});

test("with -o json stdout holds the report alone", async () => {
  const { result } = await mesh("verify", "-o", "json");
  expect(JSON.parse(result)).toMatchObject({ mesh: "mesh1", ok: false });
});
