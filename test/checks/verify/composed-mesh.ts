import { join } from "node:path";
import { loadCa } from "../../../ca/load";
import type { CaMaterial } from "../../../ca/material";
import { caFileNames } from "../../../ca/material";
import type { AccessReview } from "../../../checks/access-review";
import type { ClusterProbes } from "../../../checks/cluster-probes";
import { asProof, type CheckReport, type CheckResult } from "../../../checks/report";
import { runChecks } from "../../../checks/run-checks";
import type { MeshProbes } from "../../../checks/verify/mesh-probes";
import type { ProxyCertificates } from "../../../checks/verify/proxy-certificates";
import { likelyShares, type RequestPlan, requestPlan } from "../../../checks/verify/split/request-plan";
import { verifyChecks } from "../../../checks/verify/verify";
import type { VerifyWorld } from "../../../checks/verify/world";
import { defaultIstioLine, ingressGateway, sharesIngressGateway } from "../../../mesh/istio-lines";
import { parseMesh } from "../../../mesh/load";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { meshCommand } from "../../../mesh/paths";
import { parseVersion } from "../../../mesh/versions";
import { type Inventory, inventoryOf } from "../../../ops/clusters/inventory";
import type { ConnectedProxy } from "../../../ops/clusters/istiod-facts";
import { type KubernetesObject, serviceAddresses } from "../../../ops/exec/kubernetes-object";
import type { Context } from "../../../ops/run/context";
import { silentReporter } from "../../../ops/run/progress";
import { type EndpointAnswer, endpointViews } from "../../../ops/status/endpoints";
import type { Reply } from "../../../ops/traffic/requests";
import {
  clusterCa,
  filesOf,
  type Issued,
  issue,
  newFolder,
  now,
  ownCa,
  removeFolders,
  writeFiles,
} from "../../ca/authority";
import { manifests } from "../../k8s/render";

/**
 * A mesh whose every answer is composed: what its bundles hold, as the API server would give it back, with the parts of
 * istiod, gateways and pods that checks look at. Where a form matters it is that of a running mesh (Istio 1.31 on
 * Kubernetes 1.34), or, for 1.7, what istioctl 1.7.3 renders. Tests change one thing and see what is said of it.
 */
export interface ComposedMesh {
  readonly mesh: Mesh;
  readonly clusters: Record<string, ComposedCluster>;
  readonly ca: Authority;
  meshFile: string;
  readClusters: Record<string, string>;
  /** What an earlier apply left on the primary. */
  inventory: Inventory | undefined;
  proxies: ConnectedProxy[];
  programs: { kubectl: string | Error; istioctl: string | Error };
  /** Answer of Prometheus. */
  pairs: { source_cluster?: string; destination_cluster?: string }[];
  now: Date;
}

// biome-ignore lint/suspicious/noExplicitAny: tests reach into every kind of object
type Changeable = any;

export interface ComposedCluster {
  server: string;
  kubernetes: string | Error;
  accessReview: Partial<AccessReview>;
  namespaces: Changeable[];
  webhooks: Changeable[];
  trustedRoot: string | undefined;
  istioSystem: Changeable[];
  secrets: Changeable[];
  sample: Changeable[];
  networking: Changeable[];
  crds: string[];
  /** The ConfigMap istio. */
  meshConfig: Changeable;
  /** Of the other kinds than `networking`. */
  istioConfig: Changeable[];
  nodes: Changeable[];
  networkPolicies: Changeable[];
  injected: string[] | Error;
  /** What kubectl exec says where the API server gets no connection to the kubelet. */
  noWayToPods: string | undefined;
  proxyCertificates: ProxyCertificates | undefined;
  /** What the client's Envoy holds: by version, addresses with their weights. */
  endpoints: Record<string, Record<string, number>>;
  /** Requests of verify to an address that got no answer. */
  unanswered: Record<string, number>;
  /** Envoy's health flag of an unhealthy address. */
  sick: Record<string, string>;
  /** What the client prints of the remote's API server, by its name. */
  access: Record<string, string>;
  /** Addresses that do not answer this cluster. */
  unreachable: Set<string>;
  /** How curl ends when this cluster asks the primary's istiod. */
  istiodDial: number;
  /** Objects that are not as mesh.yaml has them. */
  drift: string[];
  replies: Reply[] | Error;
}

