import type { PolicyRule } from "cdk8s-plus-27/lib/imports/k8s";
import type { IstioLine } from "../mesh/istio-lines";
import type { Cluster } from "../mesh/mesh";
import { istioNamespace } from "./istio-names";

/** What differs between the Kiali of 2020 and today's. */
export interface KialiSettings {
  readonly config: (cluster: Cluster) => Record<string, unknown>;
  /** What it may read. It may change nothing. */
  readonly rules: readonly PolicyRule[];
  /** What it may do in istio-system besides. */
  readonly rulesAtHome: readonly PolicyRule[];
  /** It writes files into its image when it starts. */
  readonly writesRootFilesystem: boolean;
  /**
   * What the graph shows when it is opened, as its page takes it in its address: versions of an app side by side, with
   * the percentage of requests that each gets.
   */
  readonly graph: Readonly<Record<string, string>>;
  /** It takes its dashboards from MonitoringDashboard resources, whose CRD must be there first. */
  readonly dashboards: boolean;
}

const read = ["get", "list", "watch"];

// No `pods/log`: logs hold what their apps print, and whoever opens Kiali would read those of every namespace.
const readWorkloads: readonly PolicyRule[] = [
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

// No `login_token.signing_key` in either: with the anonymous strategy there is no session to sign, and Kiali has not
// asked for one since 1.17 (kiali/kiali#2632). Upstream's files hold a constant that everyone knows.
const auth = { strategy: "anonymous" };
const prometheus = { url: "http://prometheus:9090" };
/** Where it serves. */
export const kialiServer = { port: 20001, web_root: "/kiali" } as const;
/** Seconds that the graph is of, and milliseconds until it is drawn anew: as quick as its page allows. */
const graphTimes = { duration: "60", refresh: "10000" };

/** https://kiali.io/docs/configuration/kialis.kiali.io/, read 2026-11-23 */
export const kialiSettings: Readonly<Record<IstioLine["installation"], KialiSettings>> = {
  "primary-remote": {
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
    rulesAtHome: [{ apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"] }],
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
    dashboards: false,
  },
  "shared-control-plane": {
    config: () => ({
      auth,
      deployment: { accessible_namespaces: ["**"], view_only_mode: true },
      external_services: {
        istio: { url_service_version: "http://istiod:15014/version" },
        prometheus,
        grafana: { enabled: false },
        tracing: { enabled: false },
      },
      istio_namespace: istioNamespace,
      server: { ...kialiServer, metrics_enabled: true, metrics_port: 9090 },
    }),
    rules: [
      ...readWorkloads,
      {
        apiGroups: ["config.istio.io", "networking.istio.io", "security.istio.io"],
        resources: ["*"],
        verbs: read,
      },
      { apiGroups: ["monitoring.kiali.io"], resources: ["monitoringdashboards"], verbs: ["get", "list"] },
    ],
    rulesAtHome: [],
    writesRootFilesystem: true,
    // src/app/History.ts and types/Graph.ts of kiali/kiali-ui v1.22, read 2026-11-24, which had neither boxes nor idle edges.
    graph: {
      ...graphTimes,
      graphType: "versionedApp",
      edges: "requestsPercentage",
      injectServiceNodes: "true",
      unusedNodes: "true",
    },
    dashboards: true,
  },
};
