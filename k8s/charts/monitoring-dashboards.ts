import { ApiObject, type App } from "cdk8s";
import { KubeCustomResourceDefinition } from "cdk8s-plus-27/lib/imports/k8s";
import type { Construct } from "constructs";
import type { Bundle } from "../bundle";
import { istioNamespace } from "../istio-names";
import { MeshChart } from "../mesh-chart";

const group = "monitoring.kiali.io";
const version = "v1alpha1";
const kind = "MonitoringDashboard";

/**
 * The CRD of Kiali's dashboards, up to Kiali 1.x. It is a file of its own, among the first that go to a cluster: in
 * one file with the dashboards kubectl finds no kind for them, and upstream's guide applies it twice.
 */
export class MonitoringDashboards extends MeshChart {
  constructor(app: App, id: string, { mesh }: Bundle) {
    super(app, id, mesh);
    new KubeCustomResourceDefinition(this, "crd", {
      metadata: { name: `monitoringdashboards.${group}` },
      spec: {
        group,
        names: {
          kind,
          listKind: `${kind}List`,
          plural: "monitoringdashboards",
          singular: "monitoringdashboard",
        },
        scope: "Namespaced",
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            // Upstream gives no schema either; Kiali judges the content.
            schema: { openApiv3Schema: { type: "object", xKubernetesPreserveUnknownFields: true } },
          },
        ],
      },
    });
  }
}

/** The dashboard for what runs in this mesh: proxies. Those of language runtimes have nothing to show here. */
export class EnvoyDashboard extends ApiObject {
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