export interface Authority {
  readonly root: Issued;
  readonly intermediates: Readonly<Record<string, Issued>>;
  readonly material: CaMaterial;
}

async function authorityFor(mesh: Mesh): Promise<Authority> {
  const root = await issue({ subject: "CN=root" });
  const intermediates = Object.fromEntries(
    await Promise.all(
      mesh.clusters.map(
        async ({ name }) => [name, await issue({ subject: `CN=${name}`, issuer: root })] as const,
      ),
    ),
  );
  const material = Object.fromEntries(
    await Promise.all(
      mesh.clusters.map(async ({ name }) => [name, await clusterCa(intermediates[name]!, root)] as const),
    ),
  );
  return { root, intermediates, material };
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The Secret `cacerts` as it lives in a cluster. */
export const caSecret = (ca: CaMaterial[string], name = "cacerts") => ({
  kind: "Secret",
  metadata: { name, namespace: "istio-system" },
  data: Object.fromEntries(
    Object.entries(caFileNames).map(([key, file]) => [file, base64(ca[key as keyof typeof ca])]),
  ),
});

export interface KubeconfigParts {
  readonly server?: string;
  readonly user?: object;
}

/** As `istioctl create-remote-secret` makes it. */
export function remoteSecret(
  cluster: string,
  { server = "https://203.0.113.20:443", user = { token: "a-token" } }: KubeconfigParts = {},
  name = `istio-remote-secret-${cluster}`,
) {
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: cluster, cluster: { server, "certificate-authority-data": base64("authority") } }],
    users: [{ name: cluster, user }],
  };
  return {
    kind: "Secret",
    metadata: {
      name,
      namespace: "istio-system",
      labels: { "istio/multiCluster": "true" },
      annotations: { "networking.istio.io/cluster": cluster },
    },
    data: { [cluster]: base64(JSON.stringify(kubeconfig)) },
  };
}

const ready = { conditions: [{ type: "Ready", status: "True" }] };

/** A Deployment that is rolled out, with its pods. */
export function running(
  name: string,
  namespace: string,
  { labels, containers, pods = 1, ip }: { labels: object; containers: object[]; pods?: number; ip: string },
): Changeable[] {
  const status = {
    observedGeneration: 1,
    updatedReplicas: pods,
    replicas: pods,
    availableReplicas: pods,
    readyReplicas: pods,
  };
  return [
    {
      kind: "Deployment",
      apiVersion: "apps/v1",
      metadata: { name, namespace, generation: 1, labels },
      spec: { replicas: pods, selector: { matchLabels: labels } },
      status,
    },
    ...Array.from({ length: pods }, (_, index) => ({
      kind: "Pod",
      metadata: { name: `${name}-${index}`, namespace, labels },
      spec: { containers },
      status: { ...ready, podIP: `${ip}${index}` },
    })),
  ];
}

export const gatewayAddress = (mesh: Mesh, cluster: Cluster) =>
  `203.0.113.${100 + mesh.clusters.indexOf(cluster)}`;

