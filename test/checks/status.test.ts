import { certificatesIn } from "../../ca/certificate";
import { runChecks } from "../../checks/run-checks";
import { statusChecks, statusFrom } from "../../checks/status";
import type { InventoryCluster } from "../../ops/clusters/inventory";
import { kubeletConnectionFix } from "../../ops/diagnosis/kubelet-connection";
import { ProgramFailed } from "../../ops/exec/errors";
import {
  type ComposedMesh,
  caSecret,
  compose,
  idleContext,
  lines,
  objectIn,
  otherAuthority,
  worldOf,
} from "./verify/composed-mesh";
import { gatewayOf, scaleToZero, serviceOf } from "./verify/fault";

// What status makes of composed answers. Answers of clusters: test/e2e/status.test.ts.

async function statusOf(composed: ComposedMesh) {
  const world = worldOf(composed);
  const { results } = await runChecks(statusChecks, composed.mesh, () => world, idleContext());
  return statusFrom(world, results);
}
const texts = (remarks: readonly { cluster: string; text: string }[]) =>
  remarks.map(({ cluster, text }) => `${cluster}: ${text}`);

test.each(Object.entries(lines))(
  "a healthy mesh of line %s has no problem and no difference",
  async (_, mesh) => {
    const status = await statusOf(await compose(mesh));
    expect(status).toMatchObject({ installed: true, ok: true, problems: [], differences: [] });
  },
);

test("the tables show versions, replicas, addresses, proxies and the CA", async () => {
  const { clusters } = await statusOf(await compose(lines.current));
  const { version } = lines.current.istio;
  const one = { ready: 1, wanted: 1 };
  expect(clusters[0]).toMatchObject({
    name: "main0",
    role: "primary",
    context: "main0",
    reachable: true,
    kubernetes: `${lines.current.istio.line.kubernetes.min}.0`,
    istio: [version],
    istiod: one,
    synced: "synced",
    gateways: [
      { name: "istio-eastwestgateway", address: "203.0.113.100", replicas: one },
      { name: "istio-ingressgateway", address: "203.0.113.90", replicas: one },
    ],
    proxies: { connected: 4, inSync: 4 },
    certificates: [{ role: "root", subject: "CN=root" }, { role: "intermediate" }],
  });
  expect(clusters[0]!.certificateDaysLeft).toBeGreaterThan(30);
  expect(clusters[1]).toMatchObject({ istiod: undefined, proxies: { connected: 3, inSync: 3 } });
});

const systemOf = ({ clusters }: ComposedMesh, cluster: string) => clusters[cluster]!.istioSystem;
const without = (composed: ComposedMesh, cluster: string, name: string) => {
  composed.clusters[cluster]!.istioSystem = systemOf(composed, cluster).filter(
    ({ metadata }) => !metadata.name.startsWith(name),
  );
};
const day = 86_400_000;

