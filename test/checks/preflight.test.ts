import { rmSync } from "node:fs";
import { join } from "node:path";
import { preflight } from "../../checks/preflight";
import { defaultIstioLine } from "../../mesh/istio-lines";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { inventoryManifest, inventoryOf } from "../../ops/clusters/inventory";
import { Refused } from "../../ops/exec/errors";
import { createPrograms } from "../../ops/exec/programs";
import { silentReporter } from "../../ops/run/progress";
import { bareCluster, type FakeCluster, type FakeWorld, fakeWorld } from "./fake-clusters";

interface Written {
  readonly main0?: string;
  readonly remote0?: string;
  readonly network1?: string;
  readonly network2?: string;
  readonly two?: string;
}
const meshOf = ({
  main0 = "main0",
  remote0 = "remote0",
  network1 = "network1",
  network2 = "network2",
  two = "two",
}: Written = {}) =>
  parseMesh(
    `clusters:
  - { name: ${main0}, role: primary, network: ${network1}, context: one }
  - { name: ${remote0}, network: ${network2}, context: ${two} }
`,
    "mesh.yaml",
  );

const worlds: FakeWorld[] = [];
afterEach(() => {
  for (const { path } of worlds.splice(0)) path.remove();
});

type Clusters = Readonly<Record<string, Partial<FakeCluster>>>;

async function check(clusters: Clusters = {}, mesh: Mesh = meshOf(), programs: Record<string, string> = {}) {
  const all = ["one", "two", ...Object.keys(clusters)].map((name) => [
    name,
    { ...bareCluster(name), ...clusters[name] },
  ]);
  const world = fakeWorld(mesh, Object.fromEntries(all));
  for (const [name, script] of Object.entries(programs))
    if (script === "") rmSync(join(world.path.folder, name));
    else world.path.add(name, script);
  worlds.push(world);
  const { signal } = new AbortController();
  const context = {
    programs: createPrograms({ env: world.path.env, signal }),
    reporter: silentReporter,
    now: () => new Date(0),
    signal,
    workFolder: world.path.folder,
  };
  const answer = await preflight(context, { mesh, meshFile: "mesh.yaml" }).catch((error) => error);
  if (answer instanceof Error && !(answer instanceof Refused)) throw answer;
  const problems = answer instanceof Refused ? answer.problems : [];
  return { problems, istioctl: answer.text, calls: world.calls() };
}

const nothing = "nothing was changed";

test("two bare clusters pass with a few questions to each, and the version of istioctl is found", async () => {
  const { problems, istioctl, calls } = await check();
  expect({ problems, istioctl }).toEqual({ problems: [], istioctl: defaultIstioLine.version });
  expect(calls.sort()).toEqual([
    "istioctl version --remote=false -o json --log_target stderr",
    "kubectl --request-timeout=10s --context one create --validate=false -o json -f -",
    "kubectl --request-timeout=10s --context one get --raw /version",
    "kubectl --request-timeout=10s --context one get namespaces --ignore-not-found -o json",
    "kubectl --request-timeout=10s --context two create --validate=false -o json -f -",
    "kubectl --request-timeout=10s --context two get --raw /version",
    "kubectl --request-timeout=10s --context two get namespaces --ignore-not-found -o json",
    "kubectl config view -o json",
    "kubectl version --client -o json",
  ]);
});

test("every missing program is named at once", async () => {
  const { problems } = await check({}, meshOf(), { kubectl: "", istioctl: "" });
  expect(problems).toEqual([
    expect.stringMatching(/^programs\.kubectl: kubectl is not on the PATH\n {2}fix: install kubectl/),
    expect.stringMatching(/^programs\.istioctl: istioctl is not on the PATH\n {2}fix: install/),
    nothing,
  ]);
});

test("a cluster that does not answer is named with its server, the fix and the next command", async () => {
  const { problems } = await check({ two: { instead: "echo 'connection refused' >&2; exit 1" } });
  expect(problems).toEqual([
    expect.stringMatching(
      /^reachable\.api of remote0: https:\/\/203\.0\.113\.3:6443: connection refused\n {2}fix: connection refused, by that address or by the proxy in HTTPS_PROXY: .*\n {4}kubectl --context two get --raw \/version$/,
    ),
    nothing,
  ]);
});

test("two contexts of one cluster are refused, each by its name", async () => {
  const { problems } = await check({ two: { uid: bareCluster("one").uid } });
  expect(problems).toEqual([
    expect.stringMatching(
      /^clusters\.distinct of remote0: the contexts one \(main0\) and two lead to the same cluster .*\n {2}fix: use the context of another cluster in mesh\.yaml/,
    ),
    nothing,
  ]);
});

test("a cluster whose namespaces may not be read is refused, with the right that is missing", async () => {
  const { problems } = await check({ two: { mayNot: () => true } });
  expect(problems).toEqual([
    expect.stringMatching(/^rights\.read of remote0: admin may not:\n {4}get, list namespaces\n/),
    nothing,
  ]);
});

test("versions that do not go together are refused", async () => {
  const istioctl = `echo '{"clientVersion":{"version":"1.29.0"}}'`;
  const { problems } = await check({}, meshOf(), { istioctl });
  expect(problems).toEqual([
    `versions.istioctl: istioctl is 1.29.0; mesh.yaml asks for Istio ${defaultIstioLine.version}\n` +
      `  fix: put istioctl ${defaultIstioLine.id} first on the PATH, or change istio.line in mesh.yaml`,
    nothing,
  ]);
});