function composeCluster(mesh: Mesh, cluster: Cluster, ca: Authority): ComposedCluster {
  const { line, version, hub } = mesh.istio;
  const isCurrent = line.installation === "primary-remote";
  const isPrimary = cluster === mesh.primary;
  const bundle: Changeable[] = manifests(mesh, cluster.name);
  const ofKind = (...kinds: string[]) => bundle.filter(({ kind }) => kinds.includes(kind));
  const proxy = { name: "istio-proxy", image: `${hub}/proxyv2:${version}` };
  const istiod = { name: "discovery", image: `${hub}/pilot:${version}` };
  const subnet = `10.${mesh.clusters.indexOf(cluster)}.0.`;
  const sampleVersions =
    mesh.sample?.versions.filter(({ clusters }) => clusters.includes(cluster.name)) ?? [];
  const namespace = mesh.sample?.namespace ?? "";
  const signer = isCurrent ? mesh.primary.name : cluster.name;
  const root = ca.root.pem;
  const gatewayLabels = {
    istio: line.gateway.selector,
    app: line.gateway.name,
    ...(isCurrent && { "topology.istio.io/network": cluster.network }),
  };
  const way = isCurrent
    ? {
        kind: "EndpointSlice",
        metadata: { name: "istiod" },
        endpoints: [{ addresses: [gatewayAddress(mesh, mesh.primary)] }],
      }
    : {
        kind: "Endpoints",
        metadata: { name: "istiod-remote" },
        subsets: [{ addresses: [{ ip: gatewayAddress(mesh, mesh.primary) }] }],
      };
  const kubeSystem = {
    kind: "Namespace",
    metadata: { name: "kube-system", uid: `uid-of-${cluster.name}` },
    status: {},
  };
  return {
    server: "https://203.0.113.20:443",
    kubernetes: `v${line.kubernetes.min}.0`,
    accessReview: {},
    namespaces: [kubeSystem, ...ofKind("Namespace").map((one) => ({ ...one, status: { phase: "Active" } }))],
    webhooks: [
      {
        kind: "MutatingWebhookConfiguration",
        metadata: { name: "istio-sidecar-injector", labels: {} },
        webhooks: [
          {
            name: "namespace.sidecar-injector.istio.io",
            clientConfig: { caBundle: base64(root), service: { name: "istiod", namespace: "istio-system" } },
          },
        ],
      },
    ],
    trustedRoot: root,
    istioSystem: [
      ...(isPrimary || !isCurrent
        ? running("istiod", "istio-system", {
            labels: { app: "istiod" },
            containers: [istiod],
            ip: `${subnet}1`,
          })
        : []),
      ...running(line.gateway.name, "istio-system", {
        labels: gatewayLabels,
        containers: [proxy],
        ip: `${subnet}2`,
      }),
      {
        kind: "Service",
        metadata: { name: line.gateway.name, namespace: "istio-system", labels: gatewayLabels },
        spec: {
          type: "LoadBalancer",
          ports: [
            ...line.gateway.ports.map(({ name, port }) => ({ name, port })),
            ...(line.gateway.ports.some(({ port }) => port === line.gateway.xdsPort)
              ? []
              : [{ name: "tcp-istiod", port: line.gateway.xdsPort }]),
          ],
        },
        status: { loadBalancer: { ingress: [{ ip: gatewayAddress(mesh, cluster) }] } },
      },
      {
        kind: "EndpointSlice",
        metadata: {
          name: `${line.gateway.name}-x7k2p`,
          labels: { "kubernetes.io/service-name": line.gateway.name },
        },
        endpoints: [{ addresses: [`${subnet}20`], conditions: { ready: true } }],
      },
      ...(isPrimary && mesh.gateways.ingress && !sharesIngressGateway(line)
        ? [
            ...running(ingressGateway.name, "istio-system", {
              labels: { app: ingressGateway.name },
              containers: [proxy],
              ip: `${subnet}7`,
            }),
            {
              kind: "Service",
              metadata: { name: ingressGateway.name, namespace: "istio-system" },
              spec: { type: "LoadBalancer", ports: [] },
              status: { loadBalancer: { ingress: [{ ip: "203.0.113.90" }] } },
            },
          ]
        : []),
      ...(isPrimary ? [] : [{ kind: "Service", metadata: { name: way.metadata.name }, spec: {} }, way]),
      ...(mesh.istio.cni ? nodeAgent(2) : []),
      ...(["prometheus", "kiali"] as const)
        .filter((addon) => isPrimary && mesh.addons[addon])
        .flatMap((addon) =>
          running(addon, "istio-system", {
            labels: { app: addon },
            containers: [{ name: addon }],
            ip: `${subnet}3`,
          }),
        ),
    ],
    secrets: [
      caSecret(ca.material[cluster.name]!),
      ...(isPrimary ? mesh.remotes.map(({ name }) => remoteSecret(name)) : []),
    ],
    sample: mesh.sample
      ? [
          ...ofKind("Service").filter(({ metadata }) => metadata.namespace === namespace),
          ...running(line.sample.client.name, namespace, {
            labels: { app: line.sample.client.name },
            containers: [proxy, { name: line.sample.client.name }],
            ip: `${subnet}4`,
          }),
          ...sampleVersions.flatMap(({ name }) =>
            running(`helloworld-${name}`, namespace, {
              labels: { app: "helloworld", version: name },
              containers: [proxy, { name: "helloworld" }],
              ip: `${subnet}${name === "v1" ? 5 : 6}`,
            }),
          ),
        ]
      : [],
    networking: ofKind("Gateway", "VirtualService", "DestinationRule"),
    crds: ["gateways", "virtualservices", "destinationrules"].map((kind) => `${kind}.networking.istio.io`),
    meshConfig: {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "istio", namespace: "istio-system" },
      data: {
        mesh: "rootNamespace: istio-system\n",
        ...(!isCurrent && {
          meshNetworks: `networks:\n${mesh.clusters.map(({ name, network }) => `  ${network}:\n    endpoints:\n    - fromRegistry: ${name}\n`).join("")}`,
        }),
      },
    },
    istioConfig: [],
    nodes: [],
    networkPolicies: [],
    injected: [line.sample.client.name, "istio-proxy"],
    noWayToPods: undefined,
    proxyCertificates: { certificateChain: ca.material[signer]!.certChain, root },
    endpoints: {},
    unanswered: {},
    sick: {},
    access: Object.fromEntries(mesh.remotes.map(({ name }) => [name, "200"])),
    unreachable: new Set(),
    istiodDial: 0,
    drift: [],
    replies: [],
  };
}

