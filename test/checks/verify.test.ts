import { rmSync } from "node:fs";
import { join } from "node:path";
import { idOfNeed } from "../../checks/check";
import type { CheckReport, CheckResult } from "../../checks/report";
import { verifyChecks } from "../../checks/verify/verify";
import { defaultIstioLine } from "../../mesh/istio-lines";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { ProgramFailed } from "../../ops/exec/errors";
import type { Reply } from "../../ops/traffic/requests";
import { clusterCa, days, issue, ownCa, removeFolders, sample as sampleCertificate } from "../ca/authority";
import {
  type Authority,
  answerOf,
  authorityFor,
  type ComposedMesh,
  caSecret,
  composeMesh,
  endpointsSeenFrom,
  gatewayAddress,
  objectIn,
  remoteSecret,
  running,
  verifyComposed,
} from "./composed-mesh";

// Every check, on meshes whose answers are composed. What can be done to a live mesh is in
// test/e2e/verify-faults.full.test.ts. Rows are those of the ways in which such set-ups fail (docs/checks.md).

const meshOf = (line: string, more = "weights: { v1: 50, v2: 50 }"): Mesh =>
  parseMesh(
    `istio: { line: "${line}" }
clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
sample: { ${more} }
${ownCa}
`,
    "mesh.yaml",
  );
const current = meshOf(defaultIstioLine.id);
const old = meshOf("1.7");

let authority: Authority;
let other: Authority;
beforeAll(async () => {
  authority = await authorityFor(current);
  other = await authorityFor(current);
});
afterAll(removeFolders);

const compose = (mesh: Mesh) => composeMesh(mesh, authority);

const open = ({ results }: CheckReport) =>
  results
    .filter(({ status, blockedBy }) => status !== "pass" && !blockedBy)
    .map(({ id, cluster, status }) => [status, id, cluster].filter(Boolean).join(" "));

/** What is reported first: a failure, or where there is none a warning. */
const first = ({ results }: CheckReport): CheckResult =>
  results.find(({ status }) => status === "fail") ?? results.find(({ status }) => status === "warn")!;

const lines = { current, "1.7": old };
type Line = keyof typeof lines;

describe.each(Object.entries(lines))("a healthy mesh of line %s", (_, mesh) => {
  test("passes every check", async () => {
    const report = await verifyComposed(compose(mesh));
    expect(open(report)).toEqual([]);
    expect(report.counts["not judged"]).toBe(0);
  });

  test("passes with the weights in another order than in mesh.yaml", async () => {
    const composed = compose(mesh);
    const { http } = objectIn(composed.clusters.main0!.networking, "VirtualService", "helloworld").spec;
    http[0].route.reverse();
    expect(open(await verifyComposed(composed))).toEqual([]);
  });

  test("passes without a sample, and sends no requests", async () => {
    const bare = parseMesh(
      `istio: { line: "${mesh.istio.line.id}" }\nclusters:\n  - { name: main0, role: primary, network: network1, context: main0 }\n  - { name: remote0, network: network2, context: remote0 }\nsample: { enabled: false }\n${ownCa}\n`,
      "mesh.yaml",
    );
    const report = await verifyComposed(compose(bare));
    expect(open(report)).toEqual([]);
    expect(report.results.filter(({ layer }) => ["traffic", "split", "endpoints"].includes(layer))).toEqual(
      mesh === current ? [expect.anything(), expect.anything()] : [],
    );
  });

  test("passes without the CA at hand, which is compared between the clusters then", async () => {
    const composed = compose(mesh);
    rmSync(join(composed.meshFile, "../own-ca"), { recursive: true });
    expect(open(await verifyComposed(composed))).toEqual([]);
    composed.clusters.remote0!.secrets[0] = caSecret(other.material.remote0!);
    expect(first(await verifyComposed(composed)).evidence[0]).toMatch(/of remote0 has the root/);
  });
});

test("what others have in these namespaces is silent: Kiali's own multi-cluster Secret, a revision's label", async () => {
  const composed = compose(current);
  for (const { secrets, namespaces } of Object.values(composed.clusters)) {
    secrets.push({
      kind: "Secret",
      metadata: {
        name: "kiali-multi-cluster",
        namespace: "istio-system",
        labels: { "kiali.io/multiCluster": "true" },
      },
      data: { east: Buffer.from("apiVersion: v1\nkind: Config\n").toString("base64") },
    });
    // It injects as istio-injection=enabled does: the dry run has the last word.
    const labels = namespaces.find(({ metadata }) => metadata.name === "sample").metadata.labels;
    delete labels["istio-injection"];
    labels["istio.io/rev"] = "default";
  }
  expect(open(await verifyComposed(composed))).toEqual([]);
});

test("an istioctl of another line is one finding: what is asked through it is not judged", async () => {
  const composed = compose(current);
  composed.programs.istioctl = "1.7.3";
  const unknown = new Error('unknown command "remote-clusters" for "istioctl"');
  Object.assign(composed, { readClusters: unknown, proxies: unknown });
  expect(open(await verifyComposed(composed))).toEqual(["fail versions.istioctl"]);
});

test("a cluster from which destroy has taken the mesh is one finding, whatever is left in the other", async () => {
  const composed = compose(current);
  const remote = composed.clusters.remote0!;
  remote.namespaces = remote.namespaces.filter(({ metadata }) => metadata.name === "kube-system");
  Object.assign(remote, { istioSystem: [], secrets: [], sample: [], webhooks: [], trustedRoot: undefined });
  expect(open(await verifyComposed(composed))).toEqual(["fail installed.mesh remote0"]);
});

test("no fix restarts pods where a pod that starts now would have no proxy", async () => {
  const composed = compose(current);
  composed.clusters.remote0!.injected = ["curl"];
  composed.proxies = composed.proxies.filter(({ cluster }) => cluster !== "remote0");
  const { results } = await verifyComposed(composed);
  expect(
    results.find(({ id, cluster }) => id === "endpoints.proxies" && cluster === "remote0"),
  ).toMatchObject({
    status: "not judged",
    commands: [],
  });
  const printed = results.flatMap(({ commands }) => commands);
  expect(printed.filter((command) => /delete pod|rollout restart/.test(command))).toEqual([]);
});

interface Fault {
  readonly name: string;
  /** Of the table of failure modes. */
  readonly row?: number;
  /** @default - both */
  readonly lines?: readonly Line[];
  readonly break: (composed: ComposedMesh) => void | Promise<void>;
  readonly expect: string;
  readonly says: RegExp;
  readonly command?: RegExp;
  /** @default - any */
  readonly fix?: RegExp;
}

const objects = (composed: ComposedMesh, cluster: string) => composed.clusters[cluster]!;
const gatewayOf = ({ mesh }: ComposedMesh) => mesh.istio.line.gateway.name;
const serviceOf = (composed: ComposedMesh, cluster: string) =>
  objectIn(objects(composed, cluster).istioSystem, "Service", gatewayOf(composed));
const scaleToNothing = (deployment: { spec: { replicas: number }; status: object }) => {
  deployment.spec.replicas = 0;
  deployment.status = {};
};

/** A request that got no answer. */
const unanswered: Reply = {
  status: 0,
  seconds: 5,
  version: undefined,
  pod: undefined,
  words: "curl: (28) timed out",
};

