import { z } from "zod";
import { aksProfiles } from "./aks-profiles";
import { defaults } from "./defaults";
import { byDefault, named, oneOf, section, wholeNumber, yesOrNo } from "./fields";
import type { AksSettings, NodePool } from "./mesh";
import * as names from "./names";

/** The azure section of mesh.yaml, and what a cluster may have of it. */

const { demo, production } = aksProfiles;

const said = (value: unknown) =>
  value === undefined
    ? "AKS's"
    : Array.isArray(value)
      ? value.length > 0
        ? value.join(", ")
        : "none"
      : String(value);

const inProfiles = (one: unknown, other: unknown) =>
  said(one) === said(other)
    ? byDefault(said(one))
    : `Default: ${said(one)}; in the production profile ${said(other)}.`;

const byProfile = (key: keyof AksSettings) => inProfiles(demo.aks[key], production.aks[key]);
const ofPool = (key: keyof NodePool) => inProfiles(demo.aks.nodePool[key], production.aks.nodePool[key]);

const poolShape = (said: (key: keyof NodePool) => string) => ({
  vmSize: named(names.vmSize, `Size of the virtual machines. ${said("vmSize")}`).optional(),
  // 1000 nodes is AKS's limit for a node pool (https://github.com/hashicorp/terraform-provider-azurerm/issues/9198,
  // read 2026-11-27).
  nodes: wholeNumber(
    1,
    1000,
    `Initial number of nodes, between minNodes and maxNodes. ${said("nodes")}`,
  ).optional(),
  minNodes: wholeNumber(
    1,
    1000,
    `Minimum number of nodes for the autoscaler. ${said("minNodes")}`,
  ).optional(),
  maxNodes: wholeNumber(
    1,
    1000,
    `Maximum number of nodes for the autoscaler. ${said("maxNodes")}`,
  ).optional(),
  zones: z
    .array(wholeNumber(1, 3, "Availability zone."), { error: "a list of availability zones: 1, 2, 3" })
    .describe(`Availability zones; an empty list where the region has none. ${said("zones")}`)
    .optional(),
  osDiskType: oneOf(
    ["Managed", "Ephemeral"],
    `Disk of the operating system; ephemeral ones need a size with a temporary disk of 128 GiB. ${said("osDiskType")}`,
  ).optional(),
  osSku: oneOf(["Ubuntu", "AzureLinux"], `Operating system of the nodes. ${said("osSku")}`).optional(),
  hostEncryptionEnabled: yesOrNo(
    `Encrypt temporary disks on the host; the subscription needs the feature EncryptionAtHost. ${said("hostEncryptionEnabled")}`,
  ).optional(),
  maxPods: wholeNumber(10, 250, `Maximum number of pods on a node. ${said("maxPods")}`).optional(),
});