/** The node agent on every node, with its pods. */
export function nodeAgent(nodes: number): Changeable[] {
  const labels = { "k8s-app": "istio-cni-node" };
  const counted = ["desired", "current", "updated"].map((one) => [`${one}NumberScheduled`, nodes]);
  return [
    {
      kind: "DaemonSet",
      apiVersion: "apps/v1",
      metadata: { name: "istio-cni-node", namespace: "istio-system", generation: 1 },
      spec: { selector: { matchLabels: labels } },
      status: { observedGeneration: 1, ...Object.fromEntries(counted), numberAvailable: nodes },
    },
    ...Array.from({ length: nodes }, (_, index) => ({
      kind: "Pod",
      metadata: { name: `istio-cni-node-${index}`, namespace: "istio-system", labels },
      spec: { containers: [{ name: "install-cni", image: "x" }] },
      status: ready,
    })),
  ];
}

const composedClusters = new Map<Mesh, Record<string, ComposedCluster>>();

/** A copy that the caller may change. */
function clustersOf(mesh: Mesh, ca: Authority): Record<string, ComposedCluster> {
  let clusters = composedClusters.get(mesh);
  if (!clusters) {
    clusters = Object.fromEntries(
      mesh.clusters.map((cluster) => [cluster.name, composeCluster(mesh, cluster, ca)]),
    );
    for (const from of mesh.clusters) {
      clusters[from.name]!.endpoints = endpointsSeenFrom(mesh, from, clusters);
      clusters[from.name]!.replies = repliesAsWanted(mesh);
    }
    composedClusters.set(mesh, clusters);
  }
  return structuredClone(clusters);
}

export const meshOf = (line: string, sample = "weights: { v1: 50, v2: 50 }", istio = ""): Mesh =>
  parseMesh(
    `istio: { line: "${line}", ${istio} }
clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
sample: { ${sample} }
${ownCa}
`,
    "mesh.yaml",
  );

/** One mesh of each kind of installation. */
export const lines = {
  current: meshOf(defaultIstioLine.id, undefined, "cni: true, networkPolicy: true"),
  "1.7": meshOf("1.7"),
};
export type Line = keyof typeof lines;

