/** Parts of an Istio installation that `istio` in mesh.yaml turns on. */
export type OptionalPart = "cni" | "networkPolicy";

type ExperimentalCommand = "create-remote-secret" | "uninstall";

/**
 * Istio release lines as rows of data. Every fact has its source and the day on which it was read. A new line of the
 * same kind is one more row. Paths are those of istio/istio, at the line's release.
 */
export interface IstioLine {
  /** Minor release, for example 1.31. */
  readonly id: string;
  /** Patch version used unless `istio.version` says otherwise. */
  readonly version: string;
  /**
   * Which resources install it. Only `k8s/installations.ts` asks for this: everything else has a field of its own.
   * - `primary-remote`: https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/, read
   *   2026-11-27
   * - `shared-control-plane`: https://istio.io/v1.7/docs/setup/install/multicluster/shared/, read 2026-11-23
   */
  readonly installation: "primary-remote" | "shared-control-plane";
  /** A remote runs an istiod for injection and certificates. Otherwise the primary's istiod serves it. */
  readonly remotesRunIstiod: boolean;
  /** Service through which a remote reaches the primary's istiod. */
  readonly remoteIstiodService: string;
  /** Kinds that istiod must list in a remote before it counts the remote as synced. */
  readonly remoteKinds: readonly string[];
  /** Where istiod reads the networks: labels on namespaces and gateways, or `meshNetworks` in its configuration. */
  readonly networksFrom: "labels" | "meshNetworks";
  /** `istio_requests_total` names the clusters of client and server. It does so since 1.8. */
  readonly countsRequestsByCluster: boolean;
  /** `istioctl install` ends by creating the tag `default`, through which pods are injected. */
  readonly installAddsTag: boolean;
  /** Commands of istioctl that are experimental: `istioctl x <command>`. */
  readonly experimentalCommands: readonly ExperimentalCommand[];
  /** Registry and path of Istio's images, those of its samples included. */
  readonly hub: string;
  readonly kubernetes: KubernetesRange;
  /** Optional parts that the line cannot have, each with the reason, to complete the sentence "Istio 1.7 ...". */
  readonly lacks: Readonly<Partial<Record<OptionalPart, string>>>;
  /** Architectures of its images, as in the node label `kubernetes.io/arch`. */
  readonly architectures: readonly string[];
  /** Resource requests of its pods. */
  readonly requests: { readonly istiod: Requests; readonly proxy: Requests; readonly cni: Requests };
  /** Syntax of `remotePilotAddress`. */
  readonly remoteAddress: "ipv4" | "ipv4 or host name";
  /**
   * Istio's CRDs may be applied while istiod runs: it watches a kind when its CRD exists
   * (pkg/kube/kclient/delayed.go, read 2026-11-27), and the charts hold no object of such a kind. 1.7's charts hold EnvoyFilters.
   */
  readonly crdsMayComeLater: boolean;
  /**
   * What istioctl renders for a remote without the primary's address is a part of what it renders with it, and may be
   * applied before the address is known. 1.7's remotes run an istiod, which would give their pods itself as the source
   * of configuration, and give it to pods started within a minute of the correction too.
   */
  readonly remotesMayComeBeforeAddress: boolean;
  /** istiod also reads a Secret `cacerts` in cert-manager's form. It does so since 1.14 (istio/istio#39732). */
  readonly readsTlsSecret: boolean;
  /** istioctl prints what istiod knows (clusters, proxies) as JSON. It does so since 1.12. */
  readonly istiodTellsJson: boolean;
  /** API version of Gateway, VirtualService and DestinationRule in the manifests. */
  readonly networkingApi: "networking.istio.io/v1" | "networking.istio.io/v1alpha3";
  readonly gateway: CrossClusterGateway;
  readonly sample: SampleImages;
  readonly addons: AddonImages;
  /** End of upstream's support. @default - undefined: not announced */
  readonly supportEnds: SupportEnd | undefined;
  /** Known bugs of its patch versions in multicluster meshes. */
  readonly faults: readonly ReleaseFault[];
}

export interface SupportEnd {
  /** As in 2021-02-25. */
  readonly date: string;
  /** Upstream announced a month only: the date is its last day. */
  readonly isEstimate: boolean;
}

