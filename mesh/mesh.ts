import type { AksProfile } from "./aks-profiles";
import type { IstioLine } from "./istio-lines";

/**
 * The mesh that `mesh.yaml` describes: complete (defaults filled in), consistent (every rule of `rules.ts` holds) and
 * frozen. Everything else in this project is computed from it.
 */
export interface Mesh {
  /** Mesh ID, the same in every cluster. Istio: `values.global.meshID`. */
  readonly name: string;
  readonly istio: Istio;
  readonly images: Images;
  /** Where Terraform creates clusters; undefined if every cluster exists already. */
  readonly azure: Azure | undefined;
  /** In the order of `mesh.yaml`; the primary may be anywhere. */
  readonly clusters: readonly Cluster[];
  /** The one cluster that runs the control plane. */
  readonly primary: Cluster;
  /** The clusters that use the primary's control plane. */
  readonly remotes: readonly Cluster[];
  /** Undefined: `mesh apply` applies everything. */
  readonly gitops: GitOps | undefined;
  readonly ca: CaSource;
  readonly gateways: Gateways;
  /** Undefined: no sample app. */
  readonly sample: Sample | undefined;
  readonly addons: Addons;
}

export interface Istio {
  readonly line: IstioLine;
  /** Patch version, for example 1.31.1. */
  readonly version: string;
  /** Registry and path of Istio's own images, for example docker.io/istio. */
  readonly hub: string;
  /** Names of image pull Secrets that must exist in istio-system and the sample's namespace. */
  readonly pullSecrets: readonly string[];
  /** The node agent istio-cni redirects the pods' traffic, and injected pods need no NET_ADMIN. */
  readonly cni: boolean;
  /** Istio's own NetworkPolicies admit only the ports that its pods serve. */
  readonly networkPolicy: boolean;
}

/** Where the clusters pull images from. */
export interface Images {
  /** Registry and path that replace the registry of every image. @default - undefined: upstream's registries */
  readonly registry: string | undefined;
}

export interface Azure {
  readonly profile: AksProfile;
  /** Subscription UUID. @default - undefined: ARM_SUBSCRIPTION_ID, as the provider reads it */
  readonly subscription: string | undefined;
  readonly location: string;
  /** Of what the clusters share, and of each cluster that names no other one. */
  readonly resourceGroup: ResourceGroup;
  readonly tags: Readonly<Record<string, string>>;
  /** Names of tags that others set. */
  readonly ignoreTags: readonly string[];
  readonly backend: TerraformBackend | undefined;
  readonly network: AzureNetwork;
  /** IPv4 ranges of the operators and pipelines that may reach the API servers; empty: API servers are open. */
  readonly authorizedIpRanges: readonly string[];
  /** Microsoft Entra groups of the cluster administrators; empty: clusters do not use Entra ID. */
  readonly adminGroupObjectIds: readonly string[];
  /** Resource ID of an Azure container registry from which the clusters may pull. */
  readonly containerRegistryId: string | undefined;
}

/**
 * `managed`: AKS creates the virtual networks, and outbound addresses are unknown. `own`: a virtual network with a NAT
 * gateway for each cluster. `peered`: the same, each connected with all others.
 */
export type AzureNetwork = "managed" | "own" | "peered";

/** A Terraform backend block, unchanged. Undefined in `Azure`: local state beside `mesh.yaml`. */
export interface TerraformBackend {
  /** For example azurerm. */
  readonly type: string;
  /** The block's own settings, in Terraform's snake_case. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface Cluster {
  /** Name in the mesh (Istio: `clusterName`). A DNS-1123 label. */
  readonly name: string;
  readonly role: "primary" | "remote";
  /** Istio network; different for every cluster. */
  readonly network: string;
  /** Kubeconfig context: the one given, or the AKS name, which is what `az aks get-credentials` writes. */
  readonly context: string;
  /** Undefined: the cluster exists already, and Terraform does not manage it. */
  readonly aks: Aks | undefined;
  /** Public IPv4 ranges of outbound traffic, as far as mesh.yaml says; the NAT gateway's are known to Terraform. */
  readonly egressRanges: readonly string[];
}

/** An AKS cluster that Terraform creates. */
export interface Aks extends AksSettings {
  readonly name: string;
  readonly location: string;
  readonly resourceGroup: ResourceGroup;
  /** Subscription UUID. @default - undefined: ARM_SUBSCRIPTION_ID */
  readonly subscription: string | undefined;
  readonly kubernetesVersion: string;
  /** Range of the virtual network that Terraform creates; the nodes' subnet is its first half. */
  readonly addressSpace: string;
  /** Resource ID of an existing subnet for the nodes; undefined: Terraform creates the network. */
  readonly vnetSubnetId: string | undefined;
  /** How traffic leaves an existing subnet. */
  readonly outboundType: "userAssignedNATGateway" | "userDefinedRouting";
  /** Undefined: AKS upgrades at any time, and only node images. */
  readonly maintenanceWindow: MaintenanceWindow | undefined;
}