const authorities: Record<string, Promise<Authority>> = {};
const authority = (name: string) => {
  authorities[name] ??= authorityFor(lines.current);
  return authorities[name];
};
/** A CA that the composed meshes do not trust. */
export const otherAuthority = () => authority("other");
afterAll(removeFolders);

/** A mesh in which every check passes. */
export const compose = async (mesh: Mesh): Promise<ComposedMesh> =>
  composeMesh(mesh, await authority("mesh"));

const homes = new Map<Authority, string>();
/** A folder with the files of the CA. Composed meshes share it: to change a file, take another `meshFile`. */
function homeOf(ca: Authority): string {
  const home = homes.get(ca) ?? newFolder();
  if (!homes.has(ca)) writeFiles(join(home, "own-ca"), filesOf(ca.material));
  homes.set(ca, home);
  return home;
}

function composeMesh(mesh: Mesh, ca: Authority): ComposedMesh {
  const clusters = clustersOf(mesh, ca);
  const hasProxy = ({ kind, spec }: Changeable) =>
    kind === "Pod" && spec.containers.some(({ name }: { name: string }) => name === "istio-proxy");
  const pairs = mesh.clusters.map(({ name }) => ({
    source_cluster: mesh.primary.name,
    destination_cluster: name,
  }));
  return {
    mesh,
    clusters,
    ca,
    meshFile: join(homeOf(ca), "mesh.yaml"),
    inventory: inventoryOf(mesh),
    readClusters: Object.fromEntries(mesh.clusters.map(({ name }) => [name, "synced"])),
    proxies: mesh.clusters.flatMap(({ name }) =>
      [...clusters[name]!.istioSystem, ...clusters[name]!.sample].filter(hasProxy).map(({ metadata }) => ({
        name: `${metadata.name}.${metadata.namespace}`,
        cluster: name,
        stale: [],
      })),
    ),
    programs: { kubectl: `v${mesh.istio.line.kubernetes.min}.0`, istioctl: mesh.istio.version },
    pairs,
    now,
  };
}

/** As istiod gives them out: local pods, and for each other cluster its gateway with the number of pods. */
export function endpointsSeenFrom(
  mesh: Mesh,
  from: Cluster,
  clusters: Record<string, ComposedCluster>,
): ComposedCluster["endpoints"] {
  const versions = mesh.sample?.versions ?? [];
  return Object.fromEntries(
    versions.map(({ name }) => {
      const seen = mesh.clusters.flatMap((cluster) => {
        const pods = clusters[cluster.name]!.sample.filter(
          ({ kind, metadata }) => kind === "Pod" && metadata.labels.version === name,
        );
        if (cluster === from) return pods.map(({ status }): [string, number] => [status.podIP, 1]);
        return pods.length > 0 ? [[gatewayAddress(mesh, cluster), pods.length] as [string, number]] : [];
      });
      return [name, Object.fromEntries(seen)];
    }),
  );
}

const plans = new Map<Mesh, RequestPlan>();
/** Takes a while to find, and depends on the mesh alone. */
function planOf(mesh: Mesh): RequestPlan {
  const plan = plans.get(mesh) ?? requestPlan(mesh, mesh.sample!);
  plans.set(mesh, plan);
  return plan;
}

/** As many as are planned, in the wanted shares. */
export function repliesAsWanted(mesh: Mesh): Reply[] {
  if (!mesh.sample) return [];
  const { requests } = planOf(mesh);
  return likelyShares(mesh.sample).flatMap(({ version, share }) =>
    Array.from({ length: Math.round(requests * share) }, () => answerOf(version)),
  );
}

export const answerOf = (version: string): Reply => ({
  status: 200,
  seconds: 0.004,
  version,
  pod: `helloworld-${version}-0`,
  words: "",
});

const answer = <T>(value: T | Error) =>
  value instanceof Error ? Promise.reject(value) : Promise.resolve(value as T);

/** exec and port-forward get no answer where the API server has no connection to the kubelet. */
const through = <T>({ noWayToPods }: ComposedCluster, value: Promise<T>): Promise<T> =>
  noWayToPods === undefined ? value : new Promise(() => {});

