import { readFileSync } from "node:fs";
import { join } from "node:path";
import { certificatesIn } from "../../../ca/certificate";
import { defaultIstioLine } from "../../../mesh/istio-lines";
import { parseMesh } from "../../../mesh/load";
import type { ConnectedProxy, IstiodFacts } from "../../../ops/clusters/istiod-facts";
import { kubeletConnectionFix } from "../../../ops/diagnosis/kubelet-connection";
import type { ClusterFacts } from "../../../ops/status/cluster-facts";
import { differencesOf, problemsOf, type Survey } from "../../../ops/status/status-remarks";

const { version } = defaultIstioLine;

// What status makes of what clusters say. The clusters' own words are read in test/e2e/status.test.ts.

const pem = (name: string) =>
  readFileSync(join(__dirname, "../../ca/fixtures/istio-samples", `${name}.pem`), "utf8");
const mesh = parseMesh(
  `clusters:
  - { name: main0, role: primary, network: n1, context: one }
  - { name: remote0, network: n2, context: two }
  - { name: remote1, network: n3, context: three }
`,
  "mesh.yaml",
);
const now = new Date("2026-11-23T12:00:00Z");
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000 + 1000);

const ca = (days: number, root = "AA:BB") => ({ notAfter: inDays(days), root, list: [] });

const proxy = (cluster: string, name = `istio-eastwestgateway-${cluster}.istio-system`): ConnectedProxy => ({
  name,
  cluster,
  stale: [],
});
const gateway = { name: "istio-eastwestgateway", address: "192.0.2.1", replicas: { ready: 1, wanted: 1 } };
const wellFacts: ClusterFacts = {
  kubernetes: "1.35.1",
  istio: [version],
  istiod: undefined,
  gateways: [gateway],
  certificates: ca(400),
  inventory: undefined,
  leaving: [],
  reasons: {},
  drift: [],
};
const primaryFacts: ClusterFacts = {
  ...wellFacts,
  istiod: { ready: 1, wanted: 1 },
  inventory: {
    mesh: "mesh1",
    istio: version,
    clusters: mesh.clusters.map(({ name, context, role, network }) => ({ name, context, role, network })),
  } as ClusterFacts["inventory"],
};
const wellIstiod: IstiodFacts = {
  clusters: { main0: "synced", remote0: "synced", remote1: "synced" },
  proxies: mesh.clusters.map(({ name }) => proxy(name)),
};

interface Changes {
  readonly main0?: Partial<ClusterFacts>;
  /** A text: it does not answer. */
  readonly remote0?: Partial<ClusterFacts> | string;
  readonly istiod?: Partial<IstiodFacts> | string;
}

/** Three clusters that are well, but for what is given. */
function survey({ main0 = {}, remote0 = {}, istiod = {} }: Changes): Survey {
  const primary = { ...primaryFacts, ...main0 };
  const answer = <T>(well: T, change: Partial<T> | string) =>
    typeof change === "string"
      ? { value: undefined, error: change }
      : { value: { ...well, ...change }, error: undefined };
  return {
    mesh,
    now,
    primary,
    clusters: new Map([
      ["main0", { value: primary, error: undefined }],
      ["remote0", answer(wellFacts, remote0)],
      ["remote1", { value: wellFacts, error: undefined }],
    ]),
    istiod: answer(wellIstiod, istiod),
  };
}

test("a mesh that is well has nothing to remark", () => {
  expect(problemsOf(survey({}))).toEqual([]);
  expect(differencesOf(survey({}), undefined)).toEqual([]);
});