export interface ReleaseFault {
  /** Upstream's issue, as in istio#61043. */
  readonly issue: string;
  /** The first patch version without it. */
  readonly fixedIn: string;
  /** What happens, to complete the sentence "Istio 1.30.3 ...". */
  readonly what: string;
  /** A changed remote secret triggers it, and a restart of istiod ends it. */
  readonly byRemoteSecret: boolean;
}

/** Kubernetes minor versions, both ends included. */
export interface KubernetesRange {
  readonly min: string;
  readonly max: string;
  /** For new AKS clusters. */
  readonly default: string;
  /** How to set the runtime's seccomp profile: the field exists since Kubernetes 1.19. */
  readonly seccomp: "field" | "annotation";
  /** Where a Service's endpoints are: EndpointSlices came with Kubernetes 1.19, and current Istio writes no Endpoints. */
  readonly endpoints: "endpointslices" | "endpoints";
}

/** Kubernetes quantities. */
export interface Requests {
  readonly cpu: string;
  readonly memory: string;
}

/** The east-west gateway; on 1.7 the ingress gateway. */
export interface CrossClusterGateway {
  /** Name of its Service and Deployment in istio-system. */
  readonly name: string;
  /** Value of the pods' `istio` label, which Gateway resources select. */
  readonly selector: string;
  readonly ports: readonly GatewayPort[];
  /** Port of the data traffic between clusters (mTLS, SNI-routed). */
  readonly dataPort: number;
  /** Port of xDS and, on current lines, of certificate signing. */
  readonly xdsPort: number;
  /** The Gateway resource that opens the data port. Only the primary's is read; 1.7's guide puts it everywhere. */
  readonly exposure: { readonly name: string; readonly on: "primary" | "every cluster" };
}

export interface GatewayPort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  /**
   * The port leads to istiod: its name in the Gateway resource that opens it, and the port of istiod's Service behind
   * it (samples/multicluster/expose-istiod.yaml, read 2026-11-27). @default - it does not, or, on 1.7, Istio sees to it
   */
  readonly istiod?: { readonly name: string; readonly servicePort: number };
}

export interface SampleImages {
  /** helloworld's images in the hub, by version. */
  readonly helloworld: Readonly<Record<string, string>>;
  readonly client: SampleClient;
}

/** The pod that sends requests, for users and for `mesh verify`. */
export interface SampleClient {
  /** Name of its ServiceAccount, Service, Deployment and container. */
  readonly name: string;
  /** With its registry. */
  readonly image: string;
  readonly command: readonly string[];
}

/** Each with its registry, which `images.registry` replaces. */
export interface AddonImages {
  readonly prometheus: string;
  /** Container that reloads Prometheus when its ConfigMap changes; undefined: Prometheus reloads itself. */
  readonly prometheusReloader: string | undefined;
  readonly kiali: string;
}

/**
 * Where every Istio proxy says that it is ready. https://istio.io/latest/docs/ops/deployment/application-requirements/,
 * read 2026-11-23
 */
export const proxyHealth = { path: "/healthz/ready", port: 15021 } as const;

/** Port of helloworld's Service and container, on every line (samples/helloworld/helloworld.yaml, read 2026-11-27). */
export const helloworldPort = 5000;

/**
 * The default profile's ordinary gateway. Ports: manifests/charts/gateways/istio-ingress/values.yaml, the same in 1.30
 * and 1.31, read 2026-11-27
 */
export const ingressGateway = { name: "istio-ingressgateway", ports: [proxyHealth.port, 80, 443] } as const;

/**
 * samples/multicluster: gen-eastwest-gateway.sh, and expose-services.yaml for `exposure`; the same in 1.30 and 1.31, read
 * 2026-11-27
 */
const eastWestGateway: CrossClusterGateway = {
  name: "istio-eastwestgateway",
  selector: "eastwestgateway",
  ports: [
    { name: "status-port", port: proxyHealth.port, targetPort: proxyHealth.port },
    { name: "tls", port: 15443, targetPort: 15443 },
    {
      name: "tls-istiod",
      port: 15012,
      targetPort: 15012,
      istiod: { name: "tls-istiod", servicePort: 15012 },
    },
    {
      name: "tls-webhook",
      port: 15017,
      targetPort: 15017,
      istiod: { name: "tls-istiodwebhook", servicePort: 443 },
    },
  ],
  dataPort: 15443,
  xdsPort: 15012,
  exposure: { name: "cross-network-gateway", on: "primary" },
};