export function worldOf(composed: ComposedMesh): VerifyWorld {
  const { mesh, clusters } = composed;
  const of = ({ name }: Cluster) => clusters[name]!;
  const probes = (cluster: Cluster): ClusterProbes => {
    const found = of(cluster);
    const version = () => answer(found.kubernetes).then((text) => parseVersion(text));
    const after = <T>(value: T) => version().then(() => value);
    return {
      kubectl: kubectlOf(composed, cluster),
      version,
      accessReview: () =>
        after({ user: "admin", clock: { time: composed.now, ahead: 0 }, refused: [], ...found.accessReview }),
      namespaces: () => after(found.namespaces),
      nodes: () => after(found.nodes),
      controlPlanes: () => after(found.istioSystem.filter(({ metadata }) => metadata.name === "istiod")),
      webhooks: () => after(found.webhooks),
      inventory: () => after(cluster === mesh.primary ? composed.inventory : undefined),
      trustedRoot: () => after(found.trustedRoot),
      installedRoot: () => after(undefined),
      podRequests: () => after([]),
    };
  };
  const meshProbes = (cluster: Cluster): MeshProbes => {
    const found = of(cluster);
    const after = <T>(value: T | Error) => answer(found.kubernetes).then(() => answer(value));
    return {
      istioSystem: () => after(found.istioSystem),
      secrets: () => after(found.secrets),
      sample: () => after(found.sample),
      networking: () => after(found.networking),
      crds: () => after(found.crds),
      meshConfig: () => after(found.meshConfig as KubernetesObject | undefined),
      istioConfig: () => after([...found.networking, ...found.istioConfig]),
      networkPolicies: () => after(found.networkPolicies),
      injected: () => after(found.injected),
      whyKubeletUnreachable: () => after(found.noWayToPods),
      proxyCertificates: () => through(found, after(found.proxyCertificates)),
      inClient: (_, options) => through(found, after(accessAnswer(found, options?.input ?? "", composed))),
      besideProxy: (script) => through(found, after(dialAnswer(found, script))),
    };
  };
  return {
    mesh,
    meshFile: composed.meshFile,
    byApply: { commands: [meshCommand(composed.meshFile, "apply")] },
    now: () => composed.now,
    signal: new AbortController().signal,
    ca: () => loadCa(mesh, composed.meshFile, composed.now),
    program: async (name) => answer(composed.programs[name as "kubectl"]).then((text) => parseVersion(text)),
    kubeconfig: async () => ({
      contexts: new Map(
        mesh.clusters.map((cluster) => [
          cluster.context,
          { cluster: cluster.context, server: of(cluster).server, plugin: undefined },
        ]),
      ),
    }),
    probes,
    meshProbes,
    readClusters: async () => composed.readClusters,
    connectedProxies: async () => composed.proxies,
    endpoints: async () => endpointViews(mesh, mesh.sample!, endpointAnswers(composed)),
    endpointsNow: async () => endpointViews(mesh, mesh.sample!, endpointAnswers(composed, true)),
    drift: async (cluster) => of(cluster).drift,
    requestPlan: () => planOf(mesh),
    replies: (cluster) => through(of(cluster), answer(of(cluster).replies)),
  };
}

/** By the server that the script was given: remotes have one each. */
function accessAnswer(found: ComposedCluster, input: string, { mesh }: ComposedMesh): string {
  const server = input.split("\n")[0];
  const remote = mesh.remotes.find(({ name }) => Object.keys(found.access).includes(name) && server);
  return found.access[remote!.name]!;
}

