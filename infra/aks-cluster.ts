import { KubernetesCluster } from "@cdktf/provider-azurerm/lib/kubernetes-cluster";
import type { ResourceGroup } from "@cdktf/provider-azurerm/lib/resource-group";
import { Construct } from "constructs";
import type { Aks } from "../mesh/mesh";
import { resourceName } from "./terraform-text";

export interface AksClusterProps {
  readonly aks: Aks;
  /** Of the cluster; AKS creates another one for the nodes. */
  readonly group: ResourceGroup;
  readonly tags: Record<string, string>;
}

/**
 * An AKS cluster with one autoscaled node pool.
 *
 * What AKS enables by default is configured explicitly: otherwise azurerm would find it in Azure but not in the
 * configuration, and plan to remove it on every run.
 */
export class AksCluster extends Construct {
  /** Address in Terraform: `azurerm_kubernetes_cluster.<AKS name>`. */
  readonly resource: KubernetesCluster;

  constructor(scope: Construct, { aks, group, tags }: AksClusterProps) {
    super(scope, `aks-${aks.name}`);
    this.resource = new KubernetesCluster(this, "cluster", {
      name: aks.name,
      location: group.location,
      resourceGroupName: group.name,
      tags,
      dnsPrefix: dnsPrefix(aks.name),
      // For a minor version AKS installs its newest patch. There is no automatic_upgrade_channel, so that only
      // mesh.yaml changes the version.
      kubernetesVersion: aks.kubernetesVersion,
      // Weekly images of the nodes' operating system, with the same Kubernetes version.
      nodeOsUpgradeChannel: "NodeImage",
      // AKS enables it from Kubernetes 1.34, and it cannot be disabled.
      // https://learn.microsoft.com/azure/aks/use-oidc-issuer, read 2026-11-23
      oidcIssuerEnabled: true,
      identity: { type: "SystemAssigned" },
      defaultNodePool: {
        name: "default",
        // Name of the pool that replaces this one while the provider recreates it, for example with another VM
        // size; without a name such a change is refused.
        temporaryNameForRotation: "rotation",
        vmSize: aks.nodePool.vmSize,
        autoScalingEnabled: true,
        nodeCount: aks.nodePool.nodes,
        minCount: aks.nodePool.minNodes,
        maxCount: aks.nodePool.maxNodes,
        // Otherwise an upgrade covers the control plane only.
        orchestratorVersion: aks.kubernetesVersion,
        // AKS's default, see above. https://github.com/hashicorp/terraform-provider-azurerm/issues/24020, read 2026-11-23
        upgradeSettings: { maxSurge: "10%" },
      },
      // azurerm's default is kubenet, which AKS retires on 2028-03-31; the Basic load balancer ended on 2025-09-30.
      // https://github.com/Azure/AKS/releases, read 2026-11-27
      networkProfile: {
        networkPlugin: "azure",
        networkPluginMode: "overlay",
        loadBalancerSku: "standard",
      },
      lifecycle: {
        // The autoscaler changes it.
        ignoreChanges: ["default_node_pool[0].node_count"],
      },
    });
    this.resource.overrideLogicalId(resourceName(aks.name));
  }
}

/**
 * First part of the API server's host name; Azure makes it unique. At most 54 letters, digits and '-', ending with a
 * letter or digit. It depends on the cluster's name only: another prefix would replace the cluster.
 */
function dnsPrefix(aksName: string): string {
  return aksName.replaceAll("_", "-").slice(0, 54).replace(/-+$/, "");
}
