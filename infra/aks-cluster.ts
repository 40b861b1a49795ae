import {
  KubernetesCluster,
  type KubernetesClusterConfig,
} from "@cdktf/provider-azurerm/lib/kubernetes-cluster";
import { KubernetesClusterNodePool } from "@cdktf/provider-azurerm/lib/kubernetes-cluster-node-pool";
import { ManagementLock } from "@cdktf/provider-azurerm/lib/management-lock";
import { RoleAssignment } from "@cdktf/provider-azurerm/lib/role-assignment";
import { UserAssignedIdentity } from "@cdktf/provider-azurerm/lib/user-assigned-identity";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { windowHours } from "../mesh/maintenance-window";
import type { Aks, Azure, NodePool } from "../mesh/mesh";
import type { Place } from "./resource-groups";
import { resourceName } from "./terraform-text";

export interface AksClusterProps {
  readonly aks: Aks;
  readonly azure: Azure;
  /** Of the cluster; AKS creates another resource group for the nodes. */
  readonly place: Place;
  /** Undefined: AKS creates the network. */
  readonly subnet: Subnet | undefined;
  /** Sources that may reach the API server; undefined: all. */
  readonly authorizedIpRanges: readonly string[] | undefined;
  /** Of the Log Analytics workspace; undefined where nothing is logged. */
  readonly logAnalyticsWorkspaceId: string | undefined;
}

/** The subnet of the nodes. */
export interface Subnet {
  readonly id: string;
  readonly outboundType: Aks["outboundType"];
  /** What the nodes need when they start. */
  readonly completed: readonly ITerraformDependable[];
}

/**
 * An AKS cluster with autoscaled node pools.
 *
 * What AKS enables by default is configured explicitly: otherwise azurerm would find it in Azure but not in the
 * configuration, and plan to remove it on every run. Settings with azurerm's default are left out.
 */
export class AksCluster extends Construct {
  /** Address in Terraform: `azurerm_kubernetes_cluster.<AKS name>`. */
  readonly resource: KubernetesCluster;
  /** Object ID of the cluster's identity. */
  readonly principalId: string;
  private readonly userPool: KubernetesClusterNodePool | undefined;

  constructor(scope: Construct, props: AksClusterProps) {
    const { aks, azure, place, subnet } = props;
    super(scope, `aks-${aks.name}`);
    const identity = subnet && this.ownIdentity(aks, place, subnet);
    const { systemNodePool, nodePool } = aks;
    this.resource = new KubernetesCluster(this, "cluster", {
      ...place,
      name: aks.name,
      dnsPrefix: dnsPrefix(aks.name),
      // For a minor version AKS installs its newest patch.
      kubernetesVersion: aks.kubernetesVersion,
      ...upgrades(aks),
      // AKS enables it from Kubernetes 1.34, and it cannot be disabled.
      // https://learn.microsoft.com/azure/aks/use-oidc-issuer, read 2026-11-23
      oidcIssuerEnabled: true,
      identity: identity ? { type: "UserAssigned", identityIds: [identity.id] } : { type: "SystemAssigned" },
      defaultNodePool: {
        name: systemNodePool ? "system" : "default",
        ...pool(systemNodePool ?? nodePool, aks, subnet),
        // AKS's own pods tolerate its taint, CriticalAddonsOnly.
        ...(systemNodePool ? { onlyCriticalAddonsEnabled: true } : {}),
      },
      networkProfile: network(aks, subnet),
      ...access(props),
      ...addons(props),
      dependsOn: identity?.completed,
      lifecycle: {
        ignoreChanges: ignoredChanges(aks),
        ...(aks.preventDestroy ? { preventDestroy: true } : {}),
      },
    });
    this.resource.overrideLogicalId(resourceName(aks.name));
    this.principalId = identity?.principalId ?? this.resource.identity.principalId;
    this.userPool = systemNodePool && this.userPoolOf(aks, place, subnet);
    this.pullFrom(azure.containerRegistryId, aks, place);
  }

