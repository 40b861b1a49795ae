import { writeFileSync } from "node:fs";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

// What the flags of apply do to a dry run, against clusters in which there is nothing yet.

const existingClusters = `clusters:
  - { name: main0, role: primary, network: network1, context: one }
  - { name: remote0, network: network2, context: two }
`;

/** As a run left it when mesh.yaml had one cluster more. */
const inventory = {
  kind: "ConfigMap",
  metadata: { name: "mesh-inventory" },
  data: {
    "inventory.json": JSON.stringify({
      mesh: "mesh1",
      istio: "1.31.1",
      clusters: [{ name: "gone", context: "three", role: "remote", network: "network3" }],
    }),
  },
};

/** Answers to the pre-flight checks. */
const bareClusters = `  *" get namespaces "*) printf '{"kind":"List","items":[{"kind":"Namespace","metadata":{"name":"kube-system","uid":"%s"}}]}' "$3";;
  "--request-timeout="*" create --validate=false "*) cat >/dev/null; for i in $(seq 9); do printf '{\\n"kind":"SelfSubjectAccessReview","status":{"allowed":true}\\n}\\n'; done;;
  "config view "*) echo '{"contexts":[{"name":"one","context":{"cluster":"c"}},{"name":"two","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"https://c"}}]}';;`;

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
${bareClusters}
  *" create "*) echo '{"metadata":{},"spec":{}}';;
  *" configmap mesh-inventory "*) echo '${JSON.stringify(inventory)}';;
esac`,
  );
  path.add(
    "istioctl",
    `case "$*" in
  "version "*) echo '{"clientVersion":{"version":"1.31.1"}}';;
  "manifest generate "*) echo '{apiVersion: v1, kind: ServiceAccount, metadata: {name: istiod, namespace: istio-system}}';;
esac`,
  );
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

test("--only shows the changes by that cluster's steps, including a remote's secret in the primary", async () => {
  const secret = "+ main0: Secret istio-system/istio-remote-secret-remote0";
  const all = await changes();
  const ofMain = await changes("--only", "main0");
  const ofRemote = await changes("--only", "remote0");
  const isOfRemote = (line: string) => line.startsWith("+ remote0: ") || line === secret;
  const isOfBoth = (line: string) => line === "~ main0: ConfigMap istio-system/mesh-inventory";
  expect(all.filter(isOfBoth)).toHaveLength(1);
  expect(ofRemote).toEqual(all.filter((line) => isOfRemote(line) || isOfBoth(line)));
  expect(ofMain).toEqual(all.filter((line) => !isOfRemote(line)));
  expect(ofRemote).toContain(secret);
  expect(ofMain).toContain("- gone: Istio and sample in the context three");
});

test("--only of a remote is refused while the primary has no address", async () => {
  const { code, notes } = await mesh("apply", "--only", "remote0");
  expect(code).toBe(1);
  expect(notes).toContain(
    "main0 has no address for its istio-eastwestgateway yet, and remote0 cannot join without it; " +
      "apply main0 first (--only main0), or leave --only out",
  );
  expect(path.calls().filter((call) => / apply /.test(call))).toEqual([]);
});

test("where a GitOps tool applies dist, its flags are refused, all at once", async () => {
  writeFileSync("mesh.yaml", `gitops: { tool: flux }\n${existingClusters}`);
  const { code, notes } = await mesh("apply", "--dry-run", "--prune");
  expect(code).toBe(2);
  for (const option of ["--prune", "--dry-run"])
    expect(notes).toContain(
      `mesh.yaml: gitops is set, and ${option} is about what flux applies\n  fix: leave ${option} out; flux shows its own differences and prunes`,
    );
  expect(path.calls()).toEqual([]);
});

test("a dry run refuses a cluster of another mesh, as the run does", async () => {
  const namespace = {
    kind: "Namespace",
    metadata: {
      name: "istio-system",
      labels: { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": "shop" },
    },
  };
  path.add(
    "kubectl",
    `case "$*" in
  "version "*) echo '{"clientVersion":{"gitVersion":"v1.35.1"}}';;
  *" get --raw /version") echo '{"gitVersion":"v1.35.1"}';;
  *" get namespaces "*) echo '{"kind":"List","items":[${JSON.stringify(namespace)},{"kind":"Namespace","metadata":{"name":"kube-system","uid":"'"$3"'"}}]}';;
${bareClusters}
esac`,
  );
  const { code, notes } = await mesh("apply", "--dry-run");
  expect(code).toBe(1);
  expect(notes).toContain("leads to a cluster of the mesh shop, and mesh.yaml is of mesh1");
});