test("a cluster of Terraform's that refuses its credentials sends to mesh up, any other does not", () => {
  const refused = "error: You must be logged in to the server (Unauthorized)";
  const said = (given: Survey) => problemsOf(given).map(({ text }) => text)[0];
  expect(said(survey({ remote0: refused }))).not.toContain("mesh up");
  const clusters = mesh.clusters.map((cluster) => ({ ...cluster, aks: { name: "aks" } as never }));
  const made = { ...survey({ remote0: refused }), mesh: { ...mesh, clusters } };
  expect(said(made)).toMatch(
    /; if Terraform has created the cluster again, `mesh up` renews its credentials$/,
  );
  const down = { ...survey({ remote0: "connection refused" }), mesh: { ...mesh, clusters } };
  expect(said(down)).not.toContain("mesh up");
});

const { remote1: _, ...notRemote1 } = wellIstiod.clusters;

test.each<[string, Changes, string]>([
  [
    "a cluster that does not answer",
    { remote0: "connection refused" },
    "remote0: does not answer through the context two: connection refused; fix: connection refused, by that address or by the proxy in HTTPS_PROXY: is the cluster running, and is the address still correct?",
  ],
  [
    "an istiod that is not ready",
    { main0: { istiod: { ready: 0, wanted: 1 } } },
    "main0: istiod: 0 of 1 replicas are ready",
  ],
  [
    "a gateway whose pod is refused",
    {
      remote0: {
        gateways: [{ ...gateway, replicas: { ready: 0, wanted: 1 } }],
        reasons: { [gateway.name]: "pods is forbidden: exceeded quota: q" },
      },
    },
    "remote0: istio-eastwestgateway: 0 of 1 replicas are ready: pods is forbidden: exceeded quota: q",
  ],
  [
    "a namespace that does not go",
    { remote0: { leaving: ["the namespace sample has been Terminating since 10:00"] } },
    "remote0: the namespace sample has been Terminating since 10:00",
  ],
  [
    "an istiod that cannot be asked since nothing reaches its node",
    {
      istiod: "the API server cannot connect to its nodes (exec, port-forward): error dialing backend: EOF",
    },
    `main0: istiod could not be asked: the API server cannot connect to its nodes (exec, port-forward): error dialing backend: EOF; fix: ${kubeletConnectionFix}`,
  ],
  ["an istiod that is gone", { main0: { istiod: undefined } }, "main0: has no istiod"],
  [
    "an istiod that cannot be asked",
    { istiod: "no running Istio pods" },
    "main0: istiod could not be asked: no running Istio pods",
  ],
  ["a gateway that is gone", { remote0: { gateways: [] } }, "remote0: has no istio-eastwestgateway"],
  [
    "a gateway without an address",
    { remote0: { gateways: [{ ...gateway, address: undefined }] } },
    "remote0: istio-eastwestgateway has no address yet",
  ],
  [
    "a gateway that is not ready",
    { remote0: { gateways: [{ ...gateway, replicas: { ready: 1, wanted: 2 } }] } },
    "remote0: istio-eastwestgateway: 1 of 2 replicas are ready",
  ],
  [
    "a gateway whose Deployment is gone",
    { remote0: { gateways: [{ ...gateway, replicas: { ready: 0, wanted: 0 } }] } },
    "remote0: istio-eastwestgateway: 0 of 0 replicas are ready",
  ],
  [
    "a remote that istiod is not done with",
    { istiod: { clusters: { ...wellIstiod.clusters, remote0: "syncing" } } },
    "remote0: main0's istiod has not synced it: syncing",
  ],
  [
    "a remote without a remote secret",
    { istiod: { clusters: notRemote1 } },
    "remote1: main0's istiod does not read it: it has no remote secret for it",
  ],
  [
    "proxies that are behind",
    {
      istiod: {
        proxies: [...wellIstiod.proxies, { name: "web.shop", cluster: "remote0", stale: ["Listener"] }],
      },
    },
    "remote0: 1 of 2 proxies are not in sync: web.shop (Listener)",
  ],
  [
    "proxies that are not connected",
    { istiod: { proxies: [proxy("main0"), proxy("remote1")] } },
    "remote0: none of its proxies is connected to istiod",
  ],
  [
    "no CA",
    { remote0: { certificates: undefined } },
    "remote0: has no Secret cacerts: istiod signs with a root of its own",
  ],
  ["a CA that ends soon", { remote0: { certificates: ca(29) } }, "remote0: its CA expires in 29 days"],
  [
    "a CA that has ended",
    { remote0: { certificates: ca(-1) } },
    "remote0: its CA has expired: make a new one",
  ],
  [
    "two roots",
    { remote0: { certificates: ca(400, "CC") } },
    "remote0: its root certificate is not main0's: they do not trust each other",
  ],
])("%s is a problem", (_name, changes, says) => {
  expect(problemsOf(survey(changes)).map(({ cluster, text }) => `${cluster}: ${text}`)).toEqual([says]);
});