test("a namespace that is Terminating does not stop apply, which waits for it", async () => {
  const leaving = {
    kind: "Namespace",
    metadata: { name: "istio-system", deletionTimestamp: "2030-06-01T11:00:00Z" },
    status: { phase: "Terminating" },
  };
  expect((await check({ two: { namespaces: [leaving] } })).problems).toEqual([]);
});

const deployment = (name: string) => ({ kind: "Deployment", metadata: { name, namespace: "istio-system" } });

test("a foreign Istio in istio-system is refused, and named", async () => {
  const namespaces = [{ kind: "Namespace", metadata: { name: "istio-system", labels: {} } }];
  const ofIstio = [deployment("istio-eastwestgateway")];
  expect((await check({ two: { namespaces, ofIstio } })).problems).toEqual([
    "clusters.place of remote0: the context two of remote0 leads to a cluster with an Istio that is not of mesh1 (Deployment istio-system/istio-eastwestgateway)\n" +
      "  fix: put the context right in mesh.yaml or in the kubeconfig, or uninstall that Istio first",
    nothing,
  ]);
  expect((await check({ two: { namespaces, ofIstio: [] } })).problems).toEqual([]);
});

const labels = (owner: string, network?: string) => ({
  "app.kubernetes.io/managed-by": "mesh",
  "app.kubernetes.io/part-of": owner,
  ...(network && { "topology.istio.io/network": network }),
});
const member = (owner: string, network?: string, annotations = {}) => ({
  namespaces: [
    { kind: "Namespace", metadata: { name: "istio-system", labels: labels(owner, network), annotations } },
  ],
});
const inventory = { configMaps: [inventoryManifest(inventoryOf(meshOf()))] };
/** A mesh as `meshOf()` describes it, applied. */
const applied = (networks: Readonly<Record<string, string | undefined>> = {}, owner = "mesh1") => ({
  one: { ...member(owner, "network1"), ...inventory },
  two: member(owner, "network2"),
  three: member(owner, "three" in networks ? networks.three : "network2"),
});

test("swapped contexts are refused, each with the cluster that it leads to", async () => {
  const swapped = {
    one: member("mesh1", "network2", { "topology.istio.io/controlPlaneClusters": "main0" }),
    two: { ...member("mesh1", "network1"), ...inventory },
  };
  const fix = "  fix: put the context right in mesh.yaml or in the kubeconfig";
  expect((await check(swapped)).problems).toEqual([
    `clusters.place of main0: the context one of main0 leads to remote0: its istio-system is of network2, and main0 has network1 in mesh.yaml\n  it is a remote, mesh.yaml says primary\n${fix}`,
    `clusters.place of remote0: the context two of remote0 leads to main0: its istio-system is of network1, and remote0 has network2 in mesh.yaml\n  it is a primary, mesh.yaml says remote\n${fix}`,
    nothing,
  ]);
});

// mesh.yaml has other names for a running cluster than the ones that its proxies got when they started.

const said = async (written: Written, clusters: Clusters = applied()) => {
  const { problems, calls } = await check(clusters, meshOf(written));
  for (const call of calls) expect(call).toMatch(/ get | create --validate=false | version | config view /);
  return problems;
};

test.each<[string, Written, string[]]>([
  ["a remote", { remote0: "east" }, ["clusters.place of east: its name is remote0, mesh.yaml says east"]],
  ["the primary", { main0: "hub" }, ["clusters.place of hub: its name is main0, mesh.yaml says hub"]],
  [
    "a network",
    { network2: "eu-net" },
    ["clusters.place of remote0: its network is network2, mesh.yaml says eu-net"],
  ],
  [
    "a remote and its network",
    { remote0: "east", network2: "eu-net" },
    [
      "clusters.place of east: its network is network2, mesh.yaml says eu-net\n  its name is remote0, mesh.yaml says east",
    ],
  ],
  [
    "a remote whose context has another name as well",
    { remote0: "east", two: "three" },
    ["clusters.place of east: its name is remote0, mesh.yaml says east"],
  ],
])("%s that is renamed is refused, with the fix", async (_, written, says) => {
  const fix =
    "\n  fix: check whether the contexts in mesh.yaml are swapped; to change a cluster's name or network, write the old one into mesh.yaml again or follow docs/rename.md; ";
  expect(await said(written)).toEqual([...says.map((one) => expect.stringContaining(one + fix)), nothing]);
});

test.each<[string, Written, Clusters]>([
  ["the same names", {}, applied()],
  ["another context of the same cluster", { two: "three" }, applied()],
  [
    "a cluster that joins",
    { remote0: "east", network2: "eu-net", two: "three" },
    { ...applied(), three: {} },
  ],
])("%s: no renaming", async (_, written, clusters) => {
  expect(await said(written, clusters)).toEqual([]);
});

test("a cluster of another mesh is refused as that, whatever it is called", async () => {
  const [first, second] = await said({ remote0: "east" }, applied({}, "shop"));
  expect([first, second]).toEqual([
    expect.stringMatching(
      /^clusters\.place of main0: the context one of main0 leads to a cluster of the mesh shop, and mesh\.yaml is of mesh1\n/,
    ),
    expect.stringMatching(
      /^clusters\.place of east: the context two of east leads to a cluster of the mesh shop/,
    ),
  ]);
});
