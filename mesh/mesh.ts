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
  /** Subscription UUID. @default - undefined: ARM_SUBSCRIPTION_ID, as the provider reads it */
  readonly subscription: string | undefined;
  readonly location: string;
  readonly resourceGroup: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly backend: TerraformBackend | undefined;
}

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
}

/** An AKS cluster that Terraform creates. */
export interface Aks {
  readonly name: string;
  readonly kubernetesVersion: string;
  readonly nodePool: NodePool;
}

export interface NodePool {
  readonly vmSize: string;
  /** Initial number of nodes; then the autoscaler changes it. */
  readonly nodes: number;
  readonly minNodes: number;
  readonly maxNodes: number;
}

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