const faults: readonly Fault[] = [
  {
    name: "nothing is installed",
    break: ({ clusters }) => {
      for (const cluster of Object.values(clusters)) {
        Object.assign(cluster, { istioSystem: [], secrets: [], networking: [], crds: [], webhooks: [] });
        cluster.namespaces = cluster.namespaces.filter(({ metadata }) => metadata.name === "kube-system");
      }
    },
    expect: "fail installed.mesh main0",
    says: /there is no namespace istio-system/,
    command: /^mesh apply -f \S+$/,
  },
  {
    name: "half a mesh: the remote has its namespace and nothing in it",
    break: (composed) => {
      objects(composed, "remote0").istioSystem = [];
    },
    expect: "fail installed.mesh remote0",
    says: /nothing runs in istio-system/,
  },
  {
    name: "an API server that does not answer",
    break: (composed) => {
      objects(composed, "remote0").kubernetes = new ProgramFailed(
        "kubectl get --raw /version",
        1,
        "The connection to the server was refused",
      );
    },
    expect: "fail reachable.api remote0",
    says: /refused/,
  },
  {
    name: "an API server that gets no connection to its nodes",
    break: (composed) => {
      objects(composed, "remote0").noWayToPods =
        "the API server gets no connection to its nodes (exec, port-forward): error dialing backend: EOF";
    },
    expect: "fail reachable.nodes remote0",
    says: /^the API server gets no connection to its nodes \(exec, port-forward\): .*error dialing backend: EOF$/,
    command: /^kubectl --context remote0 -n sample exec .* -- true$/,
    fix: /konnectivity-agent/,
  },
  {
    name: "no rights",
    break: (composed) => {
      objects(composed, "main0").who = {
        user: "viewer",
        refused: [{ verb: "list", group: "", resource: "secrets", namespace: "istio-system" }],
      };
    },
    expect: "fail rights.read main0",
    says: /viewer may not:\n {2}list secrets in istio-system/,
  },
  {
    name: "no right to run anything in the client",
    break: (composed) => {
      objects(composed, "main0").who = {
        refused: [{ verb: "create", group: "", resource: "pods/exec", namespace: "sample" }],
      };
    },
    expect: "fail rights.send main0",
    says: /create pods\/exec in sample/,
  },
  {
    name: "the same cluster under two contexts",
    break: ({ clusters }) => {
      clusters.remote0!.namespaces[0].metadata.uid = "uid-of-main0";
    },
    expect: "fail clusters.distinct remote0",
    says: /lead to the same cluster/,
  },
  {
    name: "a CRD that is not established",
    row: 13,
    break: (composed) => {
      objects(composed, "remote0").crds.pop();
    },
    expect: "fail installed.crds remote0",
    says: /not served: destinationrules\.networking\.istio\.io/,
  },
  {
    name: "a proxy newer than istiod",
    row: 16,
    break: (composed) => {
      const pod = objectIn(objects(composed, "remote0").sample, "Pod", "helloworld-v2-0");
      pod.spec.containers[0].image = "docker.io/istio/proxyv2:1.99.0";
    },
    expect: "fail versions.skew remote0",
    says: /the proxy of sample\/helloworld-v2-0 is 1\.99\.0, istiod of \w+ /,
    command: /rollout restart deployment/,
  },
  {
    name: "a proxy two versions behind",
    row: 16,
    lines: ["current"],
    break: (composed) => {
      const pod = objectIn(objects(composed, "main0").sample, "Pod", "helloworld-v1-0");
      pod.spec.containers[0].image = "docker.io/istio/proxyv2:1.29.4";
    },
    expect: "fail versions.skew main0",
    says: /is 1\.29\.4/,
  },
  {
    name: "a proxy of another patch version",
    row: 16,
    break: (composed) => {
      const { major, minor } = { major: 1, minor: composed.mesh.istio.line.id.split(".")[1] };
      const pod = objectIn(objects(composed, "main0").sample, "Pod", "helloworld-v1-0");
      pod.spec.containers[0].image = `docker.io/istio/proxyv2:${major}.${minor}.99`;
    },
    expect: "warn versions.istio main0",
    says: /sample\/helloworld-v1-0 runs 1\.\d+\.99; mesh\.yaml asks for/,
  },
  {
    name: "a gateway of another patch version",
    row: 16,
    break: (composed) => {
      const minor = composed.mesh.istio.line.id;
      const pod = objectIn(objects(composed, "remote0").istioSystem, "Pod", `${gatewayOf(composed)}-0`);
      pod.spec = {
        containers: [{ name: "istio-proxy", image: `docker.io/istio/proxyv2:${minor}.99` }],
      };
    },
    expect: "warn versions.istio remote0",
    says: /istio-system\/istio-\w+gateway-0 runs 1\.\d+\.99/,
    command:
      /^mesh apply -f \S+\nmesh verify --only endpoints\.injection --wait 2m -f \S+ && kubectl --context remote0 -n istio-system rollout restart deployment$/,
  },
  {
    name: "Kubernetes too new for istioctl's remote secret (kubernetes 1.24 makes no token Secrets: istio/istio#38246)",
    row: 9,
    lines: ["1.7"],
    break: (composed) => {
      for (const cluster of Object.values(composed.clusters)) cluster.kubernetes = "v1.24.0";
      composed.programs.kubectl = "v1.24.0";
    },
    expect: "fail versions.kubernetes main0",
    says: /Kubernetes 1\.24\.0; Istio 1\.7 supports 1\.16 to 1\.18/,
  },
  {
    name: "no cacerts",
    row: 1,
    break: (composed) => {
      objects(composed, "main0").secrets = objects(composed, "main0").secrets.slice(1);
    },
    expect: "fail trust.secret main0",
    says: /there is no Secret cacerts/,
    command: /rollout restart deployment istiod/,
  },
  {
    name: "the walk-through's secret of another name",
    row: 1,
    break: (composed) => {
      objects(composed, "main0").secrets[0] = caSecret(authority.material.main0!, "testing");
    },
    expect: "fail trust.secret main0",
    says: /the Secret testing holds a CA: istiod does not look there/,
  },
  {
    name: "a file missing in cacerts",
    row: 1,
    break: (composed) => {
      delete objects(composed, "main0").secrets[0].data["cert-chain.pem"];
    },
    expect: "fail trust.secret main0",
    says: /the Secret cacerts lacks cert-chain\.pem/,
  },
  {
    name: "a key that is another certificate's",
    row: 1,
    break: (composed) => {
      objects(composed, "main0").secrets[0] = caSecret({
        ...authority.material.main0!,
        caKey: other.material.main0!.caKey,
      });
    },
    expect: "fail trust.sound main0",
    says: /ca-key\.pem of the Secret cacerts is not the key of ca-cert\.pem/,
  },
  {
    name: "an intermediate that may not sign",
    row: 1,
    break: async (composed) => {
      const leaf = await issue({ subject: "CN=leaf", issuer: authority.root, ca: false });
      objects(composed, "main0").secrets[0] = caSecret(await clusterCa(leaf, authority.root));
    },
    expect: "fail trust.sound main0",
    says: /CA/,
  },
  {
    name: "Istio's published sample CA",
    row: 1,
    break: (composed) => {
      const root = sampleCertificate("root-cert");
      const caCert = sampleCertificate("ca-cert");
      const { caKey } = authority.material.main0!;
      objects(composed, "main0").secrets[0] = caSecret({
        caCert,
        caKey,
        rootCert: root,
        certChain: caCert + root,
      });
    },
    expect: "fail trust.sound main0",
    says: /sample/,
  },
  {
    name: "another root than the mesh's",
    row: 1,
    break: (composed) => {
      objects(composed, "main0").secrets[0] = caSecret(other.material.main0!);
    },
    expect: "fail trust.one-root main0",
    says: /the Secret cacerts of main0 has the root SHA-256 \w{16}\nthe CA of mesh1 has SHA-256 \w{16}/,
  },
  {
    name: "another root on a remote that signs for itself",
    row: 1,
    lines: ["1.7"],
    break: (composed) => {
      objects(composed, "remote0").secrets[0] = caSecret(other.material.remote0!);
    },
    expect: "fail trust.one-root remote0",
    says: /of remote0 has the root/,
  },
  {
    name: "another root on a remote where nothing reads it",
    row: 1,
    lines: ["current"],
    break: (composed) => {
      objects(composed, "remote0").secrets[0] = caSecret(other.material.remote0!);
    },
    expect: "warn trust.unread remote0",
    says: /of remote0 has the root/,
  },
  {
    name: "an intermediate that has expired",
    row: 2,
    break: (composed) => {
      composed.now = days(1001);
    },
    expect: "fail trust.dates main0",
    says: /CN=main0 expired on 20\d\d-/,
    fix: /^put the CA in \S+own-ca right first, which your own CA issues/,
  },
  {
    name: "an intermediate that is not valid yet",
    row: 2,
    break: (composed) => {
      composed.now = days(-2);
    },
    expect: "fail trust.dates main0",
    says: /is not valid before/,
  },
  {
    name: "an intermediate with ten days left",
    row: 2,
    break: (composed) => {
      composed.now = days(990);
    },
    expect: "warn trust.lasts main0",
    says: /^10 days left/,
  },
  {
    name: "an istiod that has not read the new root",
    row: 2,
    break: (composed) => {
      objects(composed, "main0").trustedRoot = other.root.pem;
    },
    expect: "fail trust.live-root main0",
    says: /it holds SHA-256 \w{16}; cacerts of main0 has SHA-256 \w{16}/,
    command: /rollout restart deployment istiod/,
  },
  {
    name: "a proxy that still trusts the old root",
    row: 2,
    break: (composed) => {
      objects(composed, "remote0").proxySecrets = {
        certificateChain: other.material.main0!.certChain,
        root: other.root.pem,
      };
    },
    expect: "fail trust.workloads remote0",
    says: /trusts SHA-256 \w{16}; the mesh's root is SHA-256/,
    command: /remote0 -n sample rollout restart deployment/,
  },
  {
    name: "a certificate that an intermediate of another root has signed",
    row: 2,
    break: (composed) => {
      objects(composed, "remote0").proxySecrets = {
        certificateChain: other.material.main0!.caCert,
        root: authority.root.pem,
      };
    },
    expect: "fail trust.workloads remote0",
    says: /CN=main0, issued by CN=root, does not lead to the mesh's root/,
  },
  {
    name: "a proxy that nobody has given a certificate",
    break: (composed) => {
      objects(composed, "remote0").proxySecrets = undefined;
    },
    expect: "fail trust.workloads remote0",
    says: /the proxy of (curl|sleep) has no certificates/,
    command:
      /remote0 -n sample logs deployment\/(curl|sleep) -c istio-proxy .*\nmesh verify --only endpoints\.injection .* && kubectl --context remote0 -n sample rollout restart deployment (curl|sleep)$/,
  },
  {
    name: "istiod scaled to nothing",
    break: (composed) =>
      scaleToNothing(objectIn(objects(composed, "main0").istioSystem, "Deployment", "istiod")),
    expect: "fail control-plane.istiod main0",
    says: /Deployment istiod is scaled to 0/,
  },
  {
    name: "an istiod that crashes",
    break: (composed) => {
      const { istioSystem } = objects(composed, "main0");
      objectIn(istioSystem, "Deployment", "istiod").status = {
        observedGeneration: 1,
        replicas: 1,
        updatedReplicas: 1,
      };
      objectIn(istioSystem, "Pod", "istiod-0").status = {
        containerStatuses: [
          {
            name: "discovery",
            ready: false,
            state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s" } },
            lastState: { terminated: { reason: "Error", exitCode: 255 } },
          },
        ],
      };
    },
    expect: "fail control-plane.istiod main0",
    says: /0 of 1 replicas are available\nPod istio-system\/istiod-0: container discovery: CrashLoopBackOff, after Error with exit code 255: back-off 5m0s/,
  },
  {
    name: "contexts that are swapped",
    lines: ["current"],
    break: (composed) => {
      const { istioSystem, namespaces } = objects(composed, "main0");
      objects(composed, "main0").istioSystem = istioSystem.filter(
        ({ metadata }) => metadata.name !== "istiod" && metadata.name !== "istiod-0",
      );
      objectIn(namespaces, "Namespace", "istio-system").metadata.annotations = {
        "topology.istio.io/controlPlaneClusters": "main0",
      };
    },
    expect: "fail control-plane.istiod main0",
    says: /leads to a remote of main0: are contexts swapped/,
  },
  {
    name: "no annotation with the primary's name",
    row: 12,
    lines: ["current"],
    break: (composed) => {
      delete objectIn(objects(composed, "remote0").namespaces, "Namespace", "istio-system").metadata
        .annotations;
    },
    expect: "fail control-plane.primary remote0",
    says: /it is not there; wanted is main0/,
  },
  {
    name: "no network label",
    row: 3,
    lines: ["current"],
    break: (composed) => {
      delete objectIn(objects(composed, "remote0").namespaces, "Namespace", "istio-system").metadata.labels[
        "topology.istio.io/network"
      ];
    },
    expect: "fail control-plane.network remote0",
    says: /it is not there; wanted is network2/,
  },
  {
    name: "one network label twice",
    row: 4,
    lines: ["current"],
    break: (composed) => {
      objectIn(objects(composed, "remote0").namespaces, "Namespace", "istio-system").metadata.labels[
        "topology.istio.io/network"
      ] = "network1";
    },
    expect: "fail control-plane.network remote0",
    says: /it says network1; wanted is network2\nnetwork1 is the network of main0 too/,
  },
  {
    name: "a network that meshNetworks does not name",
    row: 3,
    lines: ["1.7"],
    break: (composed) => {
      objects(composed, "main0").meshConfig.data.meshNetworks =
        "networks:\n  network1:\n    endpoints:\n    - fromRegistry: main0\n";
    },
    expect: "fail control-plane.mesh-networks",
    says: /network2 with the registry remote0 is not there/,
  },
  {
    name: "a remote that looks for istiod somewhere else",
    row: 12,
    break: (composed) => {
      const { istioSystem } = objects(composed, "remote0");
      const way = istioSystem.find(
        ({ kind, metadata }) => /^Endpoint/.test(kind) && metadata.name.startsWith("istiod"),
      );
      if (way.endpoints) way.endpoints[0].addresses = ["203.0.113.66"];
      else way.subsets[0].addresses[0].ip = "203.0.113.66";
    },
    expect: "fail control-plane.address remote0",
    says: /leads to 203\.0\.113\.66; istio-\w+gateway of main0 is at 203\.0\.113\.100/,
  },
  {
    name: "an istiod Service without endpoints in the remote",
    row: 12,
    break: (composed) => {
      objects(composed, "remote0").istioSystem = objects(composed, "remote0").istioSystem.filter(
        ({ kind, metadata }) => !/^Endpoint/.test(kind) || !metadata.name.startsWith("istiod"),
      );
    },
    expect: "fail control-plane.address remote0",
    says: /leads to no address/,
  },
  {
    name: "an empty caBundle",
    row: 12,
    break: (composed) => {
      objects(composed, "remote0").webhooks[0].webhooks[0].clientConfig.caBundle = "";
    },
    expect: "fail control-plane.webhook remote0",
    says: /istio-sidecar-injector: caBundle has no certificate; wanted is SHA-256/,
  },
  {
    name: "a caBundle of another root",
    row: 12,
    break: (composed) => {
      objects(composed, "main0").webhooks[0].webhooks[0].clientConfig.caBundle = Buffer.from(
        other.root.pem,
      ).toString("base64");
    },
    expect: "fail control-plane.webhook main0",
    says: /caBundle has SHA-256/,
  },
  {
    name: "no remote secret",
    row: 11,
    break: (composed) => {
      objects(composed, "main0").secrets.pop();
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /there is no remote secret for remote0/,
  },
  {
    name: "a remote secret without its label",
    row: 11,
    break: (composed) => {
      objects(composed, "main0").secrets[1].metadata.labels = {};
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /the Secret istio-remote-secret-remote0 holds it, without the label istio\/multiCluster/,
  },
  {
    name: "a remote secret whose annotation is another cluster's",
    row: 11,
    break: (composed) => {
      objects(composed, "main0").secrets[1].metadata.annotations["networking.istio.io/cluster"] = "remote9";
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /has the key remote0, and is annotated as remote9's/,
  },
  {
    name: "a remote secret that logs in by a program",
    row: 8,
    break: (composed) => {
      objects(composed, "main0").secrets[1] = remoteSecret("remote0", {
        user: { exec: { command: "kubelogin" } },
      });
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /logs in by exec, which istiod refuses/,
  },
  {
    name: "a remote secret that holds something else",
    break: (composed) => {
      objects(composed, "main0").secrets[1].data.remote0 = Buffer.from("{:").toString("base64");
    },
    expect: "fail control-plane.remote-secret remote0",
    says: /holds no kubeconfig under remote0/,
  },
  {
    name: "two remote secrets of one cluster",
    row: 11,
    break: (composed) => {
      objects(composed, "main0").secrets.push(remoteSecret("remote0", {}, "a-copy"));
    },
    expect: "fail control-plane.remote-secrets",
    says: /remote0 has 2: istio-remote-secret-remote0, a-copy/,
    command: /^kubectl --context main0 -n istio-system delete secret a-copy$/,
  },
  {
    name: "a remote secret of a cluster that is gone",
    row: 17,
    break: (composed) => {
      objects(composed, "main0").secrets.push(remoteSecret("gone"));
    },
    expect: "fail control-plane.remote-secrets",
    says: /istio-remote-secret-gone is of gone, which mesh\.yaml does not name as a remote/,
    command: /delete secret istio-remote-secret-gone$/,
  },
  {
    name: "a loopback server in the remote secret",
    row: 8,
    break: (composed) => {
      objects(composed, "main0").secrets[1] = remoteSecret("remote0", { server: "https://127.0.0.1:40123" });
    },
    expect: "fail control-plane.remote-server remote0",
    says: /https:\/\/127\.0\.0\.1:40123 is this machine's own/,
  },
  ...(
    [
      ["401", /does not know the token of the remote secret/],
      ["403", /may not list pods/],
      [
        "curl: (60) SSL certificate problem: unable to get local issuer certificate\n000",
        /certificate of the API server is not of the authority/,
      ],
      [
        "curl: (28) Connection timed out after 5001 milliseconds\n000",
        /does not answer the primary: a firewall, authorized IP ranges, or a private address/,
      ],
      [
        "curl: (6) Could not resolve host: aks.privatelink.azmk8s.io\n000",
        /nobody in the primary knows the server's name/,
      ],
      ["500", /gives an answer that is none/],
    ] as const
  ).map(
    ([said, says]): Fault => ({
      name: `an API server that the primary cannot read: ${said.split("\n")[0]}`,
      row: 8,
      break: ({ clusters }) => {
        clusters.main0!.access.remote0 = said;
      },
      expect: "fail control-plane.remote-access remote0",
      says,
    }),
  ),
  {
    name: "a reader role narrowed by hand (istio/istio#59845)",
    lines: ["current"],
    break: ({ clusters }) => {
      clusters.main0!.access.remote0 = "200\n200\n200\n200\n403\n403";
    },
    expect: "fail control-plane.remote-access remote0",
    says: /may not list secrets, configmaps in remote0: its ClusterRole is not as istioctl installed it/,
    command: /^mesh apply/,
    fix: /brings the ClusterRole back/,
  },
  {
    name: "an istiod that has given the remote up (it turns ready after 30 seconds all the same)",
    row: 8,
    lines: ["current"],
    break: (composed) => {
      composed.readClusters = { main0: "synced", remote0: "timeout" };
    },
    expect: "fail control-plane.synced remote0",
    says: /istiod of main0 says: timeout/,
    command: /logs -l app=istiod --prefix /,
  },
  {
    name: "an istiod that does not know the remote",
    row: 8,
    lines: ["current"],
    break: (composed) => {
      composed.readClusters = { main0: "synced" };
    },
    expect: "fail control-plane.synced remote0",
    says: /does not know remote0/,
  },
  {
    name: "a gateway scaled to nothing",
    break: (composed) =>
      scaleToNothing(objectIn(objects(composed, "remote0").istioSystem, "Deployment", gatewayOf(composed))),
    expect: "fail gateways.ready remote0",
    says: /Deployment istio-\w+gateway is scaled to 0/,
  },
  {
    name: "a gateway that finds no node",
    break: (composed) => {
      const { istioSystem } = objects(composed, "main0");
      objectIn(istioSystem, "Deployment", gatewayOf(composed)).status = {};
      objectIn(istioSystem, "Pod", `${gatewayOf(composed)}-0`).status = {
        conditions: [
          { type: "PodScheduled", status: "False", message: "0/3 nodes are available: 3 Insufficient cpu." },
        ],
      };
    },
    expect: "fail gateways.ready main0",
    says: /0\/3 nodes are available: 3 Insufficient cpu\./,
  },
  {
    // The words are those of AKS#1945.
    name: "an address that stays pending",
    row: 6,
    break: (composed) => {
      serviceOf(composed, "remote0").status = { loadBalancer: {} };
      objects(composed, "remote0").istioSystem.push({
        kind: "Event",
        metadata: {},
        type: "Warning",
        reason: "SyncLoadBalancerFailed",
        message:
          "PublicIPCountLimitReached: Cannot create more than 10 public IP addresses for this subscription in this region.",
        lastTimestamp: "2030-06-01T12:00:00Z",
        involvedObject: { kind: "Service", name: gatewayOf(composed) },
      });
    },
    expect: "fail gateways.address remote0",
    says: /has no address\nService istio-\w+gateway: SyncLoadBalancerFailed: PublicIPCountLimitReached/,
  },
  {
    // istio/istio#29359: 1.7 passes over gateways with host names.
    name: "a load balancer with a host name on the old line",
    row: 5,
    lines: ["1.7"],
    break: (composed) => {
      serviceOf(composed, "remote0").status = { loadBalancer: { ingress: [{ hostname: "lb.example.com" }] } };
    },
    expect: "fail gateways.address remote0",
    says: /has the host name lb\.example\.com; Istio 1\.7 passes over gateways without an IPv4 address/,
  },
  {
    name: "the data port missing on the gateway's Service",
    break: (composed) => {
      const service = serviceOf(composed, "remote0");
      const { dataPort } = composed.mesh.istio.line.gateway;
      service.spec.ports = service.spec.ports.filter(({ port }: { port: number }) => port !== dataPort);
    },
    expect: "fail gateways.ports remote0",
    says: /missing: (15443|443); offered: /,
  },
  {
    // Azure/AKS#3646
    name: "appProtocol that has Azure probe for /",
    row: 7,
    break: (composed) => {
      serviceOf(composed, "main0").spec.ports[1].appProtocol = "https";
    },
    expect: "warn gateways.probes main0",
    says: /port \d+ has appProtocol https/,
  },
  {
    name: "a gateway Service without its network's label",
    row: 3,
    lines: ["current"],
    break: (composed) => {
      serviceOf(composed, "remote0").metadata.labels = {};
    },
    expect: "fail gateways.network remote0",
    says: /Service istio-eastwestgateway says nothing; wanted is network2/,
  },
  {
    name: "nothing that opens the data port",
    break: (composed) => {
      const { name } = composed.mesh.istio.line.gateway.exposure;
      const main0 = objects(composed, "main0");
      main0.networking = main0.networking.filter(({ metadata }) => metadata.name !== name);
    },
    expect: "fail gateways.exposed",
    says: /nothing opens port (15443|443) for requests/,
  },
  {
    name: "nothing that opens istiod's ports",
    lines: ["current"],
    break: (composed) => {
      const main0 = objects(composed, "main0");
      main0.networking = main0.networking.filter(({ metadata }) => metadata.name !== "istiod-gateway");
    },
    expect: "fail gateways.exposed",
    says: /nothing opens port 15012 to istiod \(istiod-gateway, PASSTHROUGH\)\nnothing opens port 15017 to istiod/,
  },
  {
    name: "a load balancer that is healthy in Kubernetes and times out from the other cluster",
    row: 7,
    break: (composed) => {
      objects(composed, "main0").unreachable.add(gatewayAddress(composed.mesh, composed.mesh.remotes[0]!));
    },
    expect: "fail gateways.dial",
    says: /from main0 to remote0: no connection to 203\.0\.113\.101:(15443|443) within 4 s/,
  },
  {
    name: "a gateway's Service that selects no pod",
    break: (composed) => {
      const slice = objects(composed, "remote0").istioSystem.find(
        ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === gatewayOf(composed),
      );
      // As the API server gives it.
      slice.endpoints = null;
    },
    expect: "fail gateways.pods remote0",
    says: /istio-\w+gateway has no endpoints: no pod that is ready has the labels/,
    command: /^mesh apply/,
  },
  {
    // istio/istio#57299
    name: "a second address of a gateway that leads nowhere",
    break: (composed) => {
      serviceOf(composed, "remote0").status.loadBalancer.ingress.push({ ip: "192.0.2.77" });
      objects(composed, "main0").unreachable.add("192.0.2.77");
    },
    expect: "fail gateways.dial",
    says: /of remote0 has more than one address; 192\.0\.2\.77 is not reached, the others are/,
    command: /patch service istio-\w+gateway --subresource=status .*ingress\/1/,
  },
  {
    name: "a first address of a gateway that leads nowhere",
    break: (composed) => {
      serviceOf(composed, "remote0").status.loadBalancer.ingress.unshift({ ip: "192.0.2.77" });
      objects(composed, "main0").unreachable.add("192.0.2.77");
    },
    expect: "fail gateways.dial",
    says: /192\.0\.2\.77 is not reached/,
    command: /ingress\/0/,
  },
  {
    name: "an external IPv6 address of a gateway that leads nowhere",
    break: (composed) => {
      serviceOf(composed, "remote0").spec.externalIPs = ["2001:db8::77"];
      objects(composed, "main0").unreachable.add("[2001:db8::77]");
    },
    expect: "fail gateways.dial",
    says: /no connection to \[2001:db8::77\]:\d+ within 4 s/,
    command: /patch service istio-\w+gateway --type=json .*externalIPs\/0/,
  },
  {
    // istio/istio#29119
    name: "a policy for a web host that closes the gateway for the remote's proxies",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "main0").istioConfig.push({
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "office", namespace: "istio-system" },
        spec: {
          selector: { matchLabels: { istio: "eastwestgateway" } },
          action: "DENY",
          rules: [{ to: [{ operation: { hosts: ["jenkins.example.com"] } }] }],
        },
      });
      objects(composed, "remote0").istiodDial = 35;
    },
    expect: "fail gateways.istiod remote0",
    says: /203\.0\.113\.100:15012 accepts the connection and closes it\n.*:15017 .*\ncause: AuthorizationPolicy istio-system\/office of main0: it has the action DENY/,
    command: /delete authorizationpolicy\.security\.istio\.io office$/,
  },
  {
    name: "large packets that get lost between a remote and istiod",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "remote0").istiodDial = 28;
    },
    expect: "fail gateways.istiod remote0",
    says: /a large request gets no answer within 4 s: large packets get lost on the way \(MTU\)/,
    fix: /lower the MTU/,
  },
  {
    // istio/istio#28798: without mTLS a gateway cannot route by SNI.
    name: "mTLS switched off for the sample",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "main0").istioConfig.push({
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: {
          name: "default",
          namespace: "sample",
          annotations: { "meta.helm.sh/release-name": "web" },
        },
        spec: { mtls: { mode: "DISABLE" } },
      });
      objects(composed, "main0").endpoints.v2 = {};
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.101 is missing .*\ncause: PeerAuthentication sample\/default of main0, managed by Helm release web: it switches mTLS off/,
    fix: /change PeerAuthentication sample\/default where it is managed \(Helm release web\)/,
    command:
      /get peerauthentication\.security\.istio\.io default -o yaml >peerauthentication-default\.yaml\nkubectl --context main0 -n sample delete peerauthentication\.security\.istio\.io default$/,
  },
  {
    name: "discoverySelectors that hide a namespace",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "main0").meshConfig.data.mesh =
        "discoverySelectors:\n- matchLabels: { istio-discovery: enabled }\n";
      objectIn(objects(composed, "main0").namespaces, "Namespace", "sample").metadata.labels[
        "istio-discovery"
      ] = "enabled";
      for (const [name, cluster] of Object.entries(composed.clusters)) {
        const other = name === "main0" ? "remote0" : "main0";
        const address = composed.mesh.clusters.find((one) => one.name === other)!;
        cluster.unreachable.add(gatewayAddress(composed.mesh, address));
      }
    },
    expect: "fail gateways.dial",
    says: /cause: ConfigMap istio-system\/istio of main0: it hides namespaces .*: istio-system of main0, istio-system of remote0, sample of remote0/,
    command: /^mesh apply/,
  },
  {
    name: "the way of the remote's proxies to istiod closed",
    row: 7,
    break: (composed) => {
      objects(composed, "remote0").unreachable.add(
        `${gatewayAddress(composed.mesh, composed.mesh.primary)}:15012`,
      );
    },
    expect: "fail gateways.dial",
    says: /^from remote0 to main0: no connection to 203\.0\.113\.100:15012 within 4 s$/,
  },
  {
    name: "the Service missing in one cluster",
    row: 14,
    break: (composed) => {
      const remote0 = objects(composed, "remote0");
      remote0.sample = remote0.sample.filter(
        ({ kind, metadata }) => kind !== "Service" || metadata.name !== "helloworld",
      );
    },
    expect: "fail endpoints.service remote0",
    says: /there is no Service helloworld in sample/,
  },
  {
    name: "a Service whose port says another protocol",
    row: 14,
    break: (composed) => {
      objectIn(objects(composed, "remote0").sample, "Service", "helloworld").spec.ports[0].name = "tcp";
    },
    expect: "fail endpoints.service remote0",
    says: /no port 5000 named http/,
  },
  {
    name: "a Service that selects something else",
    row: 14,
    break: (composed) => {
      objectIn(objects(composed, "remote0").sample, "Service", "helloworld").spec.selector = { app: "hello" };
    },
    expect: "fail endpoints.service remote0",
    says: /its selector is \{"app":"hello"\}; wanted is/,
  },
  {
    name: "a version scaled to nothing",
    break: (composed) =>
      scaleToNothing(objectIn(objects(composed, "remote0").sample, "Deployment", "helloworld-v2")),
    expect: "fail endpoints.pods remote0",
    says: /Deployment helloworld-v2 is scaled to 0/,
  },
  {
    name: "a webhook that the API server does not reach",
    row: 12,
    break: (composed) => {
      objects(composed, "remote0").injected = new ProgramFailed(
        "kubectl create",
        1,
        'Error from server (InternalError): failed calling webhook "namespace.sidecar-injector.istio.io": context deadline exceeded',
      );
    },
    expect: "fail endpoints.injection remote0",
    says: /failed calling webhook .* context deadline exceeded/,
  },
  {
    name: "Pod Security that refuses new pods, while those that run go on",
    break: (composed) => {
      objects(composed, "remote0").injected = new ProgramFailed(
        "kubectl create",
        1,
        'Error from server (Forbidden): error when creating "STDIN": pods "mesh-verify" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "istio-init" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)',
      );
    },
    expect: "fail endpoints.injection remote0",
    says: /violates PodSecurity "baseline:latest"/,
    fix: /Pod Security level baseline/,
    command:
      /^kubectl --context remote0 label namespace sample pod-security\.kubernetes\.io\/enforce=privileged --overwrite$/,
  },
  {
    name: "a quota that refuses the gateway's pod",
    break: (composed) => {
      const gateway = objectIn(objects(composed, "remote0").istioSystem, "Deployment", gatewayOf(composed));
      const message =
        'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0';
      gateway.status = { conditions: [{ type: "ReplicaFailure", status: "True", message }] };
    },
    expect: "fail gateways.ready remote0",
    says: /0 of 1 replicas are available\npods "x" is forbidden: exceeded quota: q, /,
    fix: /^the ResourceQuota q has no room/,
    command: /^kubectl --context remote0 -n istio-system describe resourcequota q$/,
  },
  {
    name: "a client that does not run: what is asked through it is no second cause",
    break: (composed) => {
      const { sample } = objects(composed, "main0");
      const { name } = composed.mesh.istio.line.sample.client;
      objectIn(sample, "Deployment", name).status = {};
      objectIn(sample, "Pod", `${name}-0`).status = {
        containerStatuses: [
          {
            name: "curl",
            state: { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } },
          },
        ],
      };
    },
    expect: "fail endpoints.client main0",
    says: /0 of 1 replicas are available\nPod sample\/\w+-0: container curl: ImagePullBackOff/,
    command: /^mesh apply -f \S+$/,
    fix: /registry has this image/,
  },
  {
    name: "a taint that keeps istiod from every node",
    break: (composed) => {
      const { istioSystem } = objects(composed, "main0");
      objectIn(istioSystem, "Deployment", "istiod").status = {};
      const message = "0/1 nodes are available: 1 node(s) had untolerated taint {CriticalAddonsOnly: true}.";
      objectIn(istioSystem, "Pod", "istiod-0").status = {
        conditions: [{ type: "PodScheduled", status: "False", message }],
      };
    },
    expect: "fail control-plane.istiod main0",
    says: /untolerated taint \{CriticalAddonsOnly: true\}/,
    fix: /^no node without the taint CriticalAddonsOnly has room/,
    command: /^kubectl --context main0 get nodes -o .?custom-columns=/,
  },
  {
    name: "no injection label",
    row: 12,
    break: (composed) => {
      objects(composed, "remote0").injected = ["verify"];
      objectIn(objects(composed, "remote0").namespaces, "Namespace", "sample").metadata.labels = {};
    },
    expect: "fail endpoints.injection remote0",
    says: /the namespace's label istio-injection is not there; wanted is enabled/,
  },
  {
    name: "a pod from before injection",
    row: 13,
    break: (composed) => {
      objectIn(objects(composed, "remote0").sample, "Pod", "helloworld-v2-0").spec.containers.shift();
    },
    expect: "fail endpoints.sidecars remote0",
    says: /Pod sample\/helloworld-v2-0 has no istio-proxy/,
    command: /remote0 -n sample rollout restart deployment helloworld-v2$/,
  },
  {
    name: "a proxy on old configuration",
    lines: ["current"],
    break: (composed) => {
      composed.proxies = composed.proxies.map((proxy) =>
        proxy.name === "curl-0.sample" && proxy.cluster === "remote0"
          ? { ...proxy, stale: ["RouteConfiguration"] }
          : proxy,
      );
    },
    expect: "fail endpoints.proxies remote0",
    says: /curl-0\.sample has not taken over: RouteConfiguration/,
  },
  {
    name: "a proxy that lost istiod",
    lines: ["current"],
    break: (composed) => {
      composed.proxies = composed.proxies.filter(({ name }) => !name.startsWith("helloworld-v1"));
    },
    expect: "fail endpoints.proxies main0",
    says: /helloworld-v1-0\.sample is not connected/,
    command: /main0 -n sample rollout restart deployment helloworld-v1$/,
  },
  {
    name: "a DestinationRule in the remote alone",
    row: 14,
    break: ({ clusters }) => {
      const rule = clusters.main0!.networking.find(({ kind }) => kind === "DestinationRule");
      clusters.main0!.networking = clusters.main0!.networking.filter((object) => object !== rule);
      clusters.remote0!.networking.push(rule);
    },
    expect: "fail endpoints.routing",
    says: /no DestinationRule of main0 has the subsets v1, v2\nDestinationRule sample\/helloworld-destination stands in remote0, where nothing reads it/,
    command: /remote0 -n sample delete destinationrule\.networking\.istio\.io helloworld-destination/,
  },
  {
    name: "pod addresses of the other cluster",
    row: 3,
    break: ({ clusters }) => {
      clusters.main0!.endpoints.v2 = { "10.1.0.60": 1 };
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.101 is missing \(istio-\w+gateway of remote0\)\nv2: 10\.1\.0\.60:5000 is there, which is no pod that serves here and no gateway/,
  },
  {
    // istio/istio#61043
    name: "endpoints lost after the remote secret was written again",
    row: 10,
    break: ({ clusters }) => {
      clusters.main0!.endpoints.v2 = {};
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.101 is missing/,
    command: /rollout restart deployment istiod/,
  },
  {
    // istio/istio#35082
    name: "an endpoint of a cluster that is gone",
    row: 17,
    break: ({ clusters }) => {
      clusters.main0!.endpoints.v2!["203.0.113.150"] = 1;
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.150:5000 is there, which is no pod/,
  },
  {
    name: "an endpoint that Envoy has ejected",
    break: ({ clusters }) => {
      clusters.main0!.sick["203.0.113.101"] = "failed_outlier_check";
    },
    expect: "fail endpoints.healthy main0",
    says: /203\.0\.113\.101:5000 \(gateway istio-\w+gateway of remote0\): failed outlier check/,
  },
  {
    // open-cluster-management-io/ocm#1314
    name: "large packets that get lost between the clusters",
    break: (composed) => {
      const { replies, unanswered: silent } = objects(composed, "main0");
      (replies as Reply[]).push(...Array.from({ length: 6 }, () => unanswered));
      silent[gatewayAddress(composed.mesh, composed.mesh.remotes[0]!)] = 6;
    },
    expect: "fail traffic.answers main0",
    says: /6 x no answer in time\nnone of 6 requests to 203\.0\.113\.101:\d+ \(gateway istio-\w+gateway of remote0\) was answered\nTCP connects to 203\.0\.113\.101:\d+, and the TLS handshake does not end: large packets get lost on the way \(MTU\)/,
    fix: /lower the MTU/,
  },
  {
    name: "a policy that refuses the sample's clients",
    break: (composed) => {
      objects(composed, "main0").istioConfig.push({
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "allow-nothing", namespace: "sample" },
        spec: {},
      });
      (objects(composed, "remote0").replies as Reply[]).push({
        ...unanswered,
        status: 403,
        words: "RBAC: access denied",
      });
    },
    expect: "fail traffic.answers remote0",
    says: /1 x HTTP 403: RBAC: access denied\ncause: AuthorizationPolicy sample\/allow-nothing of main0: it has the action ALLOW/,
    command: /delete authorizationpolicy\.security\.istio\.io allow-nothing$/,
  },
  {
    name: "some requests that fail",
    break: ({ clusters }) => {
      const broken = {
        status: 503,
        seconds: 0.1,
        version: undefined,
        pod: undefined,
        words: "no healthy upstream",
      };
      const silent = {
        status: 0,
        seconds: 5,
        version: undefined,
        pod: undefined,
        words: "curl: (28) timed out",
      };
      const { replies } = clusters.main0!;
      clusters.main0!.replies = [broken, broken, silent, ...(replies as [])];
    },
    expect: "fail traffic.answers main0",
    says: /^3 of \d+ requests failed\n2 x HTTP 503: no healthy upstream \(UH\)\n1 x no answer in time$/,
    command: /exec deployment\/\w+ -c \w+ -- curl -sS -i http:\/\/helloworld\.sample/,
  },
  {
    name: "requests that never get out of the client",
    break: ({ clusters }) => {
      clusters.main0!.replies = [];
    },
    expect: "fail traffic.answers main0",
    says: /no request was sent/,
  },
  {
    name: "a client in which nothing can be run",
    break: ({ clusters }) => {
      clusters.main0!.replies = new Error("unable to upgrade connection: container not found");
    },
    expect: "fail traffic.answers main0",
    says: /could not be looked at: unable to upgrade connection/,
  },
  {
    name: "a version that never answers",
    row: 14,
    break: ({ clusters, mesh }) => {
      clusters.remote0!.replies = Array.from({ length: 150 }, () => answerOf("v2"));
      expect(mesh.sample!.weights).toEqual({ v1: 50, v2: 50 });
    },
    expect: "fail traffic.versions remote0",
    says: /v1 has answered none of 150 requests; seen: v2 150/,
  },
  {
    name: "weights changed by hand",
    break: ({ clusters }) => {
      const { http } = objectIn(clusters.main0!.networking, "VirtualService", "helloworld").spec;
      http[0].route[0].weight = 90;
      http[0].route[1].weight = 10;
    },
    expect: "fail split.weights",
    says: /the VirtualService says v1 90 %, v2 10 %; mesh\.yaml says v1 50 %, v2 50 %/,
    command: /^mesh apply -f \S+$/,
  },
  {
    name: "two VirtualServices for one host",
    break: ({ clusters }) => {
      const one = objectIn(clusters.main0!.networking, "VirtualService", "helloworld");
      clusters.main0!.networking.push({ ...one, metadata: { ...one.metadata, name: "second" } });
    },
    expect: "fail split.weights",
    says: /helloworld and second are of the same host/,
    command: /delete virtualservice second$/,
  },
  {
    name: "a split that the proxies do not follow",
    break: ({ clusters }) => {
      clusters.remote0!.replies = [
        ...Array.from({ length: 135 }, () => answerOf("v1")),
        ...Array.from({ length: 15 }, () => answerOf("v2")),
      ];
    },
    expect: "fail split.shares remote0",
    says: /v1 135 \(50 % wanted\), v2 15 \(50 % wanted\); p = \d\.\d+e-\d+\nfails below p = 2\.5e-7/,
  },
  {
    name: "Prometheus scaled to nothing",
    break: ({ clusters }) =>
      scaleToNothing(objectIn(clusters.main0!.istioSystem, "Deployment", "prometheus")),
    expect: "warn addons.prometheus",
    says: /Deployment prometheus is scaled to 0/,
  },
  {
    // kiali/kiali#7672
    name: "a cluster that nothing is counted of",
    row: 15,
    lines: ["current"],
    break: (composed) => {
      composed.pairs = [
        { source_cluster: "main0", destination_cluster: "main0" },
        { source_cluster: "main0" },
      ];
    },
    expect: "warn addons.metrics",
    says: /no request from or to remote0; counted are main0, unknown/,
  },
];

const cases = faults.flatMap((fault) =>
  (fault.lines ?? (Object.keys(lines) as Line[])).map((line) => ({ ...fault, line })),
);

test.each(cases)("line $line: $name", async ({ line, break: broken, expect: wanted, says, command, fix }) => {
  const composed = compose(lines[line]);
  await broken(composed);
  const report = await verifyComposed(composed);
  const found = first(report);
  expect([found.status, found.id, found.cluster].filter(Boolean).join(" ")).toBe(wanted);
  expect(found.evidence.join("\n")).toMatch(says);
  expect(found.fix).toMatch(fix ?? /./);
  const own = report.results.flatMap(({ commands }) => commands).filter((text) => text.startsWith("mesh "));
  for (const text of own) expect(text).toContain(` -f ${composed.meshFile}`);
  if (command) expect(found.commands.join("\n")).toMatch(command);
  expect(report.ok).toBe(wanted.startsWith("warn"));
  for (const secret of secrets()) expect(JSON.stringify(report)).not.toContain(secret);
});

/** Lines of keys, and tokens: none may be told. */
const secrets = () => [
  ...[authority, other]
    .flatMap(({ material }) => Object.values(material))
    .flatMap(({ caKey }) => caKey.split("\n").filter((text) => text.length > 20 && !text.startsWith("-"))),
  "a-token",
];

test("every row of the ways in which such set-ups fail has its test", () => {
  const rows = new Set(faults.flatMap(({ row }) => row ?? []));
  expect([...rows].sort((one, other_) => one - other_)).toEqual(
    Array.from({ length: 17 }, (_, index) => index + 1),
  );
});

test("every check that may fail is seen to fail", () => {
  const ofOthers = ["programs", "reachable", "versions", "clusters"];
  const seen = new Set(faults.map((fault) => fault.expect.split(" ")[1]));
  const unseen = verifyChecks
    .map(({ id }) => id)
    .filter((id) => !seen.has(id) && !ofOthers.includes(id.split(".")[0]!));
  // Below, by themselves.
  expect(unseen.sort()).toEqual(["addons.kiali", "traffic.clusters"]);
});

describe("without weights", () => {
  const unweighted = meshOf(defaultIstioLine.id, "");

  test("requests are counted by cluster, in proportion to the pods", async () => {
    const composed = compose(unweighted);
    // Two pods of v2 beside one of v1: two thirds of the requests go there.
    const { remote0 } = composed.clusters;
    const v2 = running("helloworld-v2", "sample", {
      labels: { app: "helloworld", version: "v2" },
      containers: [{ name: "istio-proxy", image: `x:${defaultIstioLine.version}` }],
      pods: 2,
      ip: "10.1.0.6",
    });
    remote0!.sample = [
      ...remote0!.sample.filter(({ metadata }) => !metadata.name.startsWith("helloworld-v2")),
      ...v2,
    ];
    composed.proxies.push({ name: "helloworld-v2-1.sample", cluster: "remote0", stale: [] });
    for (const cluster of unweighted.clusters) {
      const own = composed.clusters[cluster.name]!;
      own.endpoints = endpointsSeenFrom(unweighted, cluster, composed.clusters);
      own.replies = [
        ...Array.from({ length: 50 }, () => answerOf("v1")),
        ...Array.from({ length: 100 }, () => answerOf("v2")),
      ];
    }
    const report = await verifyComposed(composed);
    expect(open(report)).toEqual([]);
    expect(
      report.results.find(({ id, cluster }) => id === "traffic.clusters" && cluster === "main0")!.shares,
    ).toEqual([
      { name: "main0", wanted: expect.closeTo(33.3, 1), seen: 50 },
      { name: "remote0", wanted: expect.closeTo(66.7, 1), seen: 100 },
    ]);

    // Weights as if there were one pod on each side.
    composed.clusters.main0!.endpoints = { v1: { "10.0.0.50": 1 }, v2: { "203.0.113.101": 1 } };
    expect(open(await verifyComposed(composed))).toEqual([]);
  });

  test("pods that are over, or on their way out, get no share, and what they answered is counted", async () => {
    const composed = compose(unweighted);
    const { sample } = composed.clusters.main0!;
    for (let index = 0; index < 6; index++) {
      sample.push(ended(objectIn(sample, "Pod", "helloworld-v1-0"), `evicted-${index}`, "Failed"));
    }
    const leaving = structuredClone(objectIn(sample, "Pod", "helloworld-v1-0"));
    Object.assign(leaving.metadata, { name: "leaving", deletionTimestamp: "2030-06-01T12:00:00Z" });
    sample.push(leaving);
    const { replies } = composed.clusters.main0!;
    composed.clusters.main0!.replies = (replies as Reply[]).map((reply, index) =>
      reply.version === "v1" && index % 2 === 0 ? { ...reply, pod: "leaving" } : reply,
    );
    const report = await verifyComposed(composed);
    expect(open(report)).toEqual([]);
    const { shares } = report.results.find(({ id }) => id === "traffic.clusters")!;
    expect(shares).toMatchObject([
      { name: "main0", wanted: 50 },
      { name: "remote0", wanted: 50 },
    ]);
    expect(shares![0]!.seen).toBe(shares![1]!.seen);
  });

  test("requests that stay at home fail", async () => {
    const composed = compose(unweighted);
    composed.clusters.main0!.replies = [
      ...Array.from({ length: 140 }, () => answerOf("v1")),
      ...Array.from({ length: 10 }, () => answerOf("v2")),
    ];
    const found = first(await verifyComposed(composed));
    expect(found).toMatchObject({ id: "traffic.clusters", cluster: "main0" });
    expect(found.evidence[0]).toMatch(/main0 140 \(50 % wanted\), remote0 10 \(50 % wanted\); p = /);
  });

  test("a VirtualService that mesh.yaml knows nothing of fails", async () => {
    const composed = compose(unweighted);
    composed.clusters.main0!.networking.push({
      kind: "VirtualService",
      metadata: { name: "somebodys", namespace: "sample" },
      spec: { hosts: ["helloworld"], http: [] },
    });
    const found = first(await verifyComposed(composed));
    expect(found.evidence[0]).toMatch(/has a VirtualService for .*; mesh\.yaml names no weights/);
    // An apply would leave it there.
    expect(found.commands).toEqual([
      "kubectl --context main0 -n sample delete virtualservice.networking.istio.io somebodys",
    ]);
  });
});

/** A pod that is over and whose object stayed. */
function ended(pod: { metadata: object }, name: string, phase: "Failed" | "Succeeded") {
  return { ...pod, metadata: { ...pod.metadata, name }, status: { phase, reason: "Evicted" } };
}

describe.each(Object.entries(lines))("on line %s, pods that are over or on their way out", (_, mesh) => {
  test.each(["Failed", "Succeeded"] as const)("%s: are not judged", async (phase) => {
    const composed = compose(mesh);
    const { istioSystem, sample } = composed.clusters.main0!;
    const istiod = ended(objectIn(istioSystem, "Pod", "istiod-0"), "istiod-old", phase);
    const gateway = ended(objectIn(istioSystem, "Pod", `${gatewayOf(composed)}-0`), "gateway-old", phase);
    Object.assign(gateway.metadata, { labels: { istio: mesh.istio.line.gateway.selector } });
    const bare = ended(objectIn(sample, "Pod", "helloworld-v1-0"), "helloworld-old", phase);
    const image = "docker.io/istio/pilot:1.2.3";
    istioSystem.push({ ...istiod, spec: { containers: [{ name: "discovery", image }] } }, gateway);
    sample.push({ ...bare, spec: { containers: [{ name: "helloworld" }] } });
    expect(open(await verifyComposed(composed))).toEqual([]);
  });

  test("a proxy of an old version that is leaving is not judged", async () => {
    const composed = compose(mesh);
    const { sample } = composed.clusters.main0!;
    const leaving = structuredClone(objectIn(sample, "Pod", "helloworld-v1-0"));
    Object.assign(leaving.metadata, { name: "leaving", deletionTimestamp: "2030-06-01T12:00:00Z" });
    leaving.spec.containers[0].image = "docker.io/istio/proxyv2:1.2.3";
    sample.push(leaving);
    expect(open(await verifyComposed(composed))).toEqual([]);
  });
});

describe("a remote secret with a client certificate", () => {
  const withCertificate = (mesh: Mesh) => {
    const composed = compose(mesh);
    const user = { "client-certificate-data": "Y2VydA==", "client-key-data": "a2V5" };
    composed.clusters.main0!.secrets[1] = remoteSecret("remote0", { user });
    // What a request without a token comes back with.
    composed.clusters.main0!.access.remote0 = "401";
    return composed;
  };
  const accessIn = ({ results }: CheckReport) =>
    results.find(({ id }) => id === "control-plane.remote-access")!;

  test("is good where istiod has read the cluster with it", async () => {
    const report = await verifyComposed(withCertificate(current));
    expect(open(report)).toEqual([]);
    expect(accessIn(report).evidence[0]).toMatch(/has no token .*; istiod of main0 says: synced$/);
  });

  test("is not judged where istiod has not, and the Secret is not to be deleted", async () => {
    const composed = withCertificate(current);
    composed.readClusters = { main0: "synced", remote0: "timeout" };
    const report = await verifyComposed(composed);
    expect(open(report)).toEqual(["not judged control-plane.remote-access remote0"]);
    expect(accessIn(report).evidence[0]).toMatch(/istiod of main0 says: timeout$/);
    expect(accessIn(report).commands).toEqual([]);
    expect(report.ok).toBe(false);
  });

  test("is not judged on the line whose istiod tells nothing", async () => {
    const report = await verifyComposed(withCertificate(old));
    expect(open(report)).toEqual(["not judged control-plane.remote-access remote0"]);
    expect(report.ok).toBe(false);
  });
});

describe("where exec and port-forward get no answer", () => {
  const broken = async (mesh: Mesh, ...names: string[]) => {
    const composed = compose(mesh);
    for (const name of names) composed.clusters[name]!.noWayToPods = "kubectl exec: no answer within 12 s";
    return verifyComposed(composed);
  };

  test.each(Object.entries(lines))("in both clusters: one cause each, on line %s", async (_, mesh) => {
    const report = await broken(mesh, "main0", "remote0");
    expect(open(report)).toEqual(["fail reachable.nodes main0", "fail reachable.nodes remote0"]);
    const blocked = report.results.filter(({ blockedBy }) => blockedBy);
    expect(new Set(blocked.map(({ blockedBy }) => blockedBy!.id))).toEqual(new Set(["reachable.nodes"]));
    // What gets and lists tell is judged as ever.
    expect(report.results).toContainEqual(
      expect.objectContaining({ id: "gateways.ready", cluster: "main0", status: "pass" }),
    );
  });

  test("in the remote: what the primary's istiod says is judged", async () => {
    const report = await broken(current, "remote0");
    expect(open(report)).toEqual(["fail reachable.nodes remote0"]);
    expect(report.results).toContainEqual(
      expect.objectContaining({ id: "control-plane.synced", cluster: "remote0", status: "pass" }),
    );
  });

  test("since the client does not run: that is the cause", async () => {
    const composed = compose(current);
    composed.clusters.main0!.noWayToPods = "no such pod";
    objectIn(composed.clusters.main0!.sample, "Deployment", "curl").status = {};
    expect(open(await verifyComposed(composed))).toEqual(["fail endpoints.client main0"]);
  });

  test("in the primary of a mesh without a sample", async () => {
    const bare = meshOf(defaultIstioLine.id, "enabled: false");
    expect(open(await broken(bare, "main0"))).toEqual(["fail reachable.nodes main0"]);
  });
});

test("a client without any proxy is told of once, and the mesh is not proved", async () => {
  const composed = compose(current);
  composed.clusters.remote0!.proxySecrets = undefined;
  objectIn(composed.clusters.remote0!.sample, "Pod", "curl-0").spec.containers.shift();
  const report = await verifyComposed(composed);
  expect(open(report)).toEqual(["not judged trust.workloads remote0", "fail endpoints.sidecars remote0"]);
});

test("no check that the mesh depends on waits for one that is only a warning: it could stay unjudged unseen", () => {
  const severities = new Map(verifyChecks.map(({ id, severity }) => [id, severity]));
  const vital = verifyChecks.filter(({ severity }) => severity === "fail");
  expect(
    vital.filter(({ needs }) => needs.some((need) => severities.get(idOfNeed(need)) !== "fail")),
  ).toEqual([]);
});

test("a weight of nothing is nothing: one answer of that version fails", async () => {
  const mesh = meshOf(defaultIstioLine.id, "weights: { v1: 100, v2: 0 }");
  const composed = compose(mesh);
  const { replies } = composed.clusters.main0!;
  expect(open(await verifyComposed(composed))).toEqual([]);
  composed.clusters.main0!.replies = [...(replies as []), answerOf("v2")];
  expect(first(await verifyComposed(composed))).toMatchObject({ id: "split.shares", cluster: "main0" });
});

test("Kiali that does not run is a warning", async () => {
  const composed = compose(current);
  scaleToNothing(objectIn(composed.clusters.main0!.istioSystem, "Deployment", "kiali"));
  expect(open(await verifyComposed(composed))).toEqual(["warn addons.kiali"]);
});

test("where nothing is counted yet nothing is said of it", async () => {
  const composed = compose(current);
  composed.pairs = [];
  const report = await verifyComposed(composed);
  expect(open(report)).toEqual(["not judged addons.metrics"]);
  expect(report.ok).toBe(true);
});
