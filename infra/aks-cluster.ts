import { KubernetesCluster } from "@cdktf/provider-azurerm/lib/kubernetes-cluster";
import type { ResourceGroup } from "@cdktf/provider-azurerm/lib/resource-group";
import { Construct } from "constructs";
import type { Aks } from "../mesh/mesh";
import { resourceName } from "./terraform-text";

export interface AksClusterProps {
  readonly aks: Aks;
  /** Holds the cluster; its nodes live in a group that AKS makes itself. */
  readonly group: ResourceGroup;
  readonly tags: Record<string, string>;
}

/**
 * An AKS cluster with one autoscaled node pool.
 *
 * What AKS turns on by itself is said here as well: azurerm would otherwise find it in Azure, not in its
 * configuration, and plan to take it away again on every run.
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
      // A minor version gets AKS's newest patch when the cluster is made. It stays there until mesh.yaml says
      // otherwise: no automatic_upgrade_channel, which would also write the patch over what is configured.
      kubernetesVersion: aks.kubernetesVersion,
      // Images of the nodes' operating system, weekly, the Kubernetes version unchanged.
      nodeOsUpgradeChannel: "NodeImage",
      // AKS turns it on from Kubernetes 1.34 on, and it cannot be turned off again.
      // https://learn.microsoft.com/azure/aks/use-oidc-issuer, read 2026-11-23
      oidcIssuerEnabled: true,
      identity: { type: "SystemAssigned" },
      defaultNodePool: {
        name: "default",
        // Under this name the provider keeps a second pool while it remakes the first, for example on another VM
        // size; without it such a change is refused.
        temporaryNameForRotation: "rotation",
        vmSize: aks.nodePool.vmSize,
        autoScalingEnabled: true,
        nodeCount: aks.nodePool.nodes,
        minCount: aks.nodePool.minNodes,
        maxCount: aks.nodePool.maxNodes,
        // Without it an upgrade stops at the control plane.
        orchestratorVersion: aks.kubernetesVersion,
        // AKS's default, see above. https://github.com/hashicorp/terraform-provider-azurerm/issues/24020, read 2026-11-23
        upgradeSettings: { maxSurge: "10%" },
      },
      // Without it azurerm takes kubenet, which AKS retires on 2028-03-31; the Basic load balancer ended on 2025-09-30.
      // https://github.com/Azure/AKS/releases, read 2026-11-27
      networkProfile: {
        networkPlugin: "azure",
        networkPluginMode: "overlay",
        loadBalancerSku: "standard",
      },
      lifecycle: {
        // The autoscaler moves it; azurerm refuses to.
        ignoreChanges: ["default_node_pool[0].node_count"],
      },
    });
    this.resource.overrideLogicalId(resourceName(aks.name));
  }
}

/**
 * First part of the API server's host name; Azure makes it unique. Letters, digits and '-', at most 54, ending with a
 * letter or digit. Made of the cluster's name alone, as another prefix means another cluster.
 */
function dnsPrefix(aksName: string): string {
  return aksName.replaceAll("_", "-").slice(0, 54).replace(/-+$/, "");
}
