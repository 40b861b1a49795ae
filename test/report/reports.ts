import type { CheckFacts, Layer } from "../../checks/check";
import { type CheckResult, reportOf } from "../../checks/report";
import type { ClusterStatus, MeshStatus } from "../../checks/status";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import type { Certificate } from "../../ops/status/cluster-facts";
import type { ReportProps } from "../../report/page";

// What verify and status find, as the page gets it.

export const time = new Date("2026-11-24T05:43:21Z");
export const inDays = (days: number) => new Date(time.getTime() + days * 86_400_000 + 1000);

export function meshOf(count = 2): Mesh {
  const clusters = Array.from(
    { length: count },
    (_, index) =>
      `  - { name: ${nameOf(index)}, ${index === 0 ? "role: primary, " : ""}network: network${index + 1}, context: ${nameOf(index)} }`,
  );
  return parseMesh(
    `clusters:\n${clusters.join("\n")}\nsample: { weights: { v1: 90, v2: 10 } }\n`,
    "mesh.yaml",
  );
}

const nameOf = (index: number) => (index === 0 ? "main0" : `remote${index - 1}`);

export function result(id: CheckFacts["id"], more: Partial<CheckResult> = {}): CheckResult {
  return {
    id,
    layer: id.split(".")[0] as Layer,
    severity: "fail",
    title: `title of ${id}`,
    status: "pass",
    evidence: [],
    commands: [],
    docs: `docs/checks.md#${id.replace(".", "")}`,
    seconds: 0.4,
    ...more,
  };
}

const certificate = (role: Certificate["role"], subject: string, days: number): Certificate => ({
  role,
  subject,
  notAfter: inDays(days),
  fingerprint: Buffer.from(subject).toString("hex").padEnd(64, "0"),
});

export function clusterStatus(mesh: Mesh, index: number): ClusterStatus {
  const { name, role, context } = mesh.clusters[index]!;
  const replicas = { ready: 2, wanted: 2 };
  const gateway = (gatewayName: string, address: string) => ({ name: gatewayName, address, replicas });
  return {
    name,
    role,
    context,
    reachable: true,
    kubernetes: "1.34.1",
    istio: [mesh.istio.version],
    istiod: role === "primary" ? replicas : undefined,
    synced: "synced",
    gateways: [
      gateway("istio-eastwestgateway", `203.0.113.${index + 1}`),
      ...(role === "primary" ? [gateway("istio-ingressgateway", "203.0.113.250")] : []),
    ],
    proxies: { connected: 4, inSync: 4 },
    certificateDaysLeft: 3649,
    certificates: [
      certificate("root", "O=mesh1, CN=Root CA 62fbfbea", 3650),
      certificate("intermediate", `O=mesh1, CN=Intermediate CA, L=${name}`, 3650),
    ],
  };
}

export function statusOf(mesh: Mesh, more: Partial<MeshStatus> = {}): MeshStatus {
  return {
    mesh: mesh.name,
    istio: mesh.istio.version,
    installed: true,
    clusters: mesh.clusters.map((_, index) => clusterStatus(mesh, index)),
    problems: [],
    differences: [],
    ok: true,
    ...more,
  };
}

export function propsOf(
  mesh: Mesh,
  results: readonly CheckResult[],
  status: Partial<MeshStatus> = {},
): ReportProps {
  return {
    mesh,
    checks: reportOf(mesh.name, results, 8.24),
    status: statusOf(mesh, status),
    time,
    tool: "0.1.0",
  };
}

/** What is checked in each cluster, and the evidence in a healthy mesh. */
const clusterChecks: readonly [CheckFacts["id"], string, (index: number) => string[]][] = [
  ["reachable.context", "The context is in the kubeconfig", () => []],
  ["reachable.api", "The API server answers", (index) => [`https://198.51.100.${index + 1}:6443`]],
  ["versions.kubernetes", "Kubernetes is of a version that Istio supports", () => ["1.34.1"]],
  [
    "versions.istio",
    "Istio runs in the version that mesh.yaml names",
    () => ["istiod, gateways and 4 proxies: 1.31.1"],
  ],
  [
    "trust.cacerts",
    "The Secret cacerts is sound",
    (index) => [`intermediate of ${nameOf(index)}, ends 2036-11-20`],
  ],
  ["trust.root", "Every cluster has the same root", () => ["sha256 62fbfbea2a6f2c0b"]],
  ["control-plane.synced", "istiod reads the cluster", () => ["synced"]],
  ["control-plane.injection", "A pod gets a sidecar", () => ["istio-proxy in a server-side dry run"]],
  ["gateways.address", "The east-west gateway has an address", (index) => [`203.0.113.${index + 1}`]],
  [
    "gateways.dial",
    "The gateways of the others are reached",
    (index) => [`203.0.113.${index ? 1 : 2}:15443 in 3 ms`],
  ],
  [
    "endpoints.peers",
    "Foreign endpoints are peer gateways",
    (index) => [`v${index ? 1 : 2}: 203.0.113.${index ? 1 : 2}, weight 1, healthy`],
  ],
];

