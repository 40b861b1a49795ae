import { type FakePath, fakePath } from "../ops/programs/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

// What the flags of apply do to a dry run, against clusters in which there is nothing yet.

const existingClusters = `clusters:
  - { name: main0, role: primary, network: network1, context: one }
  - { name: remote0, network: network2, context: two }
`;

let leave: () => void;
let path: FakePath;
const environment = { ...process.env };
beforeEach(async () => {
  ({ leave } = await project(existingClusters));
  path = fakePath();
  process.env.PATH = path.env.PATH;
  path.add(
    "kubectl",
    `case "$*" in
  "version "*) echo '{"clientVersion":{"gitVersion":"v1.35.1"}}';;
  *" get --raw /version") echo '{"gitVersion":"v1.35.1"}';;
  *" get namespace kube-system "*) printf '%s' "$2";;
esac`,
  );
  path.add("istioctl", `case "$*" in "version "*) echo '{"clientVersion":{"version":"1.31.1"}}';; esac`);
});
afterEach(() => {
  process.env.PATH = environment.PATH;
  leave();
  path.remove();
});

const changes = async (...args: string[]) => {
  const { code, result, notes } = await mesh("apply", "--dry-run", ...args);
  expect({ code, notes }).toMatchObject({ code: 0 });
  return result.split("\n").filter((line) => /^[+~-] /.test(line));
};

test("--only shows what the steps of that cluster change, a remote's secret in the primary with it", async () => {
  const secret = "+ main0: Secret istio-system/istio-remote-secret-remote0";
  const all = await changes();
  const ofMain = await changes("--only", "main0");
  const ofRemote = await changes("--only", "remote0");
  expect(ofMain).toEqual(all.filter((line) => line.startsWith("+ main0: ") && line !== secret));
  expect(ofRemote).toEqual(all.filter((line) => line.startsWith("+ remote0: ") || line === secret));
  expect(ofRemote).toContain(secret);
  expect(ofMain).toContain("+ main0: Namespace istio-system");
});
