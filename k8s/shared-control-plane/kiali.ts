import { ApiObject, type App } from "cdk8s";
import { KubeCustomResourceDefinition } from "cdk8s-plus-27/lib/imports/k8s";
import type { Construct } from "constructs";
import type { Mesh } from "../../mesh/mesh";
import {
  auth,
  graphTimes,
  type KialiSettings,
  kialiServer,
  prometheus,
  read,
  readWorkloads,
} from "../addons/kiali-settings";
import { istioNamespace } from "../istio-names";
import { MeshChart } from "../mesh-chart";

const group = "monitoring.kiali.io";
const version = "v1alpha1";
const kind = "MonitoringDashboard";
const plural = "monitoringdashboards";

/** Kiali 1.22. https://kiali.io/docs/configuration/kialis.kiali.io/, read 2026-11-23 */
export const kiali2020: KialiSettings = {
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
    { apiGroups: [group], resources: [plural], verbs: ["get", "list"] },
  ],
  istioSystemRules: [],
  writesRootFilesystem: true,
  // src/app/History.ts and types/Graph.ts of kiali/kiali-ui v1.22, read 2026-11-24, which has neither boxes nor idle edges.
  graph: {
    ...graphTimes,
    graphType: "versionedApp",
    edges: "requestsPercentage",
    injectServiceNodes: "true",
    unusedNodes: "true",
  },
  dashboards: {
    kind: `MonitoringDashboard.${group}`,
    crd: (...props) => new MonitoringDashboards(...props),
    add: (scope) => new EnvoyDashboard(scope, "envoy-dashboard"),
  },
};

/** The CRD of Kiali's dashboards, up to Kiali 1.x. */
class MonitoringDashboards extends MeshChart {
  constructor(app: App, id: string, mesh: Mesh) {
    super(app, id, mesh);
    new KubeCustomResourceDefinition(this, "crd", {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        names: {
          kind,
          listKind: `${kind}List`,
          plural,
          singular: "monitoringdashboard",
        },
        scope: "Namespaced",
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            // Upstream has no schema either; Kiali validates the content.
            schema: { openApiv3Schema: { type: "object", xKubernetesPreserveUnknownFields: true } },
          },
        ],
      },
    });
  }
}

/** Upstream's other dashboards are for language runtimes, which this mesh does not have. */
class EnvoyDashboard extends ApiObject {
  constructor(scope: Construct, id: string) {
    const chart = (title: string, metricName: string, dataType: string, unit?: string) => ({
      chart: { name: title, metricName, dataType, unit, spans: 6 },
    });
    super(scope, id, {
      apiVersion: `${group}/${version}`,
      kind,
      metadata: { name: "envoy", namespace: istioNamespace },
      spec: {
        title: "Envoy",
        discoverOn: "envoy_server_uptime",
        items: [
          chart("Uptime", "envoy_server_uptime", "raw", "seconds"),
          chart("Memory allocated", "envoy_server_memory_allocated", "raw", "bytes"),
          chart("Upstream connections", "envoy_cluster_upstream_cx_active", "raw"),
          chart("Upstream requests", "envoy_cluster_upstream_rq_total", "rate"),
        ],
      },
    });
  }
}