  /**
   * Locks the cluster. Azure then refuses to delete what is part of it too, so the lock is made last and deleted first.
   * @param parts resources with the cluster's scope, beside its user pool
   */
  lock(aks: Aks, place: Place, parts: readonly ITerraformDependable[]): void {
    if (!aks.managementLock) return;
    const dependsOn = [...(this.userPool ? [this.userPool] : []), ...parts];
    new ManagementLock(this, "lock", {
      provider: place.provider,
      name: "no-deletion",
      scope: this.resource.id,
      lockLevel: "CanNotDelete",
      notes: "A cluster of an Istio mesh. Remove it with managementLock: false in mesh.yaml.",
      ...(dependsOn.length > 0 ? { dependsOn } : {}),
    }).overrideLogicalId(resourceName(aks.name));
  }

  /** An identity that has its role before the cluster needs it. AKS gives a system-assigned one its role too late. */
  private ownIdentity(aks: Aks, place: Place, subnet: Subnet) {
    const identity = new UserAssignedIdentity(this, "identity", { ...place, name: `${aks.name}-identity` });
    identity.overrideLogicalId(resourceName(aks.name));
    const role = new RoleAssignment(this, "subnet-role", {
      provider: place.provider,
      scope: subnet.id,
      roleDefinitionName: "Network Contributor",
      principalId: identity.principalId,
      principalType: "ServicePrincipal",
    });
    // No AKS name ends with '_': the role for a static gateway address has the AKS name alone.
    role.overrideLogicalId(resourceName(`${aks.name}_subnet_`));
    return {
      id: identity.id,
      principalId: identity.principalId,
      completed: [role, ...subnet.completed],
    };
  }

  private userPoolOf(aks: Aks, place: Place, subnet: Subnet | undefined) {
    const made = new KubernetesClusterNodePool(this, "user-pool", {
      provider: place.provider,
      tags: place.tags,
      name: "user",
      kubernetesClusterId: this.resource.id,
      mode: "User",
      ...pool(aks.nodePool, aks, subnet),
      lifecycle: {
        ignoreChanges: [
          "node_count",
          "upgrade_settings",
          ...(isUpgradedByAks(aks) ? ["orchestrator_version"] : []),
        ],
      },
    });
    made.overrideLogicalId(resourceName(aks.name));
    return made;
  }

  private pullFrom(registry: string | undefined, aks: Aks, place: Place) {
    if (registry === undefined) return;
    new RoleAssignment(this, "pull-role", {
      provider: place.provider,
      scope: registry,
      roleDefinitionName: "AcrPull",
      principalId: this.resource.kubeletIdentity.objectId,
      principalType: "ServicePrincipal",
    }).overrideLogicalId(resourceName(`${aks.name}_pull_`));
  }
}

function pool(settings: NodePool, aks: Aks, subnet: Subnet | undefined) {
  const { vmSize, nodes, minNodes, maxNodes, zones, osDiskType, osSku, hostEncryptionEnabled, maxPods } =
    settings;
  return {
    // Name of the pool that replaces this one while the provider recreates it, for example with another VM size; without
    // a name such a change is refused.
    temporaryNameForRotation: "rotation",
    vmSize,
    autoScalingEnabled: true,
    nodeCount: nodes,
    minCount: minNodes,
    maxCount: maxNodes,
    // Otherwise an upgrade covers the control plane only.
    orchestratorVersion: aks.kubernetesVersion,
    ...(zones.length > 0 ? { zones: zones.map(String) } : {}),
    ...(osDiskType === "Managed" ? {} : { osDiskType }),
    ...(osSku === "Ubuntu" ? {} : { osSku }),
    ...(hostEncryptionEnabled ? { hostEncryptionEnabled } : {}),
    ...(maxPods === undefined ? {} : { maxPods }),
    ...(subnet ? { vnetSubnetId: subnet.id } : {}),
    // AKS's default, see above. https://github.com/hashicorp/terraform-provider-azurerm/issues/24020, read 2026-11-23
    upgradeSettings: { maxSurge: "10%" },
  };
}

/**
 * azurerm's default is kubenet, which AKS retires on 2028-03-31; the Basic load balancer ended on 2025-09-30.
 * https://github.com/Azure/AKS/releases, read 2026-11-27
 */
function network({ networkDataPlane, networkPolicy }: Aks, subnet: Subnet | undefined) {
  return {
    networkPlugin: "azure",
    networkPluginMode: "overlay",
    loadBalancerSku: "standard",
    ...(networkDataPlane === "azure" ? {} : { networkDataPlane }),
    ...(networkPolicy === "none" ? {} : { networkPolicy }),
    ...(subnet ? { outboundType: subnet.outboundType } : {}),
  };
}