test.each<[string, (composed: ComposedMesh) => void | Promise<void>, RegExp]>([
  [
    "a cluster that does not answer",
    ({ clusters }) => {
      clusters.remote0!.kubernetes = new ProgramFailed("kubectl", 1, "connection refused");
    },
    /^remote0: https:\/\/203\.0\.113\.20:443: connection refused$/,
  ],
  [
    "an istiod that is not ready",
    (composed) => scaleToZero(objectIn(systemOf(composed, "main0"), "Deployment", "istiod")),
    /^main0: Deployment istiod is scaled to 0/,
  ],
  ["an istiod that is gone", (composed) => without(composed, "main0", "istiod"), /^main0: .*istiod/],
  [
    "an istiod that cannot be asked since nothing reaches its node",
    ({ clusters }) => {
      clusters.main0!.noWayToPods = "error dialing backend: EOF";
    },
    /^main0: error dialing backend: EOF$/,
  ],
  [
    "a remote whose gateway is gone",
    (composed) => without(composed, "remote0", gatewayOf(composed)),
    /^remote0: there is no Deployment in istio-system$/,
  ],
  [
    "a gateway without an address",
    (composed) => {
      serviceOf(composed, "remote0").status = { loadBalancer: {} };
    },
    /^remote0: istio-eastwestgateway has no address/,
  ],
  [
    "a gateway whose pod is rejected",
    (composed) => {
      objectIn(systemOf(composed, "remote0"), "Deployment", gatewayOf(composed)).status = {
        conditions: [
          { type: "ReplicaFailure", status: "True", message: "pods is forbidden: exceeded quota: q" },
        ],
      };
    },
    /^remote0: .*pods is forbidden: exceeded quota: q/,
  ],
  [
    "an ingress gateway that is not ready",
    (composed) => scaleToZero(objectIn(systemOf(composed, "main0"), "Deployment", "istio-ingressgateway")),
    /^main0: Deployment istio-ingressgateway is scaled to 0/,
  ],
  [
    "a namespace that stays Terminating",
    ({ clusters }) => {
      const sample = clusters.remote0!.namespaces.find(({ metadata }) => metadata.name === "sample");
      sample.metadata.deletionTimestamp = "2030-06-01T10:00:00Z";
      sample.status = { phase: "Terminating", conditions: [] };
    },
    /^remote0: sample has been Terminating since 2030-06-01T10:00:00Z/,
  ],
  [
    "a remote that istiod has not synced",
    (composed) => {
      composed.readClusters.remote0 = "syncing";
    },
    /^remote0: istiod of main0 says: syncing$|^remote0: .*syncing/,
  ],
  [
    "a remote without a remote secret",
    ({ clusters }) => {
      clusters.main0!.secrets = clusters.main0!.secrets.filter(
        ({ metadata }) => metadata.name !== "istio-remote-secret-remote0",
      );
    },
    /^remote0: there is no remote secret for remote0$/,
  ],
  [
    "a proxy that is behind",
    (composed) => {
      const index = composed.proxies.findIndex(({ cluster }) => cluster === "remote0");
      composed.proxies[index] = { ...composed.proxies[index]!, stale: ["Listener"] };
    },
    /^remote0: \S+\.istio-system .*Listener$/,
  ],
  [
    "proxies that are not connected",
    (composed) => {
      composed.proxies = composed.proxies.filter(({ cluster }) => cluster !== "remote0");
    },
    /^remote0: (\S+ is not connected(; |$)){3}/,
  ],
  [
    "a primary without a CA",
    ({ clusters }) => {
      clusters.main0!.secrets = clusters.main0!.secrets.filter(({ metadata }) => metadata.name !== "cacerts");
    },
    /^main0: there is no Secret cacerts$/,
  ],
  [
    "a remote without a CA",
    ({ clusters }) => {
      clusters.remote0!.secrets = [];
    },
    /^remote0: there is no Secret cacerts$/,
  ],
  [
    "another root",
    async ({ clusters }) => {
      clusters.remote0!.secrets[0] = caSecret((await otherAuthority()).material.remote0!);
    },
    /^remote0: the Secret cacerts of remote0 has the root SHA-256 \w{16}; the CA of mesh1 has SHA-256 \w{16}$/,
  ],
])("%s is a problem", async (_, change, says) => {
  const composed = await compose(lines.current);
  await change(composed);
  const status = await statusOf(composed);
  expect(texts(status.problems)).toEqual([expect.stringMatching(says)]);
  expect({ ok: status.ok, differences: status.differences }).toEqual({ ok: false, differences: [] });
  // Every problem comes with the fix of its check.
  expect(status.problems[0]).toMatchObject({ check: expect.any(String), fix: expect.stringMatching(/./) });
});

test("a remote without a connection to its nodes is healthy: status execs in none", async () => {
  const composed = await compose(lines.current);
  composed.clusters.remote0!.noWayToPods = "error dialing backend: EOF";
  expect(await statusOf(composed)).toMatchObject({ ok: true, problems: [] });
});

test("the fix for a lost connection to the nodes is the check's", async () => {
  const composed = await compose(lines.current);
  composed.clusters.main0!.noWayToPods = "error dialing backend: EOF";
  expect((await statusOf(composed)).problems[0]!.fix).toBe(kubeletConnectionFix);
});