/** Fields that only a cluster that Terraform creates can have: in the azure section for all, or in one cluster. */
export const aksShape = {
  kubernetesVersion: named(
    names.kubernetesVersion,
    "Kubernetes version of the AKS clusters. Default: what the Istio line recommends.",
  ).optional(),
  nodePool: section(poolShape(ofPool), "Node pool of the workloads.").optional(),
  systemNodePool: section(
    poolShape(() => "As in nodePool unless set."),
    "Node pool for AKS's own pods alone. Default: none; in the production profile three nodes of its size.",
  ).optional(),
  skuTier: oneOf(
    ["Free", "Standard", "Premium"],
    `Tier of the API server; Standard has an SLA. ${byProfile("skuTier")}`,
  ).optional(),
  supportPlan: oneOf(
    ["KubernetesOfficial", "AKSLongTermSupport"],
    `Support of the Kubernetes version; long-term support needs skuTier Premium. ${byProfile("supportPlan")}`,
  ).optional(),
  networkDataPlane: oneOf(
    ["azure", "cilium"],
    `Data plane of the pod network. ${byProfile("networkDataPlane")}`,
  ).optional(),
  networkPolicy: oneOf(
    ["none", "azure", "calico", "cilium"],
    `What enforces NetworkPolicies. ${byProfile("networkPolicy")}`,
  ).optional(),
  localAccountDisabled: yesOrNo(
    `Access through Entra ID alone; needs adminGroupObjectIds. ${byProfile("localAccountDisabled")}`,
  ).optional(),
  runCommandEnabled: yesOrNo(`Allow \`az aks command invoke\`. ${byProfile("runCommandEnabled")}`).optional(),
  workloadIdentityEnabled: yesOrNo(
    `Workload identity for pods. ${byProfile("workloadIdentityEnabled")}`,
  ).optional(),
  automaticUpgradeChannel: oneOf(
    ["none", "patch", "stable", "rapid"],
    `What AKS upgrades by itself. ${byProfile("automaticUpgradeChannel")}`,
  ).optional(),
  nodeOsUpgradeChannel: oneOf(
    ["NodeImage", "SecurityPatch", "Unmanaged", "None"],
    `How the nodes' operating system is updated. ${byProfile("nodeOsUpgradeChannel")}`,
  ).optional(),
  azurePolicyEnabled: yesOrNo(`Azure Policy add-on. ${byProfile("azurePolicyEnabled")}`).optional(),
  keyVaultSecretsProvider: yesOrNo(
    `Secrets Store CSI driver for Key Vault, with rotation. ${byProfile("keyVaultSecretsProvider")}`,
  ).optional(),
  imageCleanerEnabled: yesOrNo(
    `Remove unused vulnerable images from nodes. ${byProfile("imageCleanerEnabled")}`,
  ).optional(),
  autoScalerProfile: yesOrNo(
    `Settings of the autoscaler for pods with sidecars and for zones. ${byProfile("autoScalerProfile")}`,
  ).optional(),
  omsAgent: yesOrNo(
    `Container Insights, in one Log Analytics workspace for all clusters. ${byProfile("omsAgent")}`,
  ).optional(),
  monitorMetrics: yesOrNo(
    `Managed Prometheus, in one Azure Monitor workspace for all clusters. ${byProfile("monitorMetrics")}`,
  ).optional(),
  monitorDiagnosticSetting: yesOrNo(
    `Audit logs of the API server, in the Log Analytics workspace. ${byProfile("monitorDiagnosticSetting")}`,
  ).optional(),
  microsoftDefender: yesOrNo(
    `Microsoft Defender for Containers. ${byProfile("microsoftDefender")}`,
  ).optional(),
  managementLock: yesOrNo(
    `A lock of Azure against deletion of the cluster. ${byProfile("managementLock")}`,
  ).optional(),
  preventDestroy: yesOrNo(
    `Terraform refuses to delete or replace the cluster. ${byProfile("preventDestroy")}`,
  ).optional(),
};
export const aksSettings = Object.keys(aksShape) as readonly (keyof typeof aksShape)[];

const location = named(names.azureLocation, "Azure region.");
const subscription = named(
  names.azureSubscription,
  "Azure subscription. Default: the environment variable ARM_SUBSCRIPTION_ID.",
);

const resourceGroup = (description: string) => ({
  resourceGroup: named(names.resourceGroupName, description),
  existingResourceGroup: yesOrNo(
    "The resource group exists already: Terraform uses it and does not manage it.",
  ).optional(),
});

const ranges = (description: string) =>
  z
    .array(named(names.ipv4Range, "IPv4 range."), { error: "a list of IPv4 ranges" })
    .min(1, { error: "a list of at least one IPv4 range" })
    .describe(description);

const window = section(
  {
    day: oneOf(
      ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
      "Day of the week, UTC.",
    ),
    startTime: named(names.windowStart, "First of four hours, UTC."),
  },
  "Four hours of every week in which AKS upgrades the cluster; never those of another cluster of the mesh. Default: none; in the production profile one computed from the AKS name, the primary's last.",
);

const groupOfCluster = resourceGroup("Resource group of the cluster. Default: azure.resourceGroup.");

