import type { App, Chart } from "cdk8s";
import type { PolicyRule } from "cdk8s-plus-27/lib/imports/k8s";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { istioNamespace } from "../istio-names";

/** What differs between Kiali 1.22 and 2. */
export interface KialiSettings {
  readonly config: (cluster: Cluster) => Record<string, unknown>;
  /** Rights to read; it has no others. */
  readonly rules: readonly PolicyRule[];
  /** Further rights in istio-system. */
  readonly istioSystemRules: readonly PolicyRule[];
  /** It writes files into its image when it starts. */
  readonly writesRootFilesystem: boolean;
  /** Query parameters of the graph's page: versions of an app side by side, with the percentage of requests for each. */
  readonly graph: Readonly<Record<string, string>>;
  /** Its dashboards are resources of a kind of their own. @default - built in */
  readonly dashboards?: DashboardResources;
}

export interface DashboardResources {
  /** As kubectl names it. */
  readonly kind: string;
  /** In a file of its own, applied earlier: in one file with the dashboards kubectl does not know their kind yet. */
  readonly crd: (app: App, id: string, mesh: Mesh) => Chart;
  readonly add: (chart: Chart) => void;
}

export const read = ["get", "list", "watch"];

// No `pods/log`: everyone who opens Kiali could read the logs of every namespace.
export const readWorkloads: readonly PolicyRule[] = [
  {
    apiGroups: [""],
    resources: [
      "configmaps",
      "endpoints",
      "namespaces",
      "nodes",
      "pods",
      "replicationcontrollers",
      "services",
    ],
    verbs: read,
  },
  {
    apiGroups: ["apps"],
    resources: ["daemonsets", "deployments", "replicasets", "statefulsets"],
    verbs: read,
  },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"], verbs: read },
];

// No `login_token.signing_key`: the anonymous strategy signs no session, and Kiali has not required one since 1.17
// (kiali/kiali#2632). Upstream's files hold a constant that everyone knows.
export const auth = { strategy: "anonymous" };
export const prometheus = { url: "http://prometheus:9090" };
export const kialiServer = { port: 20001, web_root: "/kiali" } as const;
/** Seconds that the graph covers, and milliseconds between refreshes: the shortest that its page allows. */
export const graphTimes = { duration: "60", refresh: "10000" };

/** https://kiali.io/docs/configuration/kialis.kiali.io/, read 2026-11-23 */
export const currentKiali: KialiSettings = {
  config: (cluster) => ({
    auth,
    deployment: {
      cluster_wide_access: true,
      instance_name: "kiali",
      namespace: istioNamespace,
      view_only_mode: true,
    },
    external_services: {
      istio: { root_namespace: istioNamespace },
      prometheus,
      grafana: { enabled: false },
      tracing: { enabled: false },
    },
    // It has no right to read logs, see above.
    kiali_feature_flags: { disabled_features: ["logs-tab"] },
    kubernetes_config: { cluster_name: cluster.name },
    server: { ...kialiServer, observability: { metrics: { enabled: true, port: 9090 } } },
  }),
  rules: [
    ...readWorkloads,
    {
      apiGroups: [
        "networking.istio.io",
        "security.istio.io",
        "extensions.istio.io",
        "telemetry.istio.io",
        "gateway.networking.k8s.io",
        "inference.networking.k8s.io",
      ],
      resources: ["*"],
      verbs: read,
    },
    {
      apiGroups: ["admissionregistration.k8s.io"],
      resources: ["mutatingwebhookconfigurations"],
      verbs: read,
    },
  ],
  // It asks istiod's debug interface for the state of the proxies, by port-forward.
  istioSystemRules: [{ apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"] }],
  writesRootFilesystem: false,
  // URLParam in frontend/src/app/History.tsx, and its values in types/Graph.ts, of kiali/kiali, read 2026-11-23
  graph: {
    ...graphTimes,
    graphType: "versionedApp",
    edges: "trafficDistribution",
    injectServiceNodes: "true",
    badgeVS: "true",
    boxCluster: "true",
    boxNamespace: "true",
    idleEdges: "true",
    idleNodes: "true",
  },
};