/** samples/helloworld and samples/curl, the same in 1.30 and 1.31, read 2026-11-27 */
const currentSample: SampleImages = {
  helloworld: {
    v1: "examples-helloworld-v1:1.0",
    v2: "examples-helloworld-v2:1.0",
  },
  client: { name: "curl", image: "docker.io/curlimages/curl:8.16.0", command: ["/bin/sleep", "infinity"] },
};

/**
 * Least version: MinK8SVersion in istioctl/pkg/install/k8sversion; greatest: https://istio.io/latest/docs/releases/supported-releases/;
 * the same in 1.30 and 1.31. Default: AKS's own, https://github.com/Azure/AKS/releases of 2026-10-25. All read 2026-11-27
 */
const currentKubernetes: KubernetesRange = {
  min: "1.32",
  max: "1.36",
  default: "1.36",
  seccomp: "field",
  endpoints: "endpointslices",
};

/**
 * values.yaml of manifests/charts/istio-control/istio-discovery, the same from 1.7 to 1.31, read 2026-11-27. A gateway is a proxy, and every pod of the sample has one.
 * `cni`: values.yaml of manifests/charts/istio-cni, the same in 1.30 and 1.31, read 2026-11-30
 */
const requests = {
  istiod: { cpu: "500m", memory: "2048Mi" },
  proxy: { cpu: "100m", memory: "128Mi" },
  cni: { cpu: "100m", memory: "100Mi" },
} as const;

/** prow/release-commit.sh, `architectures`, read 2026-11-27 */
const currentArchitectures = ["amd64", "arm64"];

/** The same in 1.30 and 1.31. */
const primaryRemote = {
  installation: "primary-remote",
  remotesRunIstiod: false,
  remoteIstiodService: "istiod",
  // istio-discovery/templates/reader-clusterrole.yaml of 1.31.1, read 2026-11-27
  remoteKinds: ["pods", "services", "nodes", "namespaces", "secrets", "configmaps"],
  networksFrom: "labels",
  countsRequestsByCluster: true,
  installAddsTag: true,
  experimentalCommands: [],
  // The one place where both lines are published: registry.istio.io, the default of 1.30's charts, never had 1.31, and is
  // switched off in December 2026. Upgrade notes of 1.31 and https://istio.io/latest/blog/2026/retirement-of-gcp/, read 2026-11-27
  hub: "docker.io/istio",
  kubernetes: currentKubernetes,
  lacks: {},
  architectures: currentArchitectures,
  requests,
  // manifests/charts/istio-control/istio-discovery/templates/remote-istiod-service.yaml, read 2026-11-27
  remoteAddress: "ipv4 or host name",
  crdsMayComeLater: true,
  remotesMayComeBeforeAddress: true,
  readsTlsSecret: true,
  istiodTellsJson: true,
  networkingApi: "networking.istio.io/v1",
  gateway: eastWestGateway,
  sample: currentSample,
} as const;

/** samples/addons of 1.31.1 and 1.30.5, read 2026-11-27; the reloader of upstream's prometheus.yaml is not needed here. */
const currentAddons = {
  prometheus: "docker.io/prom/prometheus:v3.10.0",
  prometheusReloader: undefined,
} as const;

/**
 * When a remote secret changes, the old registry removes the endpoints of the new one when it closes
 * (pilot/pkg/serviceregistry/kube/controller/multicluster.go). Deleting and recreating the Secret does not trigger it.
 * https://github.com/istio/istio/issues/61043, seen on AKS; fixed in 1.30.4 and 1.31.0. Read 2026-11-27
 */
const remoteSecretsLoseEndpoints: ReleaseFault = {
  issue: "istio#61043",
  fixedIn: "1.30.4",
  what: "loses every endpoint of a remote whose remote secret changes, until istiod restarts",
  byRemoteSecret: true,
};

