import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMesh } from "../../../mesh/load";
import { meshPaths } from "../../../mesh/paths";
import { removedClusterSteps } from "../../../ops/apply/removed-clusters";
import { runOf } from "../../../ops/apply/steps";
import type { Inventory } from "../../../ops/clusters/inventory";
import { inventoryOf, removedClusters } from "../../../ops/clusters/inventory";
import { ProgramFailed } from "../../../ops/exec/errors";
import type { Output, Programs } from "../../../ops/exec/programs";
import { silentReporter } from "../../../ops/run/progress";
import { runSteps, type Step } from "../../../ops/run/steps";

// A remote was removed from mesh.yaml: the cluster behind its context decides what is changed there.

const mesh = parseMesh(
  `clusters:
  - { name: main0, role: primary, network: network1, context: one }
  - { name: remote0, network: network2, context: two }
`,
  "mesh.yaml",
);
const gone = { name: "old", context: "three", role: "remote", network: "network3" } as const;
const inventory: Inventory = inventoryOf(mesh, [gone]);

const namespace = (name: string, uid: string, labels = {}) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, uid, labels },
});
const ours = (network: string) => ({
  "app.kubernetes.io/managed-by": "mesh",
  "app.kubernetes.io/part-of": mesh.name,
  "topology.istio.io/network": network,
});

let workFolder: string;
beforeEach(() => {
  workFolder = mkdtempSync(join(tmpdir(), "mesh-removed-"));
});
afterEach(() => rmSync(workFolder, { recursive: true, force: true }));

const unsynthesized = {
  mesh,
  paths: meshPaths("mesh.yaml"),
  ca: undefined,
  addresses: {},
  warnings: [],
  rootCertificate: "",
};

/** @param clusters namespaces by context; a context that is not there does not answer */
async function run(clusters: Record<string, object[]>, prune: boolean, found = inventory) {
  const calls: string[] = [];
  let written: Inventory | undefined;
  const programs: Programs = {
    async run(program, args, options = {}): Promise<Output> {
      const line = [program, ...args].join(" ");
      calls.push(line);
      const answer = (stdout: string) => ({ code: 0, stdout, stderr: "" });
      const context = args[args.indexOf("--context") + 1]!;
      if (program === "istioctl") return answer("");
      if (!clusters[context]) throw new ProgramFailed(line, 1, "the server was refused");
      if (line.includes("get namespaces kube-system"))
        return answer(JSON.stringify({ kind: "List", items: clusters[context] }));
      if (line.includes("get namespace istio-system")) return answer(JSON.stringify(clusters[context]![1]));
      if (args.includes("apply")) written = JSON.parse(JSON.parse(options.input!).data["inventory.json"]);
      return answer(args.includes("delete") ? "it deleted" : "");
    },
  };
  const { signal } = new AbortController();
  const context = { programs, reporter: silentReporter, now: () => new Date(), signal, workFolder };
  const inputs = { ...unsynthesized, prune };
  const steps = removedClusterSteps(
    runOf(context, { ...inputs, istioctlVersion: "1.31.1", inventory: found, primaryGateway: undefined }),
    removedClusters(found, mesh),
  );
  const results = (await runSteps([...primarySteps, ...steps], silentReporter, signal)).slice(
    primarySteps.length,
  );
  const reasons = results.map(({ reason }) => reason ?? "").join("\n");
  const changedOn = (name: string) =>
    calls.filter((line) => line.includes(`--context ${name} `) && /delete|uninstall/.test(line));
  return { calls, written, reasons, outcomes: results.map(({ outcome }) => outcome), changedOn };
}

/** Stand for the primary's: it is looked first whose it is, and the inventory names who is on the way out. */
const primarySteps = ["namespaces", "inventory"].map(
  (name): Step => ({
    id: `main0/${name}`,
    cluster: "main0",
    phase: "namespaces",
    title: name,
    needs: [],
    deadlineSeconds: 1,
    run: async () => "unchanged",
  }),
);

