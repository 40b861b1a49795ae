import type { AksSettings, AzureNetwork, NodePool } from "./mesh";

interface Profile {
  readonly network: AzureNetwork;
  /** Each cluster gets a maintenance window of its own. */
  readonly maintenanceWindows: boolean;
  readonly istioCni: boolean;
  readonly aks: Omit<AksSettings, "systemNodePool"> & {
    /** Undefined: none. Other fields are those of `nodePool`. */
    readonly systemNodePool: Partial<NodePool> | undefined;
  };
}

/**
 * `az aks create`'s numbers in the walk-through; a general-purpose size with the memory istiod asks for
 * (2 vCPUs, 8 GiB: MicrosoftDocs/azure-docs, articles/virtual-machines/dv5-dsv5-series.md, read 2026-11-27).
 */
const demoPool: NodePool = {
  vmSize: "Standard_D2s_v5",
  nodes: 3,
  minNodes: 1,
  maxNodes: 3,
  zones: [],
  osDiskType: "Managed",
  osSku: "Ubuntu",
  hostEncryptionEnabled: false,
  maxPods: undefined,
};

/**
 * A node in each of three zones, with a temporary disk of 150 GiB, which holds an ephemeral OS disk of AKS's default
 * size, 128 GiB. https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/ddsv5-series, read 2026-11-30
 */
const productionPool: NodePool = {
  vmSize: "Standard_D4ds_v5",
  nodes: 3,
  minNodes: 3,
  maxNodes: 9,
  zones: [1, 2, 3],
  osDiskType: "Ephemeral",
  osSku: "AzureLinux",
  hostEncryptionEnabled: false,
  // AKS's own limit for an overlay network: https://learn.microsoft.com/azure/aks/azure-cni-overlay, read 2026-11-30
  maxPods: 250,
};

/**
 * What `azure.profile` stands for. Every setting of `aks` has a field of the same name in `azure` and in a cluster.
 *
 * `demo` is the walk-through with azurerm's defaults. `production` is what the public baselines agree on: mspnp/aks-baseline,
 * Azure/terraform-azurerm-avm-ptn-aks-production, terraform-azurerm-avm-res-containerservice-managedcluster
 * (examples/waf-aligned), read 2026-11-27.
 */
export const aksProfiles = {
  demo: {
    network: "managed",
    maintenanceWindows: false,
    istioCni: false,
    aks: {
      skuTier: "Free",
      supportPlan: "KubernetesOfficial",
      networkDataPlane: "azure",
      networkPolicy: "none",
      localAccountDisabled: false,
      runCommandEnabled: true,
      workloadIdentityEnabled: false,
      automaticUpgradeChannel: "none",
      nodeOsUpgradeChannel: "NodeImage",
      azurePolicyEnabled: false,
      keyVaultSecretsProvider: false,
      imageCleanerEnabled: false,
      autoScalerProfile: false,
      omsAgent: false,
      monitorMetrics: false,
      monitorDiagnosticSetting: false,
      microsoftDefender: false,
      managementLock: false,
      preventDestroy: false,
      nodePool: demoPool,
      systemNodePool: undefined,
    },
  },
  production: {
    network: "own",
    maintenanceWindows: true,
    istioCni: true,
    aks: {
      // istiod watches every remote's API server all day.
      skuTier: "Standard",
      supportPlan: "KubernetesOfficial",
      networkDataPlane: "cilium",
      networkPolicy: "cilium",
      localAccountDisabled: true,
      runCommandEnabled: false,
      workloadIdentityEnabled: true,
      automaticUpgradeChannel: "patch",
      nodeOsUpgradeChannel: "NodeImage",
      azurePolicyEnabled: true,
      keyVaultSecretsProvider: true,
      imageCleanerEnabled: true,
      autoScalerProfile: true,
      omsAgent: true,
      monitorMetrics: true,
      monitorDiagnosticSetting: true,
      microsoftDefender: true,
      managementLock: true,
      preventDestroy: true,
      nodePool: productionPool,
      // At least three nodes for a system pool: https://learn.microsoft.com/azure/aks/use-system-pools, read 2026-11-30
      systemNodePool: { nodes: 3, minNodes: 3, maxNodes: 6 },
    },
  },
} as const satisfies Record<string, Profile>;

export type AksProfile = keyof typeof aksProfiles;