/** Newest first: the first row is the default. */
export const istioLines: readonly IstioLine[] = [
  {
    ...primaryRemote,
    id: "1.31",
    // https://istio.io/latest/news/releases/1.31.x/, read 2026-11-27
    version: "1.31.1",
    // samples/addons/kiali.yaml, read 2026-11-27, names the minor release too: the tag moves with its patches. 1.31.0 had v2.27.
    addons: { ...currentAddons, kiali: "quay.io/kiali/kiali:v2.31" },
    supportEnds: undefined,
    faults: [],
  },
  {
    ...primaryRemote,
    id: "1.30",
    // https://istio.io/latest/news/releases/1.30.x/, read 2026-11-27
    version: "1.30.5",
    addons: { ...currentAddons, kiali: "quay.io/kiali/kiali:v2.26" },
    // "About the end of 2026": https://istio.io/latest/docs/releases/supported-releases/, read 2026-11-27
    supportEnds: { date: "2026-12-31", isEstimate: true },
    faults: [remoteSecretsLoseEndpoints],
  },
  {
    // Facts without a date of their own were read on 2026-11-23, in istio/istio at 1.7.3.
    id: "1.7",
    version: "1.7.3",
    installation: "shared-control-plane",
    remotesRunIstiod: true,
    // manifests/charts/base/templates/endpoints.yaml, read 2026-11-23
    remoteIstiodService: "istiod-remote",
    remoteKinds: ["pods", "services", "nodes"],
    networksFrom: "meshNetworks",
    countsRequestsByCluster: false,
    installAddsTag: false,
    experimentalCommands: ["create-remote-secret", "uninstall"],
    hub: "docker.io/istio",
    // The charts use v1beta1 APIs that 1.22 and later removed; upstream tested 1.16 to 1.18.
    kubernetes: {
      min: "1.16",
      max: "1.18",
      default: "1.18.8",
      seccomp: "annotation",
      endpoints: "endpoints",
    },
    lacks: {
      // The walk-through is the reference for everything that this project installs of 1.7.
      cni: "is installed as in the walk-through, without istio-cni",
      // manifests/charts/istio-control/istio-discovery/templates/networkpolicy.yaml came with 1.28 (istio/istio#56877), read 2026-11-30
      networkPolicy: "has no NetworkPolicies in its charts",
    },
    // Images for arm64 came with 1.15.
    architectures: ["amd64"],
    requests,
    // Rendered straight into an Endpoints `ip` (manifests/charts/base/templates/endpoints.yaml, read 2026-11-23).
    remoteAddress: "ipv4",
    crdsMayComeLater: false,
    remotesMayComeBeforeAddress: false,
    readsTlsSecret: false,
    istiodTellsJson: false,
    networkingApi: "networking.istio.io/v1alpha3",
    gateway: {
      name: "istio-ingressgateway",
      selector: "ingressgateway",
      // manifests/profiles/default.yaml, read 2026-11-23; 15012 is added by meshExpansion on the primary.
      ports: [
        { name: "status-port", port: proxyHealth.port, targetPort: proxyHealth.port },
        { name: "http2", port: 80, targetPort: 8080 },
        { name: "https", port: 443, targetPort: 8443 },
        { name: "tls", port: 15443, targetPort: 15443 },
      ],
      dataPort: 443,
      xdsPort: 15012,
      exposure: { name: "cluster-aware-gateway", on: "every cluster" },
    },
    sample: {
      // Untagged upstream; 1.0 is the only tag there is, and what latest points to.
      helloworld: {
        v1: "examples-helloworld-v1:1.0",
        v2: "examples-helloworld-v2:1.0",
      },
      // Untagged upstream; the tag that workshops on Istio 1.8 gave it, curl 7.69.1.
      client: {
        name: "sleep",
        image: "docker.io/governmentpaas/curl-ssl:terraform-14",
        command: ["/bin/sleep", "3650d"],
      },
    },
    addons: {
      prometheus: "docker.io/prom/prometheus:v2.19.0",
      prometheusReloader: "docker.io/jimmidyson/configmap-reload:v0.3.0",
      kiali: "quay.io/kiali/kiali:v1.22",
    },
    // https://endoflife.date/istio, read 2026-11-27
    supportEnds: { date: "2021-02-25", isEstimate: false },
    faults: [],
  },
];

/** Ports of the gateway that lead to istiod. */
export const istiodPorts = ({ gateway }: IstioLine): readonly number[] =>
  gateway.ports.flatMap(({ port, istiod }) => (istiod ? [port] : []));

/** The gateway between clusters is the ingress gateway. */
export const sharesIngressGateway = ({ gateway }: IstioLine) => gateway.name === ingressGateway.name;

/** The line without `istio.line` in `mesh.yaml`. */
export const defaultIstioLine: IstioLine = istioLines[0]!;

/** Words of a command of istioctl. */
export const istioctlCommand = (
  { experimentalCommands }: IstioLine,
  name: ExperimentalCommand,
): readonly string[] => (experimentalCommands.includes(name) ? ["x", name] : [name]);