/** Fields about where one cluster is. */
export const clusterOnAzureShape = {
  location: location.describe("Azure region of the cluster. Default: azure.location.").optional(),
  resourceGroup: groupOfCluster.resourceGroup.optional(),
  existingResourceGroup: groupOfCluster.existingResourceGroup,
  subscription: subscription
    .describe("Azure subscription of the cluster. Default: azure.subscription.")
    .optional(),
  addressSpace: named(
    names.ipv4Range,
    `Range of the cluster's virtual network; its first half is the nodes' subnet. With azure.network: peered required and without overlaps. ${byDefault(defaults.azure.addressSpace)}`,
  ).optional(),
  vnetSubnetId: named(
    names.subnetId,
    "Existing subnet for the nodes, with its own way out. Default: Terraform creates a virtual network.",
  ).optional(),
  outboundType: oneOf(
    ["userAssignedNATGateway", "userDefinedRouting"],
    `How traffic leaves the existing subnet; ${defaults.azure.outboundType} unless set.`,
  ).optional(),
  egressRanges: ranges(
    "Public IPv4 ranges from which the cluster's outbound traffic comes, for a cluster or a subnet that exists already.",
  ).optional(),
  maintenanceWindow: window.optional(),
};
export const clusterOnAzureSettings = (
  Object.keys(clusterOnAzureShape) as readonly (keyof typeof clusterOnAzureShape)[]
).filter((key) => key !== "egressRanges");

const tag = (limit: number, what: string) => {
  const error = `a string of at most ${limit} characters${what}`;
  return z.string({ error }).max(limit, { error });
};

const tagName = tag(512, " without < > % & \\ ? /")
  .min(1)
  .regex(/^[^<>%&\\?/\p{Cc}]+$/u, { error: "a string of at most 512 characters without < > % & \\ ? /" });

export const azure = section(
  {
    profile: oneOf(
      ["demo", "production"],
      `Defaults of the other fields: the walk-through, or what production baselines agree on (docs/production.md). ${byDefault(defaults.azure.profile)}`,
    ).optional(),
    subscription: subscription.optional(),
    location,
    ...resourceGroup("Resource group of the clusters."),
    ...aksShape,
    network: oneOf(
      ["managed", "own", "peered"],
      `Virtual networks: managed by AKS; one of its own for each cluster, with a NAT gateway; or these, peered, with internal gateways. ${inProfiles(demo.network, production.network)}`,
    ).optional(),
    authorizedIpRanges: ranges(
      "Where operators and pipelines reach the API servers from; the clusters' own addresses are added. Required in the production profile. Default: all sources.",
    ).optional(),
    adminGroupObjectIds: z
      .array(named(names.entraObjectId, "Entra group."), { error: "a list of object IDs" })
      .min(1, { error: "a list of at least one object ID" })
      .describe(
        "Microsoft Entra groups of the cluster administrators. Required in the production profile. Default: none; clusters do not use Entra ID.",
      )
      .optional(),
    containerRegistryId: named(
      names.containerRegistryId,
      "Azure container registry from which the clusters may pull (role AcrPull). Default: none.",
    ).optional(),
    tags: z
      .record(tagName, tag(256, ""), { error: "a mapping of names to strings" })
      .describe("Tags on every resource that Terraform creates.")
      .optional(),
    ignoreTags: z
      .array(tagName, { error: "a list of names of tags" })
      .describe("Names of tags that others set, such as a policy; Terraform leaves them. Default: none.")
      .optional(),
    backend: z
      .record(
        z.string().regex(names.backendType.pattern, { error: names.backendType.allowed }),
        z.record(z.string(), z.unknown(), { error: "a mapping with the settings of the backend block" }),
        { error: "a mapping with one key, the type of the backend, for example azurerm" },
      )
      .describe("Terraform backend: its type, and below it the settings of the block. Default: local state.")
      .optional(),
  },
  "What Terraform creates on Azure. Omit it if every cluster exists already.",
);