const rest = {
  one: [namespace("kube-system", "uid-1"), namespace("istio-system", "a", ours("network1"))],
  two: [namespace("kube-system", "uid-2"), namespace("istio-system", "b", ours("network2"))],
};
const old = [namespace("kube-system", "uid-3"), namespace("istio-system", "c", ours("network3"))];

test("without --prune, what it would delete is listed and nothing is touched", async () => {
  const { calls, reasons, outcomes } = await run({ ...rest, three: old }, false);
  expect(outcomes).toEqual(["warning"]);
  expect(reasons).toContain(
    "old is no longer in mesh.yaml; --prune deletes its Secret istio-remote-secret-old",
  );
  expect(calls).toEqual([]);
});

test("the secret is removed first, then the mesh on the cluster, then the inventory entry", async () => {
  const { calls, written, outcomes, changedOn } = await run({ ...rest, three: old }, true);
  expect(outcomes).toEqual(["changed", "changed"]);
  expect(calls[0]).toBe(
    "kubectl --context one delete -n istio-system secret istio-remote-secret-old --ignore-not-found --timeout=90s",
  );
  expect(changedOn("three").join("\n")).toMatch(/delete .*-f .*remove\.json/);
  // CRDs stay, and with them what others made of them.
  expect(calls.join("\n")).not.toContain("--purge");
  expect(calls.at(-1)).toContain("--context one apply");
  expect(written!.clusters.map(({ name }) => name)).toEqual(["main0", "remote0"]);
});

test("a cluster whose network now belongs to another is removed like any other", async () => {
  const replaced = { ...gone, network: "network2" };
  const three = [namespace("kube-system", "uid-3"), namespace("istio-system", "c", ours("network2"))];
  const { written, outcomes, changedOn } = await run({ ...rest, three }, true, inventoryOf(mesh, [replaced]));
  expect(outcomes).toEqual(["changed", "changed"]);
  expect(changedOn("three").join("\n")).toMatch(/delete .*-f .*remove\.json/);
  expect(written!.clusters.map(({ name }) => name)).toEqual(["main0", "remote0"]);
});

test("a cluster that was only renamed keeps its Istio", async () => {
  const { reasons, changedOn } = await run({ ...rest, three: rest.two }, true);
  expect(reasons).toContain("leads to a cluster that is in mesh.yaml under another name: it is left alone");
  expect(changedOn("three")).toEqual([]);
});

test.each([
  ["another mesh", { "app.kubernetes.io/part-of": "other", "topology.istio.io/network": "network3" }],
  ["another network", ours("network9")],
])("a context that now leads to a cluster of %s is not changed", async (_, labels) => {
  const three = [namespace("kube-system", "uid-9"), namespace("istio-system", "z", labels)];
  const { reasons, changedOn } = await run({ ...rest, three }, true);
  expect(reasons).toContain("is not of this mesh's network3: it is left alone");
  expect(changedOn("three")).toEqual([]);
});

test("a cluster that does not answer is removed from the mesh, and reported once", async () => {
  const { reasons, outcomes, written } = await run(rest, true);
  expect(outcomes).toEqual(["changed", "warning"]);
  expect(reasons).toContain("old is out of the mesh; its context three does not answer: what is on it stays");
  expect(written!.clusters.map(({ name }) => name)).toEqual(["main0", "remote0"]);
});

test("clusters of another mesh on the primary are not removed", async () => {
  const { calls, outcomes } = await run({ ...rest, three: old }, true, { ...inventory, mesh: "shop" });
  expect([calls, outcomes]).toEqual([[], []]);
});

test("removed clusters are not changed before the owner of the primary is known", () => {
  const { signal } = new AbortController();
  const context = {
    programs: {} as Programs,
    reporter: silentReporter,
    now: () => new Date(),
    signal,
    workFolder,
  };
  const inputs = { ...unsynthesized, prune: true };
  const steps = removedClusterSteps(
    runOf(context, { ...inputs, istioctlVersion: "1.31.1", inventory, primaryGateway: undefined }),
    [gone],
  );
  const [secrets, rest] = steps.map(({ needs }) => needs);
  expect(secrets).toEqual(["main0/namespaces"]);
  expect(rest).toEqual([steps[0]!.id, "main0/inventory"]);
});