function upgrades({ automaticUpgradeChannel, nodeOsUpgradeChannel, maintenanceWindow }: Aks) {
  const window = maintenanceWindow && {
    frequency: "Weekly",
    interval: 1,
    dayOfWeek: maintenanceWindow.day,
    startTime: maintenanceWindow.startTime,
    utcOffset: "+00:00",
    duration: windowHours,
  };
  return {
    ...(automaticUpgradeChannel === "none" ? {} : { automaticUpgradeChannel }),
    // Weekly images of the nodes' operating system, with the same Kubernetes version.
    nodeOsUpgradeChannel,
    ...(window ? { maintenanceWindowNodeOs: window } : {}),
    ...(window && automaticUpgradeChannel !== "none" ? { maintenanceWindowAutoUpgrade: window } : {}),
  };
}

function access({ aks, azure, authorizedIpRanges }: AksClusterProps): Partial<KubernetesClusterConfig> {
  const { adminGroupObjectIds } = azure;
  return {
    ...(authorizedIpRanges
      ? { apiServerAccessProfile: { authorizedIpRanges: [...authorizedIpRanges] } }
      : {}),
    ...(adminGroupObjectIds.length > 0
      ? {
          azureActiveDirectoryRoleBasedAccessControl: {
            azureRbacEnabled: true,
            adminGroupObjectIds: [...adminGroupObjectIds],
          },
        }
      : {}),
    ...(aks.localAccountDisabled ? { localAccountDisabled: true } : {}),
    ...(aks.runCommandEnabled ? {} : { runCommandEnabled: false }),
    ...(aks.workloadIdentityEnabled ? { workloadIdentityEnabled: true } : {}),
  };
}

/** The pods of a mesh have local storage (emptyDir of the sidecar): with AKS's default the autoscaler keeps every node. */
const autoScalerProfile = {
  balanceSimilarNodeGroups: true,
  expander: "least-waste",
  skipNodesWithLocalStorage: false,
};

function addons({ aks, logAnalyticsWorkspaceId }: AksClusterProps): Partial<KubernetesClusterConfig> {
  return {
    ...(aks.skuTier === "Free" ? {} : { skuTier: aks.skuTier }),
    ...(aks.supportPlan === "KubernetesOfficial" ? {} : { supportPlan: aks.supportPlan }),
    ...(aks.azurePolicyEnabled ? { azurePolicyEnabled: true } : {}),
    ...(aks.keyVaultSecretsProvider ? { keyVaultSecretsProvider: { secretRotationEnabled: true } } : {}),
    ...(aks.imageCleanerEnabled ? { imageCleanerEnabled: true, imageCleanerIntervalHours: 168 } : {}),
    ...(aks.autoScalerProfile ? { autoScalerProfile } : {}),
    ...(aks.monitorMetrics ? { monitorMetrics: {} } : {}),
    ...(aks.omsAgent
      ? {
          omsAgent: {
            logAnalyticsWorkspaceId: logAnalyticsWorkspaceId!,
            msiAuthForMonitoringEnabled: true,
          },
        }
      : {}),
    ...(aks.microsoftDefender
      ? { microsoftDefender: { logAnalyticsWorkspaceId: logAnalyticsWorkspaceId! } }
      : {}),
  };
}

/** AKS changes the Kubernetes version by itself. */
const isUpgradedByAks = ({ automaticUpgradeChannel }: Aks) => automaticUpgradeChannel !== "none";

/** What the autoscaler, AKS's upgrades and `az aks nodepool update` change; without them a plan would change it back. */
function ignoredChanges(aks: Aks): string[] {
  return [
    "default_node_pool[0].node_count",
    // A value that others have set and the configuration has not would replace the whole cluster.
    "default_node_pool[0].upgrade_settings",
    ...(isUpgradedByAks(aks) ? ["kubernetes_version", "default_node_pool[0].orchestrator_version"] : []),
  ];
}

/**
 * First part of the API server's host name; Azure makes it unique. At most 54 letters, digits and '-', ending with a
 * letter or digit. It depends on the cluster's name only: another prefix would replace the cluster.
 */
function dnsPrefix(aksName: string): string {
  return aksName.replaceAll("_", "-").slice(0, 54).replace(/-+$/, "");
}