/** curl ends with 35 where the gateway hangs up on it, and with 28 on a timeout. */
function dialAnswer({ unreachable, istiodDial }: ComposedCluster, script: string): string {
  const toIstiod = [...script.matchAll(/https:\/\/([^:/]+):(\d+)\/; echo "(\d{5})/g)];
  if (toIstiod.length > 0) return toIstiod.map(([, , port]) => `${port} ${istiodDial}`).join("\n");
  return [...script.matchAll(/https:\/\/(\[[^\]]+\]|[^:/]+):(\d+)\/; echo "(\d+)/g)]
    .map(
      ([, address, port, index]) =>
        `${index} ${unreachable.has(address!) || unreachable.has(`${address}:${port}`) ? 28 : 35}`,
    )
    .join("\n");
}

/** @param isAfter the requests of verify have been sent */
function endpointAnswers({ mesh, clusters }: ComposedMesh, isAfter = false): Map<string, EndpointAnswer> {
  const host = `helloworld.${mesh.sample!.namespace}.svc.cluster.local`;
  return new Map(
    mesh.clusters.map(({ name }) => {
      const { sample, istioSystem, endpoints, sick, unanswered } = clusters[name]!;
      const addresses = (objects: Changeable[], kind: string, of: (object: Changeable) => string[]) =>
        new Map(
          objects
            .filter((object) => object.kind === kind)
            .flatMap((object) =>
              of(object).map((address): [string, string] => [address, object.metadata.name]),
            ),
        );
      return [
        name,
        {
          pods: addresses(sample, "Pod", ({ status }) => [status?.podIP].filter(Boolean)),
          gateways: addresses(istioSystem, "Service", serviceAddresses),
          envoy: {
            cluster_statuses: Object.entries(endpoints).map(([version, seen]) => ({
              name: `outbound|5000|${version}|${host}`,
              host_statuses: Object.entries(seen).map(([address, weight]) => ({
                address: { socket_address: { address, port_value: 5000 } },
                weight,
                // The proxy has had answers before verify began.
                stats: [
                  { name: "rq_total", value: String(9 + (isAfter ? (unanswered[address] ?? 0) : 0)) },
                  { name: "rq_success", value: "9" },
                ],
                health_status: {
                  eds_health_status: "HEALTHY",
                  ...(sick[address] && { [sick[address]]: true }),
                },
              })),
            })),
          },
          error: undefined,
        },
      ];
    }),
  );
}

function kubectlOf({ pairs, clusters }: ComposedMesh, { name, context }: Cluster): ClusterProbes["kubectl"] {
  const result = pairs.map((metric) => ({ metric }));
  return {
    context,
    run: async () => ({ code: 0, stdout: JSON.stringify({ data: { result } }), stderr: "" }),
    applyFiles: () => Promise.reject(new Error("verify applies nothing")),
    remove: () => Promise.reject(new Error("verify removes nothing")),
    getObjects: async () => [],
    get: async (args) =>
      args.includes("events")
        ? (clusters[name]!.istioSystem.filter(({ kind }) => kind === "Event") as KubernetesObject[])
        : [],
    until: () => Promise.reject(new Error("verify does not wait")),
    waitUntilGone: () => Promise.reject(new Error("verify does not wait")),
  };
}

/** Results that did not pass, without those that are not judged because of another. */
export const notPassed = ({ results }: CheckReport) =>
  results
    .filter(({ status, blockedBy }) => status !== "pass" && !blockedBy)
    .map(({ id, cluster, status }) => [status, id, cluster].filter(Boolean).join(" "));

/** The first failure, or the first warning if nothing fails. */
export const firstProblem = ({ results }: CheckReport): CheckResult =>
  results.find(({ status }) => status === "fail") ?? results.find(({ status }) => status === "warn")!;

export async function verifyComposed(composed: ComposedMesh): Promise<CheckReport> {
  return asProof(await runChecks(verifyChecks, composed.mesh, () => worldOf(composed), idleContext()));
}

/** For checks whose world is composed: no program is run. */
export const idleContext = (): Context => ({
  programs: { run: () => Promise.reject(new Error("no program is run here")) },
  reporter: silentReporter,
  now: () => now,
  signal: new AbortController().signal,
  workFolder: "/nonexistent",
});

/** A copy of a pod that has ended; evicted pods stay as objects. */
export function ended(pod: Changeable, name: string, phase: "Failed" | "Succeeded"): Changeable {
  return { ...pod, metadata: { ...pod.metadata, name }, status: { phase, reason: "Evicted" } };
}

/** The object of this kind and name, to be changed. */
export function objectIn(objects: Changeable[], kind: string, name: string): Changeable {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}
