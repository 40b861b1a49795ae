import { rmSync } from "node:fs";
import { join } from "node:path";
import { doctor } from "../../checks/doctor/doctor";
import type { CheckReport, CheckResult } from "../../checks/report";
import { defaultIstioLine } from "../../mesh/istio-lines";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { parseVersion } from "../../mesh/versions";
import { createPrograms } from "../../ops/exec/programs";
import { silentReporter } from "../../ops/run/progress";
import {
  clusterCa,
  type Files,
  filesOf,
  issue,
  meshOf,
  newFolder,
  now,
  ownCa,
  removeFolders,
  secretLines,
  writeFiles,
} from "../ca/authority";
import { bareCluster, type FakeCluster, type FakeWorld, fakeWorld, node } from "./fake-clusters";

// Every check, on two clusters that answer as the test says.

let files: Files;
let root: string;
let otherRoot: string;
let meshFile: string;

beforeAll(async () => {
  const ca = await issue({ subject: "CN=root" });
  root = ca.pem;
  otherRoot = (await issue({ subject: "CN=other root" })).pem;
  const intermediates = await Promise.all(
    ["main0", "remote0"].map((name) => issue({ subject: `CN=${name}`, issuer: ca })),
  );
  files = filesOf({
    main0: await clusterCa(intermediates[0]!, ca),
    remote0: await clusterCa(intermediates[1]!, ca),
  });
  const folder = newFolder();
  writeFiles(join(folder, "own-ca"), files);
  meshFile = join(folder, "mesh.yaml");
});
afterAll(removeFolders);

const worlds: FakeWorld[] = [];
afterEach(() => {
  for (const { path } of worlds.splice(0)) path.remove();
});