test.each([
  [31, []],
  [29, ["main0: 29 days left"]],
])("a CA with %s days left", async (days, problems) => {
  const composed = await compose(lines.current);
  const { caCert, certChain } = composed.ca.material.main0!;
  const end = Math.min(...certificatesIn(caCert + certChain).map(({ notAfter }) => notAfter.getTime()));
  composed.now = new Date(end - days * day - 1000);
  expect(texts((await statusOf(composed)).problems)).toEqual(problems);
});

test("an unreachable cluster leaves the others' rows as they are", async () => {
  const composed = await compose(lines.current);
  composed.clusters.remote0!.kubernetes = new ProgramFailed("kubectl", 1, "connection refused");
  const { clusters } = await statusOf(composed);
  expect(clusters.map(({ reachable, istio }) => [reachable, istio.length])).toEqual([
    [true, 1],
    [false, 0],
  ]);
  // istiod answers for its proxies.
  expect(clusters[1]!.proxies).toEqual({ connected: 3, inSync: 3 });
});

const extra: InventoryCluster = { name: "old", context: "old", role: "remote", network: "network9" };

test.each<[string, (composed: ComposedMesh) => void, string[]]>([
  [
    "another version of Istio",
    (composed) => {
      for (const { kind, spec } of systemOf(composed, "remote0"))
        if (kind === "Pod") spec.containers[0].image = "docker.io/istio/proxyv2:1.30.9";
    },
    ["istio-system/istio-eastwestgateway-0", "sample/curl-0", "sample/helloworld-v2-0"].map(
      (pod) => `remote0: ${pod} runs 1.30.9; mesh.yaml asks for ${lines.current.istio.version}`,
    ),
  ],
  [
    "an object that is not as mesh.yaml has it",
    ({ clusters }) => {
      clusters.main0!.drift = [
        "Service sample/helloworld does not exist",
        "ConfigMap a/b is no longer in mesh.yaml",
      ];
    },
    ["main0: Service sample/helloworld does not exist", "main0: ConfigMap a/b is no longer in mesh.yaml"],
  ],
  [
    "a cluster that was removed from mesh.yaml",
    (composed) => {
      composed.inventory = { ...composed.inventory!, clusters: [...composed.inventory!.clusters, extra] };
    },
    ["main0: old is part of the mesh, and mesh.yaml does not name it"],
  ],
  [
    "a cluster that istiod reads by a foreign or a forgotten secret",
    (composed) => {
      composed.readClusters.old = "synced";
    },
    [
      "main0: its istiod reads old, which neither mesh.yaml nor an earlier apply names; if there is no such cluster: " +
        "kubectl --context main0 -n istio-system delete secret istio-remote-secret-old",
    ],
  ],
  [
    "a cluster that was added to mesh.yaml, which is one remark however much it lacks",
    (composed) => {
      const { inventory, clusters } = composed;
      composed.inventory = { ...inventory!, clusters: inventory!.clusters.slice(0, 1) };
      clusters.remote0!.istioSystem = [];
      clusters.remote0!.secrets = [];
      clusters.remote0!.drift = ["Namespace sample does not exist"];
    },
    ["remote0: is in mesh.yaml, and was not applied yet"],
  ],
])("%s is a difference", async (_, change, says) => {
  const composed = await compose(lines.current);
  change(composed);
  const status = await statusOf(composed);
  expect(texts(status.differences)).toEqual(says);
  expect({ ok: status.ok, problems: status.problems }).toEqual({ ok: false, problems: [] });
});

test("without a mesh on the primary no check is judged", async () => {
  const composed = await compose(lines.current);
  composed.inventory = undefined;
  for (const cluster of Object.values(composed.clusters)) {
    cluster.istioSystem = [];
    cluster.namespaces = cluster.namespaces.filter(({ metadata }) => metadata.name === "kube-system");
  }
  expect(await statusOf(composed)).toMatchObject({
    installed: false,
    ok: false,
    problems: [],
    differences: [],
  });
});
