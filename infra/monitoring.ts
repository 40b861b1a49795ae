import { LogAnalyticsWorkspace } from "@cdktf/provider-azurerm/lib/log-analytics-workspace";
import { MonitorDataCollectionEndpoint } from "@cdktf/provider-azurerm/lib/monitor-data-collection-endpoint";
import { MonitorDataCollectionRule } from "@cdktf/provider-azurerm/lib/monitor-data-collection-rule";
import { MonitorDataCollectionRuleAssociation } from "@cdktf/provider-azurerm/lib/monitor-data-collection-rule-association";
import { MonitorDiagnosticSetting } from "@cdktf/provider-azurerm/lib/monitor-diagnostic-setting";
import { MonitorWorkspace } from "@cdktf/provider-azurerm/lib/monitor-workspace";
import type { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { Aks } from "../mesh/mesh";
import type { AksCluster } from "./aks-cluster";
import type { Place } from "./resource-groups";
import { at } from "./terraform-text";

export interface MonitoringProps {
  /** Name of the mesh. */
  readonly mesh: string;
  /** Of the workspaces. */
  readonly place: Place;
  readonly clusters: readonly Aks[];
}

/** One workspace for the logs and one for the metrics of all clusters, each only if a cluster uses it. */
export class Monitoring extends Construct {
  /** Of the Log Analytics workspace. */
  readonly logAnalyticsWorkspaceId: string | undefined;
  private readonly logRule: MonitorDataCollectionRule | undefined;
  private readonly metricRule: MonitorDataCollectionRule | undefined;

  constructor(scope: Construct, { mesh, place, clusters }: MonitoringProps) {
    super(scope, "monitoring");
    const named = (suffix: string) => ({ ...place, name: `${mesh.slice(0, 36)}-${suffix}` });
    if (clusters.some((aks) => aks.omsAgent || aks.microsoftDefender || aks.monitorDiagnosticSetting)) {
      const workspace = new LogAnalyticsWorkspace(this, "logs", named("logs"));
      workspace.overrideLogicalId("mesh");
      this.logAnalyticsWorkspaceId = workspace.id;
    }
    if (clusters.some(({ omsAgent }) => omsAgent))
      this.logRule = this.containerInsights(named, this.logAnalyticsWorkspaceId!);
    if (clusters.some(({ monitorMetrics }) => monitorMetrics)) this.metricRule = this.prometheus(named);
  }

  /** https://learn.microsoft.com/azure/azure-monitor/containers/kubernetes-monitoring-enable, read 2026-11-30 */
  private containerInsights(named: (suffix: string) => Place & { name: string }, workspaceId: string) {
    const streams = ["Microsoft-ContainerInsights-Group-Default"];
    const rule = new MonitorDataCollectionRule(this, "log-rule", {
      ...named("logs"),
      destinations: { logAnalytics: [{ name: "logs", workspaceResourceId: workspaceId }] },
      dataFlow: [{ streams, destinations: ["logs"] }],
      dataSources: {
        extension: [
          {
            name: "ContainerInsightsExtension",
            extensionName: "ContainerInsights",
            streams,
            extensionJson: JSON.stringify({
              dataCollectionSettings: {
                interval: "1m",
                namespaceFilteringMode: "Off",
                enableContainerLogV2: true,
              },
            }),
          },
        ],
      },
    });
    rule.overrideLogicalId("logs");
    return rule;
  }

  private prometheus(named: (suffix: string) => Place & { name: string }) {
    const workspace = new MonitorWorkspace(this, "metrics", named("metrics"));
    workspace.overrideLogicalId("mesh");
    const endpoint = new MonitorDataCollectionEndpoint(this, "metric-endpoint", {
      ...named("metrics"),
      kind: "Linux",
    });
    endpoint.overrideLogicalId("metrics");
    const streams = ["Microsoft-PrometheusMetrics"];
    const rule = new MonitorDataCollectionRule(this, "metric-rule", {
      ...named("metrics"),
      kind: "Linux",
      dataCollectionEndpointId: endpoint.id,
      destinations: { monitorAccount: [{ name: "metrics", monitorAccountId: workspace.id }] },
      dataFlow: [{ streams, destinations: ["metrics"] }],
      dataSources: { prometheusForwarder: [{ name: "PrometheusDataSource", streams }] },
    });
    rule.overrideLogicalId("metrics");
    return rule;
  }

  /**
   * Sends what the cluster's settings ask for to the workspaces.
   * @returns the resources that this adds to the cluster
   */
  watch(aks: Aks, place: Place, { resource }: AksCluster): TerraformResource[] {
    const target = { provider: place.provider, targetResourceId: resource.id };
    const associate = (name: string, rule: MonitorDataCollectionRule) =>
      at(
        `${aks.name}-${name}`,
        new MonitorDataCollectionRuleAssociation(this, `${name}-${aks.name}`, {
          ...target,
          name: `${aks.name}-${name}`,
          dataCollectionRuleId: rule.id,
        }),
      );
    const audit = () =>
      at(
        aks.name,
        new MonitorDiagnosticSetting(this, `audit-${aks.name}`, {
          ...target,
          name: "audit",
          logAnalyticsWorkspaceId: this.logAnalyticsWorkspaceId,
          logAnalyticsDestinationType: "Dedicated",
          // Without reads: the log of all requests costs a multiple.
          enabledLog: [{ category: "kube-audit-admin" }, { category: "guard" }],
        }),
      );
    return [
      ...(aks.omsAgent ? [associate("logs", this.logRule!)] : []),
      ...(aks.monitorMetrics ? [associate("metrics", this.metricRule!)] : []),
      ...(aks.monitorDiagnosticSetting ? [audit()] : []),
    ];
  }
}