/** Settings of an AKS cluster, each with azurerm's name in camel case. `azure.profile` has their defaults. */
export interface AksSettings {
  readonly skuTier: "Free" | "Standard" | "Premium";
  readonly supportPlan: "KubernetesOfficial" | "AKSLongTermSupport";
  readonly networkDataPlane: "azure" | "cilium";
  readonly networkPolicy: "none" | "azure" | "calico" | "cilium";
  readonly localAccountDisabled: boolean;
  readonly runCommandEnabled: boolean;
  readonly workloadIdentityEnabled: boolean;
  readonly automaticUpgradeChannel: "none" | "patch" | "stable" | "rapid";
  readonly nodeOsUpgradeChannel: "NodeImage" | "SecurityPatch" | "Unmanaged" | "None";
  readonly azurePolicyEnabled: boolean;
  readonly keyVaultSecretsProvider: boolean;
  readonly imageCleanerEnabled: boolean;
  /** Settings of the autoscaler for workloads with sidecars. */
  readonly autoScalerProfile: boolean;
  /** Container Insights. */
  readonly omsAgent: boolean;
  /** Managed Prometheus. */
  readonly monitorMetrics: boolean;
  /** Audit logs of the API server. */
  readonly monitorDiagnosticSetting: boolean;
  readonly microsoftDefender: boolean;
  /** A lock of Azure against deletion. */
  readonly managementLock: boolean;
  /** Terraform refuses to plan the cluster's deletion or replacement. */
  readonly preventDestroy: boolean;
  /** Of the workloads; without a system pool, of everything. */
  readonly nodePool: NodePool;
  /** For AKS's own pods alone. */
  readonly systemNodePool: NodePool | undefined;
}

export interface ResourceGroup {
  readonly name: string;
  /** It exists already, and Terraform does not manage it. */
  readonly existing: boolean;
  /** Of the group itself; its resources may be elsewhere. */
  readonly location: string;
}

export interface NodePool {
  readonly vmSize: string;
  /** Initial number of nodes; then the autoscaler changes it. */
  readonly nodes: number;
  readonly minNodes: number;
  readonly maxNodes: number;
  /** Availability zones; empty: Azure chooses. */
  readonly zones: readonly number[];
  readonly osDiskType: "Managed" | "Ephemeral";
  readonly osSku: "Ubuntu" | "AzureLinux";
  readonly hostEncryptionEnabled: boolean;
  /** Pods of a node. @default - undefined: AKS's choice */
  readonly maxPods: number | undefined;
}

/** Four hours of every week, UTC. */
export interface MaintenanceWindow {
  readonly day: Day;
  /** Full hour, for example 04:00. */
  readonly startTime: string;
}

export type Day = "Monday" | "Tuesday" | "Wednesday" | "Thursday" | "Friday" | "Saturday" | "Sunday";

/** The tool that applies `dist` from a Git repository. */
export interface GitOps {
  readonly tool: "argocd" | "flux";
  /** Undefined for Flux, which has its own. */
  readonly repository: string | undefined;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Folder of `dist` in the repository. */
  readonly path: string;
  /** ClusterSecretStore for the Secret `cacerts`; undefined: users make the Secret. */
  readonly secretStore: string | undefined;
}

/** Where the CA's certificates and keys come from. */
export interface CaSource {
  /** `generated`: by `mesh ca`. `files`: by the user, in `directory`. */
  readonly from: "generated" | "files";
  /** Folder as written in `mesh.yaml`, relative to that file; undefined: `mesh.ca` beside it. */
  readonly directory: string | undefined;
  /** Accept Istio's published sample certificates, with a warning: their keys are public. */
  readonly acceptSampleCertificates: boolean;
}

export interface Gateways {
  /** `discovered`: read from the Service after the installation. `static`: a public IP that Terraform creates. */
  readonly address: "discovered" | "static";
  /** IPv4 ranges that may reach the gateways, the ingress gateway included; empty: all sources. */
  readonly allowedSourceRanges: readonly string[];
  /** Internal load balancers for all gateways; the virtual networks of the clusters must be connected. */
  readonly internal: boolean;
  /** The primary has Istio's ingress gateway. */
  readonly ingress: boolean;
}

export interface Sample {
  readonly namespace: string;
  /** Versions of helloworld, with their clusters. */
  readonly versions: readonly SampleVersion[];
  /** Percentage of requests per version; the sum is 100. Undefined: no VirtualService, every pod gets an equal share. */
  readonly weights: Readonly<Record<string, number>> | undefined;
}

export interface SampleVersion {
  /** For example v1. */
  readonly name: string;
  /** Names of its clusters. */
  readonly clusters: readonly string[];
}

/** Addons on the primary. */
export interface Addons {
  readonly prometheus: boolean;
  readonly kiali: boolean;
}

/**
 * Addresses of the east-west gateways by cluster name: IPv4 addresses, or host names if the Istio line accepts them.
 * Discovered after the installation or taken from Terraform, and kept in a file beside `mesh.yaml`.
 */
export type Addresses = Readonly<Record<string, string>>;