test("a CA that lasts for another 30 days is none", () => {
  const certificates = ca(30);
  expect(problemsOf(survey({ remote0: { certificates } }))).toEqual([]);
});

const inventoryWithout = (...gone: string[]): ClusterFacts["inventory"] => ({
  ...primaryFacts.inventory!,
  clusters: primaryFacts.inventory!.clusters.filter(({ name }) => !gone.includes(name)),
});
const inventoryWith = (name: string): ClusterFacts["inventory"] => ({
  ...primaryFacts.inventory!,
  clusters: [...primaryFacts.inventory!.clusters, { ...primaryFacts.inventory!.clusters[1]!, name }],
});

test.each<[string, Changes, string]>([
  [
    "another version of Istio",
    { remote0: { istio: ["1.7.3", version] } },
    `remote0: runs Istio 1.7.3 and ${version}; mesh.yaml asks for ${version}`,
  ],
  [
    "an object that is not as it should be",
    { main0: { drift: ["Service sample/helloworld is not there"] } },
    "main0: Service sample/helloworld is not there",
  ],
  [
    "a cluster that has left mesh.yaml",
    { main0: { inventory: inventoryWith("old") } },
    "main0: old is part of the mesh, and mesh.yaml does not name it",
  ],
  [
    "a cluster that istiod reads by somebody else's secret, or by one that was forgotten",
    { istiod: { clusters: { ...wellIstiod.clusters, old: "synced" } } },
    "main0: its istiod reads old, which neither mesh.yaml nor an earlier apply names; if there is no such cluster: " +
      "kubectl --context one -n istio-system delete secret istio-remote-secret-old",
  ],
  [
    "a cluster that is new in mesh.yaml, which is one remark however much it lacks",
    {
      main0: { inventory: inventoryWithout("remote0") },
      remote0: { gateways: [], certificates: undefined, istio: [], drift: ["Namespace sample is not there"] },
    },
    "remote0: is in mesh.yaml, and was not applied yet",
  ],
])("%s is a difference", (_name, changes, says) => {
  const found = survey(changes);
  expect(differencesOf(found, undefined).map(({ cluster, text }) => `${cluster}: ${text}`)).toEqual([says]);
  expect(problemsOf(found)).toEqual([]);
});

test("many objects are counted, not listed", () => {
  const drift = Array.from({ length: 12 }, (_unused, index) => `Service sample/s${index} is not there`);
  const texts = differencesOf(survey({ remote0: { drift } }), undefined).map(({ text }) => text);
  expect(texts).toHaveLength(6);
  expect(texts.at(-1)).toBe("7 more objects differ");
});

test("another root than the CA's is a difference, the same root is none", () => {
  const [root] = certificatesIn(pem("root-cert"));
  const certificates = ca(400, root!.fingerprint);
  const everywhere = survey({ main0: { certificates }, remote0: { certificates } });
  const texts = (ca: string) =>
    differencesOf(everywhere, ca).map(({ cluster, text }) => `${cluster}: ${text}`);
  const says = "has another root certificate than this mesh's CA";
  expect(texts(pem("root-cert"))).toEqual([`remote1: ${says}`]);
  expect(texts(pem("root-cert-alt"))).toEqual([`main0: ${says}`, `remote0: ${says}`, `remote1: ${says}`]);
});