const wellIn = (mesh: Mesh): CheckResult[] => [
  result("programs.kubectl", { title: "kubectl is on the PATH", evidence: ["1.34.4"] }),
  result("programs.istioctl", { title: "istioctl is on the PATH", evidence: ["1.31.1"] }),
  ...clusterChecks.flatMap(([id, title, evidence]) =>
    mesh.clusters.map(({ name }, index) => result(id, { title, cluster: name, evidence: evidence(index) })),
  ),
  ...mesh.clusters.map(({ name }, index) => traffic(name, 447 + (index % 7))),
  result("exposure.istiod", {
    title: "Who can reach istiod",
    status: "info",
    severity: "info",
    evidence: ["the east-west gateway of main0 opens 15012 to everyone"],
    fix: "narrow it with gateways.allowedSourceRanges",
  }),
];

export function traffic(cluster: string, v1: number, more: Partial<CheckResult> = {}): CheckResult {
  return result("split.shares", {
    title: "Requests fall as mesh.yaml says",
    cluster,
    shares: [
      { name: "v1", wanted: 90, seen: v1 },
      { name: "v2", wanted: 10, seen: 500 - v1 },
    ],
    evidence: [`500 requests: v1 ${v1}, v2 ${500 - v1}`],
    ...more,
  });
}

/** A mesh with nothing to complain of. */
export function healthy(count = 2): ReportProps {
  const mesh = meshOf(count);
  return propsOf(mesh, wellIn(mesh));
}

const blocked = (one: CheckResult, by: CheckResult): CheckResult => ({
  ...one,
  status: "not judged",
  evidence: [`${by.id} of ${by.cluster} must pass first`],
  blockedBy: { id: by.id, cluster: by.cluster },
  shares: undefined,
});

/** The last remote's gateway is not reached, a split is off, a certificate ends soon, and what depends waits. */
export function broken(count = 3): ReportProps {
  const mesh = meshOf(count);
  const last = mesh.clusters.at(-1)!.name;
  const dial = result("gateways.dial", {
    title: "The gateways of the others are reached",
    cluster: last,
    status: "fail",
    evidence: [
      "203.0.113.1:15443 does not answer within 5 s, asked from the pod curl-74c989df8b-xv2lp",
      "203.0.113.2:15443 does not answer within 5 s, asked from the pod curl-74c989df8b-xv2lp",
    ],
    fix: "open port 15443 of both gateways to the outbound address of this cluster: a network security group, a firewall, or gateways.allowedSourceRanges",
    commands: [
      `kubectl --context ${last} -n sample exec deployment/curl -- curl -sv --max-time 5 telnet://203.0.113.1:15443`,
      "kubectl --context main0 -n istio-system get service istio-eastwestgateway -o yaml",
    ],
  });
  const results = wellIn(mesh).map((one): CheckResult => {
    if (one.id === "gateways.dial" && one.cluster === last) return dial;
    if (one.cluster === last && ["endpoints.peers", "split.shares"].includes(one.id))
      return blocked(one, dial);
    if (one.id === "split.shares" && one.cluster === "main0") {
      return traffic("main0", 251, {
        status: "fail",
        evidence: ["500 requests: v1 251, v2 249; by chance less than once in a million runs"],
        fix: "see which routing the client's proxy has; mesh.yaml has 90 to 10",
        commands: ["mesh apply --dry-run", "istioctl --context main0 analyze -n sample"],
      });
    }
    if (one.id === "trust.cacerts" && one.cluster === "remote0") {
      return {
        ...one,
        severity: "warn",
        status: "warn",
        evidence: ["ends in 12 days, on 2026-12-06"],
        fix: "make a new intermediate: mesh ca",
      };
    }
    return one;
  });
  const status = statusOf(mesh);
  const [main0, remote0, ...others] = status.clusters;
  return propsOf(mesh, results, {
    clusters: [
      main0!,
      {
        ...remote0!,
        istio: ["1.30.3", mesh.istio.version],
        certificates: [
          remote0!.certificates![0]!,
          certificate("intermediate", "O=mesh1, CN=Intermediate CA, L=remote0", 12),
        ],
      },
      ...others,
    ],
    differences: [
      {
        cluster: "remote0",
        text: `runs Istio 1.30.3 and ${mesh.istio.version}; mesh.yaml asks for ${mesh.istio.version}`,
      },
      { cluster: "main0", text: "VirtualService sample/helloworld is not as mesh.yaml has it" },
    ],
  });
}

/** Everything that clusters and programs say is this text. */
export function hostile(text: string): ReportProps {
  const mesh = meshOf(2);
  const [main0, remote0] = statusOf(mesh).clusters;
  const replicas = { ready: 1, wanted: 1 };
  const words = { title: text, evidence: [text, text], fix: text, commands: [text] };
  return propsOf(
    mesh,
    [
      result("programs.kubectl", { title: text, evidence: [text] }),
      result("reachable.api", { ...words, cluster: "main0", status: "fail" }),
      result("versions.kubernetes", { ...words, cluster: text, status: "warn" }),
      result("exposure.gateways", { ...words, status: "info", docs: text }),
      result("split.shares", {
        ...words,
        cluster: text,
        shares: [
          { name: text, wanted: 50, seen: 1 },
          { name: "v2", wanted: 50, seen: 1 },
        ],
      }),
    ],
    {
      clusters: [
        {
          ...main0!,
          context: text,
          kubernetes: text,
          istio: [text],
          gateways: [{ name: text, address: text, replicas }],
          certificates: [{ role: "root", subject: text, notAfter: inDays(100), fingerprint: text }],
        },
        { ...remote0!, synced: text },
      ],
      problems: [{ cluster: "main0", text }],
      differences: [{ cluster: text, text }],
    },
  );
}