interface Given {
  readonly mesh?: Mesh;
  readonly main0?: Partial<FakeCluster>;
  readonly remote0?: Partial<FakeCluster>;
  /** Shell scripts beside the usual programs, or in their stead. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly file?: string;
}

function worldOf({ mesh = meshOf(ownCa), main0, remote0, programs = {} }: Given): FakeWorld {
  const world = fakeWorld(mesh, {
    main0: { ...bareCluster("main0"), ...main0 },
    remote0: { ...bareCluster("remote0"), ...remote0 },
  });
  for (const [name, script] of Object.entries(programs)) world.path.add(name, script);
  worlds.push(world);
  return world;
}

const withProcesses = ({ path }: FakeWorld) => createPrograms({ env: path.env });

async function diagnose(
  given: Given,
  world = worldOf(given),
  programs = given.programs?.kubectl ? withProcesses(world) : world.programs,
): Promise<CheckReport> {
  const context = {
    programs,
    reporter: silentReporter,
    now: () => now,
    signal: new AbortController().signal,
    workFolder: world.path.folder,
  };
  return doctor(context, { mesh: given.mesh ?? meshOf(ownCa), meshFile: given.file ?? meshFile });
}

function find({ results }: CheckReport, id: string, cluster?: string): CheckResult {
  const result = results.find((one) => one.id === id && one.cluster === cluster);
  if (!result) throw new Error(`no ${id} of ${cluster}`);
  return result;
}

const failed = ({ results }: CheckReport) =>
  results
    .filter(({ status }) => status !== "pass" && status !== "info")
    .map(({ id, cluster, status }) => [status, id, cluster].filter(Boolean).join(" "));

const owned = (mesh: string, more: { labels?: object; annotations?: object } = {}) => ({
  kind: "Namespace",
  metadata: {
    name: "istio-system",
    labels: { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": mesh, ...more.labels },
    annotations: more.annotations,
  },
  status: { phase: "Active" },
});

const istiod = (version: string, more: { namespace?: string; revision?: string } = {}) => ({
  kind: "Deployment",
  metadata: {
    name: more.revision ? `istiod-${more.revision}` : "istiod",
    namespace: more.namespace ?? "istio-system",
    labels: { app: "istiod", "istio.io/rev": more.revision ?? "default" },
  },
  spec: { template: { spec: { containers: [{ image: `docker.io/istio/pilot:${version}` }] } } },
});

const webhook = (service: object, kind = "MutatingWebhookConfiguration") => ({
  kind,
  metadata: { name: "istio-sidecar-injector", labels: { "istio.io/rev": "default" } },
  webhooks: [{ name: "rev.namespace.sidecar-injector.istio.io", clientConfig: { service } }],
});

test("two bare clusters and a valid CA pass, with at most nine queries to each", async () => {
  const world = worldOf({});
  const report = await diagnose({}, world, withProcesses(world));
  expect(failed(report)).toEqual([]);
  expect(report.ok).toBe(true);
  const toMain = world.calls().filter((call) => call.includes(" --context main0 "));
  expect(toMain).toHaveLength(9);
});

describe("the Istio release", () => {
  test("with a fault that breaks such a mesh, of a line near its end, is a warning, with the fix", async () => {
    const mesh = meshOf(`${ownCa}\nistio: { line: "1.30", version: 1.30.3 }`);
    const report = await diagnose({ mesh });
    expect(find(report, "versions.faults")).toMatchObject({
      status: "warn",
      evidence: [expect.stringContaining("1.30.3 loses every endpoint of a remote")],
      fix: expect.stringContaining("set istio.version to 1.30.5"),
    });
    expect(find(report, "versions.support")).toMatchObject({
      status: "warn",
      evidence: [expect.stringContaining("support for Istio 1.30 ended")],
      fix: 'plan the upgrade to istio.line "1.31"',
    });
    const mended = await diagnose({ mesh: meshOf(`${ownCa}\nistio: { line: "1.30", version: 1.30.5 }`) });
    expect(find(mended, "versions.faults").status).toBe("pass");
  });
});

describe("programs", () => {
  test("without kubectl only that check fails", async () => {
    const world = worldOf({});
    rmSync(join(world.path.folder, "kubectl"));
    const report = await diagnose({}, world, withProcesses(world));
    expect(failed(report).filter((line) => line.startsWith("fail"))).toEqual(["fail programs.kubectl"]);
    expect(find(report, "programs.kubectl").evidence[0]).toMatch(/^kubectl is not on the PATH/);
    expect(find(report, "trust.ca").status).toBe("pass");
  });

  test("istioctl of another line is named, with the one to get", async () => {
    const programs = { istioctl: `echo '{"clientVersion":{"version":"1.7.3"}}'` };
    const report = await diagnose({ programs });
    expect(failed(report)).toEqual(["fail versions.istioctl"]);
    expect(find(report, "versions.istioctl")).toMatchObject({
      evidence: [`istioctl is 1.7.3; mesh.yaml asks for Istio ${defaultIstioLine.version}`],
      fix: expect.stringContaining(`put istioctl ${defaultIstioLine.id} first on the PATH`),
    });
  });

  test("a kubectl without a version fails, and no version is compared with it", async () => {
    const report = await diagnose({ programs: { kubectl: "echo hello" } });
    expect(failed(report)[0]).toBe("fail programs.kubectl");
    expect(report.counts.fail).toBe(1);
  });
});

describe("reachable", () => {
  test("a context that is not in the kubeconfig fails, with the known contexts and a suggestion", async () => {
    const mesh = parseMesh(
      `clusters:\n  - {name: main0, role: primary, network: n1, context: main0}\n  - {name: remote0, network: n2, context: remot0}\n${ownCa}\n`,
      "mesh.yaml",
    );
    const report = await diagnose({ mesh }, worldOf({}));
    expect(find(report, "reachable.context", "remote0")).toMatchObject({
      status: "fail",
      evidence: ["no context remot0; there are main0, remote0"],
      fix: expect.stringContaining('did you mean "remote0"?'),
      commands: ["kubectl config get-contexts"],
    });
    expect(report.counts.fail).toBe(1);
  });

  test.each([
    [
      "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
      /connection refused/,
    ],
    ["Unable to connect to the server: dial tcp 198.51.100.1:443: i/o timeout", /firewall/],
    ["Unable to connect to the server: dial tcp: lookup gone.azmk8s.io: no such host", /^DNS lookup failed/],
    ["error: You must be logged in to the server (Unauthorized)", /log in again/],
    [
      "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority",
      /recreated under this name/,
    ],
    [
      "Unable to connect to the server: getting credentials: exec: executable kubelogin not found",
      /install it \(kubelogin on AKS\)/,
    ],
  ])("%s", async (words, fix) => {
    const report = await diagnose({
      remote0: { instead: `echo '${words.replaceAll("'", "'\\''")}' >&2; exit 1` },
    });
    const result = find(report, "reachable.api", "remote0");
    expect(result).toMatchObject({ status: "fail", fix: expect.stringMatching(fix) });
    expect(result.evidence).toEqual([`https://203.0.113.7:6443: ${words}`]);
    expect(result.commands).toEqual(["kubectl --context remote0 get --raw /version"]);
    expect(report.counts.fail).toBe(1);
    expect(find(report, "rights.read", "main0").status).toBe("pass");
  });

  test("a cluster that does not answer is queried once", async () => {
    const world = worldOf({ remote0: { instead: "echo refused >&2; exit 1" } });
    await diagnose({}, world);
    expect(world.calls().filter((call) => call.includes("--context remote0 "))).toHaveLength(1);
  });

  test.each([
    ["https://127.0.0.1:6443", "is this machine's own"],
    ["https://localhost:6443", "is this machine's own"],
    ["https://[::1]:6443", "is this machine's own"],
    ["https://host.docker.internal:6443", "is this machine's own"],
    ["https://10.1.2.3", "is private"],
    ["https://192.168.49.2:8443", "is private"],
    ["https://mesh.abc.privatelink.centralus.azmk8s.io:443", "is private"],
  ])("a remote at %s is a warning: it %s", async (server, why) => {
    const report = await diagnose({ remote0: { server }, main0: { server } });
    expect(failed(report)).toEqual(["warn reachable.from-primary remote0"]);
    expect(find(report, "reachable.from-primary", "remote0")).toMatchObject({
      evidence: [expect.stringContaining(`${server} ${why}`)],
      commands: ["kubectl config set-cluster remote0-cluster --server=https://ADDRESS:PORT"],
    });
  });

  test("private API server addresses pass if networks are connected, loopback addresses fail", async () => {
    const mesh = meshOf(`${ownCa}\ngateways: { internal: true }`);
    expect(failed(await diagnose({ mesh, remote0: { server: "https://10.1.2.3" } }))).toEqual([]);
    expect(failed(await diagnose({ mesh, remote0: { server: "https://127.0.0.1" } }))).toHaveLength(1);
  });
});

describe("versions", () => {
  test("kubectl more than one minor version from a server fails", async () => {
    const report = await diagnose({ remote0: { version: "v1.36.0" } });
    expect(failed(report)).toEqual(["fail versions.kubectl remote0"]);
    expect(find(report, "versions.kubectl", "remote0")).toMatchObject({ fix: "install kubectl 1.36" });
  });

  test.each(["v1.31.2", "v1.37.0"])("Kubernetes %s is outside the line's range", async (version) => {
    const result = find(await diagnose({ main0: { version } }), "versions.kubernetes", "main0");
    expect(result).toMatchObject({
      status: "fail",
      evidence: [
        `main0 runs Kubernetes ${version.slice(1)}; Istio ${defaultIstioLine.id} supports ${defaultIstioLine.kubernetes.min} to ${defaultIstioLine.kubernetes.max}`,
      ],
    });
  });
});

describe("rights", () => {
  test("missing permissions are listed by resource, with the grant to request", async () => {
    const report = await diagnose({
      remote0: {
        user: "system:serviceaccount:ci:deployer",
        mayNot: ({ resource, verb }) =>
          resource === "clusterroles" || (resource === "secrets" && verb === "patch"),
      },
    });
    expect(failed(report)).toEqual(["fail rights.change remote0"]);
    expect(find(report, "rights.change", "remote0")).toMatchObject({
      evidence: [
        "system:serviceaccount:ci:deployer may not:",
        "  patch secrets in istio-system",
        "  create, patch clusterroles.rbac.authorization.k8s.io",
      ],
      commands: [
        "kubectl --context remote0 create clusterrolebinding mesh-admin --clusterrole=cluster-admin --serviceaccount=ci:deployer",
      ],
    });
  });

  test("a resource without read permission is not judged, and does not pass", async () => {
    const report = await diagnose({ remote0: { mayNot: () => true } });
    expect(failed(report)).toEqual([
      "fail rights.read remote0",
      "fail rights.change remote0",
      "not judged clusters.distinct remote0",
      "not judged clusters.terminating remote0",
      "not judged clusters.place remote0",
      "not judged installed.foreign-istio remote0",
      "not judged installed.foreign-webhooks remote0",
      "not judged trust.same-root remote0",
      "not judged capacity.nodes remote0",
      "not judged capacity.architecture remote0",
      "not judged capacity.room remote0",
    ]);
  });
});

/** What an earlier apply recorded on the primary. */
const inventoryOf = (clusters: readonly object[] = []) => ({
  kind: "ConfigMap",
  metadata: { name: "mesh-inventory" },
  data: {
    "inventory.json": JSON.stringify({ mesh: "mesh1", istio: defaultIstioLine.version, clusters }),
  },
});

describe("clusters", () => {
  test("one cluster under two contexts fails, and both are named", async () => {
    const report = await diagnose({ remote0: { uid: "uid-of-main0" } });
    expect(failed(report)).toEqual(["fail clusters.distinct remote0"]);
    expect(find(report, "clusters.distinct", "remote0").evidence).toEqual([
      "the contexts main0 (main0) and remote0 lead to the same cluster (kube-system uid-of-main0)",
    ]);
  });

  test("swapped contexts fail", async () => {
    const inventory = inventoryOf();
    const report = await diagnose({
      main0: {
        namespaces: [
          owned("mesh1", {
            labels: { "topology.istio.io/network": "n1" },
            annotations: { "topology.istio.io/controlPlaneClusters": "main0" },
          }),
        ],
      },
      remote0: {
        namespaces: [owned("mesh1", { labels: { "topology.istio.io/network": "n0" } })],
        configMaps: [inventory],
      },
    });
    expect(failed(report)).toEqual(["fail clusters.place main0", "fail clusters.place remote0"]);
    expect(find(report, "clusters.place", "main0").evidence).toEqual([
      "the context main0 of main0 leads to remote0: its istio-system is of n1, and main0 has n0 in mesh.yaml",
      "it is a remote, mesh.yaml says primary",
    ]);
    expect(find(report, "clusters.place", "remote0").evidence).toEqual([
      "the context remote0 of remote0 leads to main0: its istio-system is of n0, and remote0 has n1 in mesh.yaml",
      "it is a primary, mesh.yaml says remote",
    ]);
  });

  test("a cluster that runs under another name and network is named with both", async () => {
    const before = [
      { name: "main0", network: "n0", role: "primary", context: "main0" },
      { name: "west", network: "west-net", role: "remote", context: "remote0" },
    ];
    const inventory = inventoryOf(before);
    const report = await diagnose({
      main0: {
        namespaces: [owned("mesh1", { labels: { "topology.istio.io/network": "n0" } })],
        configMaps: [inventory],
      },
      remote0: { namespaces: [owned("mesh1", { labels: { "topology.istio.io/network": "west-net" } })] },
    });
    expect(failed(report)).toEqual(["fail clusters.place remote0"]);
    expect(find(report, "clusters.place", "remote0").evidence).toEqual([
      "its network is west-net, mesh.yaml says n1",
      "its name is west, mesh.yaml says remote0",
    ]);
  });

  test("a network label that was edited by hand does not count as a rename: apply sets it again", async () => {
    const inventory = inventoryOf([{ name: "remote0", network: "n1", role: "remote", context: "remote0" }]);
    const report = await diagnose({
      main0: { namespaces: [owned("mesh1")], configMaps: [inventory] },
      remote0: { namespaces: [owned("mesh1", { labels: { "topology.istio.io/network": "edited" } })] },
    });
    expect(find(report, "clusters.place", "remote0")).toMatchObject({ status: "pass" });
  });

  test("a cluster of another mesh is not taken over", async () => {
    const report = await diagnose({ remote0: { namespaces: [owned("mesh2")] } });
    expect(find(report, "clusters.place", "remote0")).toMatchObject({
      status: "fail",
      evidence: [
        "the context remote0 of remote0 leads to a cluster of the mesh mesh2, and mesh.yaml is of mesh1",
      ],
    });
  });

  test("a namespace that is stuck in Terminating fails, with what blocks it", async () => {
    const stuck = {
      kind: "Namespace",
      metadata: { name: "sample", deletionTimestamp: "2030-06-01T11:00:00Z" },
      status: {
        phase: "Terminating",
        conditions: [
          { status: "True", message: "Some content in the namespace has finalizers remaining: x/y in 1" },
          { status: "False", message: "All resources successfully discovered" },
        ],
      },
    };
    const report = await diagnose({ main0: { namespaces: [stuck] } });
    expect(failed(report)).toEqual(["fail clusters.terminating main0"]);
    expect(find(report, "clusters.terminating", "main0").evidence).toEqual([
      "sample has been Terminating since 2030-06-01T11:00:00Z",
      "sample: Some content in the namespace has finalizers remaining: x/y in 1",
    ]);
  });

  test.each([
    ["2030-06-01T12:01:00Z", []],
    [
      "2030-06-01T12:02:00Z",
      ["the cluster's clock is 120 s ahead of this machine's: 2030-06-01T12:02:00.000Z there"],
    ],
    [
      "2030-06-01T11:57:59Z",
      ["the cluster's clock is 120 s behind this machine's: 2030-06-01T11:57:59.000Z there"],
    ],
  ])("a clock that says %s at 12:00", async (time, evidence) => {
    const report = await diagnose({ main0: { time } });
    const result = find(report, "clusters.clock", "main0");
    expect(result.status === "warn" ? result.evidence : []).toEqual(evidence);
  });

  test("the clock of a server that does not report the time is not judged", async () => {
    const report = await diagnose({ main0: { time: undefined } });
    expect(failed(report)).toEqual(["not judged clusters.clock main0"]);
    expect(report.ok).toBe(true);
  });
});

describe("what is installed", () => {
  test("a foreign Istio fails, with the command that removes it", async () => {
    const report = await diagnose({
      main0: {
        deployments: [
          istiod(defaultIstioLine.version),
          istiod("1.27.0", { namespace: "aks-istio-system", revision: "asm-1-27" }),
          istiod("1.29.2", { revision: "canary" }),
        ],
      },
    });
    expect(failed(report)).toEqual(["fail installed.foreign-istio main0"]);
    expect(find(report, "installed.foreign-istio", "main0")).toMatchObject({
      evidence: [
        `Deployment istio-system/istiod: Istio ${defaultIstioLine.version}, revision default, not of mesh1`,
        "Deployment aks-istio-system/istiod-asm-1-27: Istio 1.27.0, revision asm-1-27, not of mesh1",
        "Deployment istio-system/istiod-canary: Istio 1.29.2, revision canary, not of mesh1",
      ],
      commands: [
        "istioctl uninstall --context main0 --purge",
        "az aks mesh disable --resource-group GROUP --name CLUSTER",
        "istioctl uninstall --context main0 --revision canary",
      ],
    });
  });

  test("an Istio that this project installed passes", async () => {
    const ours = {
      namespaces: [owned("mesh1")],
      deployments: [istiod(defaultIstioLine.version)],
      webhooks: [webhook({ name: "istiod", namespace: "istio-system" })],
      installedRoot: root,
    };
    expect(failed(await diagnose({ main0: ours }))).toEqual([]);
  });

  test("an istiod in a remote is foreign, whatever the labels say", async () => {
    const report = await diagnose({
      remote0: { namespaces: [owned("mesh1")], deployments: [istiod(defaultIstioLine.version)] },
    });
    expect(failed(report)).toEqual(["fail installed.foreign-istio remote0"]);
  });

  test("the webhook of a deleted istiod is reported, webhooks of other projects are not", async () => {
    const other = {
      ...webhook({ name: "policy", namespace: "kyverno" }),
      webhooks: [{ name: "a.kyverno.svc" }],
    };
    const dead = webhook({ name: "istiod", namespace: "istio-old" });
    const report = await diagnose({ remote0: { webhooks: [other, dead] } });
    expect(failed(report)).toEqual(["fail installed.foreign-webhooks remote0"]);
    expect(find(report, "installed.foreign-webhooks", "remote0")).toMatchObject({
      evidence: [
        "MutatingWebhookConfiguration istio-sidecar-injector calls istiod.istio-old, where no istiod runs",
      ],
      commands: ["kubectl --context remote0 delete mutatingwebhookconfiguration istio-sidecar-injector"],
    });
  });

  const { minor } = parseVersion(defaultIstioLine.version)!;

  test.each([
    [`1.${minor}.0`, "pass"],
    [`1.${minor - 1}.5`, "pass"],
    [`1.${minor - 2}.9`, "fail"],
    [`1.${minor + 1}.0`, "fail"],
  ])(`from Istio %s to ${defaultIstioLine.version}: %s`, async (version, status) => {
    const report = await diagnose({
      main0: { namespaces: [owned("mesh1")], deployments: [istiod(version)] },
    });
    const result = find(report, "installed.version", "main0");
    expect(result.status).toBe(status);
    expect(result.evidence).toEqual([
      `Istio ${version} is installed, mesh.yaml asks for ${defaultIstioLine.version}`,
    ]);
  });
});

describe("trust", () => {
  test("a missing CA fails, with the command that creates it", async () => {
    const file = join(newFolder(), "mesh.yaml");
    const report = await diagnose({ mesh: meshOf(), file });
    expect(find(report, "trust.ca")).toMatchObject({
      status: "fail",
      evidence: ["there is no CA yet"],
      commands: [`mesh ca -f ${file}`],
    });
    expect(find(report, "trust.same-root", "main0").status).toBe("not judged");
  });

  test("a CA without an intermediate for one of the clusters fails", async () => {
    const folder = newFolder();
    writeFiles(
      join(folder, "mesh.ca"),
      Object.fromEntries(Object.entries(files).filter(([name]) => name.startsWith("main0/"))),
    );
    const report = await diagnose({ mesh: meshOf(), file: join(folder, "mesh.yaml") });
    expect(find(report, "trust.ca")).toMatchObject({
      status: "fail",
      evidence: ["there is no CA for remote0"],
    });
  });

  test("invalid CA files fail with every problem, without a key", async () => {
    const folder = newFolder();
    const swapped = { ...files, "remote0/ca-key.pem": files["main0/ca-key.pem"]! };
    writeFiles(join(folder, "own-ca"), swapped);
    const report = await diagnose({ file: join(folder, "mesh.yaml") });
    const result = find(report, "trust.ca");
    expect(result.status).toBe("fail");
    expect(result.evidence.join("\n")).toContain("key does not match ca-cert.pem");
    for (const line of secretLines(files)) expect(JSON.stringify(report)).not.toContain(line);
  });

  test("a CA that expires soon is a warning", async () => {
    const ca = await issue({ subject: "CN=root", to: new Date(now.getTime() + 20 * 86_400_000) });
    const of = async (name: string) => clusterCa(await issue({ subject: `CN=${name}`, issuer: ca }), ca);
    const folder = newFolder();
    writeFiles(join(folder, "own-ca"), filesOf({ main0: await of("main0"), remote0: await of("remote0") }));
    const report = await diagnose({ file: join(folder, "mesh.yaml") });
    expect(failed(report)).toEqual(["warn trust.ca-lasts"]);
    expect(find(report, "trust.ca-lasts").evidence.join()).toContain("expires in 20 days");
  });

  test("another root in cacerts fails, and so does another root that workloads trust", async () => {
    const trusted = {
      kind: "ConfigMap",
      metadata: { name: "istio-ca-root-cert" },
      data: { "root-cert.pem": otherRoot },
    };
    const report = await diagnose({
      main0: { installedRoot: otherRoot },
      remote0: { configMaps: [trusted] },
    });
    expect(failed(report)).toEqual(["fail trust.same-root main0", "fail trust.same-root remote0"]);
    const evidence = (cluster: string) => find(report, "trust.same-root", cluster).evidence;
    expect(evidence("main0")).toEqual([
      expect.stringMatching(/^Secret cacerts has the root SHA-256 [0-9a-f]{16}$/),
      expect.stringMatching(/^the CA of mesh1 has SHA-256 [0-9a-f]{16}$/),
    ]);
    expect(evidence("remote0")[0]).toMatch(/^ConfigMap istio-ca-root-cert has the root/);
  });

  test("the same root passes, also beside another while roots are replaced, and however it is wrapped", async () => {
    const report = await diagnose({
      main0: { installedRoot: `${otherRoot}${root}` },
      remote0: { installedRoot: root.replaceAll("\n", "\r\n") },
    });
    expect(failed(report)).toEqual([]);
  });
});

describe("room on the nodes", () => {
  test("a cluster without a schedulable node fails", async () => {
    const cordoned = { ...node("node0"), spec: { unschedulable: true } };
    const tainted = { ...node("node1"), spec: { taints: [{ key: "team", effect: "NoSchedule" }] } };
    const message = "container runtime is down";
    const conditions = [{ type: "Ready", status: "False", message }];
    const notReady = { ...node("node2"), status: { ...node("node2").status, conditions } };
    const report = await diagnose({ main0: { nodes: [cordoned, tainted, notReady] } });
    expect(failed(report)[0]).toBe("fail capacity.nodes main0");
    expect(find(report, "capacity.nodes", "main0").evidence).toEqual([
      "none of 3 nodes is Ready and schedulable",
      "node0 is cordoned",
      "node1 has the taint team:NoSchedule",
      "node2 is not Ready: container runtime is down",
    ]);
  });

  test("nodes of an architecture without images are a warning", async () => {
    const nodes = [node("node0"), node("node1", { architecture: "s390x" })];
    const report = await diagnose({ main0: { nodes } });
    expect(failed(report)).toEqual(["warn capacity.architecture main0"]);
    expect(find(report, "capacity.architecture", "main0").evidence).toEqual([
      `1 of 2 nodes: node1 (s390x); Istio ${defaultIstioLine.id} is built for amd64, arm64`,
    ]);
  });

  test("an istiod that fits on no node is a warning, even if all nodes together have room", async () => {
    const nodes = [node("node0", { memory: "2200Mi" }), node("node1", { memory: "2200Mi" })];
    const pods = "node0 100m,300Mi ,\nnode1 100m,300Mi\n";
    const report = await diagnose({ main0: { nodes, pods } });
    expect(failed(report)).toEqual(["warn capacity.room main0"]);
    expect(find(report, "capacity.room", "main0").evidence[0]).toMatch(
      /^no node has capacity for istiod: it requests 500m CPU and 2048Mi memory; .* has 1900m CPU and 1900Mi memory$/,
    );
  });

  test("pods that fit one by one but not together are a warning", async () => {
    const nodes = [node("node0", { cpu: "800m" })];
    const result = find(await diagnose({ main0: { nodes, pods: "" } }), "capacity.room", "main0");
    expect(result.status).toBe("warn");
    expect(result.evidence[0]).toMatch(
      /^no node has capacity for helloworld-v1 beside istiod, .*, curl: .* left has 0m CPU/,
    );
  });

  test("a remote has no istiod, so it needs little", async () => {
    const nodes = [node("node0", { memory: "2200Mi" })];
    expect(failed(await diagnose({ remote0: { nodes } }))).toEqual([]);
  });

  test("istio-cni takes its place on every node", async () => {
    const nodes = [node("node0", { memory: "2700Mi" }), node("node1", { memory: "2160Mi" })];
    const given = { main0: { nodes, pods: "" } };
    expect(find(await diagnose(given), "capacity.room", "main0").status).toBe("pass");
    const mesh = meshOf(`${ownCa}\nistio: { cni: true }\nsample: { enabled: false }`);
    const tight = [node("node0", { memory: "2140Mi" }), node("node1", { memory: "2140Mi" })];
    const { evidence } = find(
      await diagnose({ mesh, main0: { nodes: tight, pods: "" } }),
      "capacity.room",
      "main0",
    );
    expect(evidence[0]).toMatch(/^no node has capacity for istiod: .* has \d+m CPU and 2040Mi memory$/);
  });

  test("a mesh that is already installed needs no more room", async () => {
    const nodes = [node("node0", { memory: "100Mi" })];
    expect(failed(await diagnose({ main0: { nodes, namespaces: [owned("mesh1")] } }))).toEqual([]);
  });
});

describe("exposure", () => {
  test("a gateway that is open to everyone is info, not a failure", async () => {
    const report = await diagnose({});
    expect(find(report, "exposure.gateways")).toMatchObject({
      status: "info",
      evidence: [expect.stringContaining("on main0 istiod at port 15012")],
      fix: expect.stringContaining("gateways.allowedSourceRanges"),
    });
  });

  test.each([
    ["gateways: { internal: true }", "pass"],
    ["gateways: { allowedSourceRanges: [203.0.113.0/24] }", "pass"],
    ["gateways: { allowedSourceRanges: [0.0.0.0/0] }", "info"],
  ])("%s: %s", async (gateways, status) => {
    const mesh = meshOf(`${ownCa}\n${gateways}`);
    expect(find(await diagnose({ mesh }), "exposure.gateways").status).toBe(status);
  });

  test.each([
    ["", "docker.io, quay.io"],
    ["sample: { enabled: false }\naddons: { prometheus: false }", "docker.io"],
    [
      "istio: { hub: mirror.example.com:5000/istio }\nsample: { enabled: false }\naddons: { kiali: false }",
      "mirror.example.com:5000, docker.io",
    ],
    ["images: { registry: mirror.example/team }", "mirror.example"],
  ])("registries of %j", async (more, registries) => {
    const mesh = meshOf(`${ownCa}\n${more}`);
    expect(find(await diagnose({ mesh }), "exposure.images").evidence).toEqual([
      `the nodes must reach ${registries}`,
    ]);
  });
});

describe("Azure", () => {
  const subscription = "11111111-2222-3333-4444-555555555555";
  const azureMesh = (more = "") =>
    parseMesh(
      `azure: { location: centralus, resourceGroup: rg-mesh, ${more} }
clusters:
  - { name: main0, role: primary, network: n0, aks: aks-main }
  - { name: remote0, network: n1, context: remote0 }
${ownCa}
`,
      "mesh.yaml",
    );
  const terraform = `echo '{"terraform_version":"1.9.8"}'`;
  const az = (account: string, registration = "Registered") =>
    `case "$*" in version*) echo '{"azure-cli":"2.80.0"}' ;; "account show"*) ${account} ;; "provider show"*) echo ${registration} ;; *) exit 64 ;; esac`;
  const loggedIn = (id: string) => `echo '{"id":"${id}","name":"Team"}'`;
  const { ARM_SUBSCRIPTION_ID } = process.env;
  beforeAll(() => delete process.env.ARM_SUBSCRIPTION_ID);
  afterAll(() => {
    if (ARM_SUBSCRIPTION_ID !== undefined) process.env.ARM_SUBSCRIPTION_ID = ARM_SUBSCRIPTION_ID;
  });

  test("existing clusters need neither terraform nor az", async () => {
    const { results } = await diagnose({});
    expect(results.filter(({ id }) => /terraform|azure|\.az$/.test(id))).toEqual([]);
  });

  test("a cluster that Terraform has not created yet is not judged, and does not fail", async () => {
    const mesh = azureMesh(`subscription: ${subscription}`);
    const report = await diagnose({ mesh, programs: { terraform, az: az(loggedIn(subscription)) } });
    expect(report.ok).toBe(true);
    expect(find(report, "reachable.context", "main0")).toMatchObject({
      status: "not judged",
      commands: [
        `az aks get-credentials --subscription ${subscription} --resource-group rg-mesh --name aks-main --overwrite-existing`,
      ],
    });
    expect(find(report, "azure.subscription").status).toBe("pass");
    expect(find(report, "azure.provider").status).toBe("pass");
  });

  test("terraform is needed, az is not", async () => {
    const report = await diagnose({ mesh: azureMesh() });
    expect(find(report, "programs.terraform").status).toBe("fail");
    expect(find(report, "programs.az").status).toBe("not judged");
    expect(find(report, "azure.login").blockedBy).toEqual({ id: "programs.az" });
  });

  test("az without a login is reported", async () => {
    const account = `echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`;
    const report = await diagnose({ mesh: azureMesh(), programs: { terraform, az: az(account) } });
    expect(find(report, "azure.login")).toMatchObject({ status: "warn", commands: ["az login"] });
    expect(find(report, "azure.provider").status).toBe("not judged");
  });

  test("another subscription and an unregistered resource provider are reported", async () => {
    const mesh = azureMesh(`subscription: ${subscription}`);
    const other = subscription.replaceAll("1", "9");
    const programs = { terraform, az: az(loggedIn(other), "NotRegistered") };
    const report = await diagnose({ mesh, programs });
    expect(find(report, "azure.subscription")).toMatchObject({
      status: "warn",
      evidence: [`az works with ${other}, mesh.yaml names ${subscription}`],
      commands: [`az account set --subscription ${subscription}`],
    });
    expect(find(report, "azure.provider")).toMatchObject({
      status: "warn",
      evidence: ["Microsoft.ContainerService is NotRegistered"],
      commands: [
        `az provider register --namespace Microsoft.ContainerService --wait --subscription ${subscription}`,
      ],
    });
  });

  test("without a subscription in mesh.yaml, the current one is reported", async () => {
    const programs = { terraform, az: az(loggedIn(subscription)) };
    const report = await diagnose({ mesh: azureMesh(), programs });
    expect(find(report, "azure.subscription")).toMatchObject({
      status: "warn",
      commands: [`export ARM_SUBSCRIPTION_ID=${subscription}`],
    });
  });
});

test("invalid answers are results, without a stack trace", async () => {
  const report = await diagnose({ main0: { instead: "echo '<html>proxy login</html>'" } });
  const result = find(report, "reachable.api", "main0");
  expect(result.status).toBe("fail");
  expect(result.evidence.join()).not.toMatch(/\n\s+at /);
});

test("a cluster that never answers is reported at the deadline, which every query has", async () => {
  const world = worldOf({ remote0: { instead: "exec sleep 60" } });
  const programs = withProcesses(world);
  const asked: { readonly args: readonly string[]; readonly deadlineSeconds: number }[] = [];
  // Twenty times as fast, to keep the test short.
  const hasty: typeof programs = {
    run(program, args, options = {}) {
      const { deadlineSeconds = 60 } = options;
      asked.push({ args, deadlineSeconds });
      return programs.run(program, args, { ...options, deadlineSeconds: deadlineSeconds / 20 });
    },
  };
  const report = await diagnose({}, world, hasty);
  const ofClusters = asked.filter(({ args }) => args[0] === "--context");
  expect(ofClusters.map(({ deadlineSeconds }) => deadlineSeconds)).toEqual(ofClusters.map(() => 20));
  expect(ofClusters.filter(({ args }) => !args.includes("--request-timeout=10s"))).toEqual([]);
  expect(find(report, "reachable.api", "remote0")).toMatchObject({
    status: "fail",
    fix: expect.stringMatching(/credential plugin probably waits/),
  });
});
