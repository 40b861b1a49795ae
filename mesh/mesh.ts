import type { IstioLine } from "./istio-lines";

/**
 * The mesh that `mesh.yaml` asks for: complete (no optionals left open by defaults), consistent (every rule
 * of `rules.ts` holds) and frozen. Everything else in this project is computed from it.
 */
export interface Mesh {
  /** Mesh ID, the same in every cluster. Istio: `values.global.meshID`. */
  readonly name: string;
  readonly istio: Istio;
  readonly images: Images;
  /** Where Terraform makes clusters; undefined when every cluster exists already. */
  readonly azure: Azure | undefined;
  /** In the order of `mesh.yaml`, the primary wherever it stands there. */
  readonly clusters: readonly Cluster[];
  /** The one cluster that runs the control plane. */
  readonly primary: Cluster;
  /** The clusters that use the primary's control plane. */
  readonly remotes: readonly Cluster[];
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
}

/** Where the clusters pull images from. */
export interface Images {
  /** Registry and path that take the place of every image's own registry. @default - undefined: upstream's registries */
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

/** A Terraform backend block, taken over as it is. Undefined in `Azure`: local state beside `mesh.yaml`. */
export interface TerraformBackend {
  /** Terraform's name of the backend, for example azurerm. */
  readonly type: string;
  /** The block's own settings, in Terraform's snake_case. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface Cluster {
  /** Name from the perspective of the mesh (Istio: `clusterName`). A DNS-1123 label. */
  readonly name: string;
  readonly role: "primary" | "remote";
  /** Istio network; every cluster has its own. */
  readonly network: string;
  /** Kubeconfig context: the one given, or the AKS name, which is what `az aks get-credentials` writes. */
  readonly context: string;
  /** Undefined: the cluster exists already and Terraform leaves it alone. */
  readonly aks: Aks | undefined;
}

/** An AKS cluster that Terraform makes. */
export interface Aks {
  readonly name: string;
  readonly kubernetesVersion: string;
  readonly nodePool: NodePool;
}

export interface NodePool {
  readonly vmSize: string;
  /** Nodes to begin with; the autoscaler moves on from there. */
  readonly nodes: number;
  readonly minNodes: number;
  readonly maxNodes: number;
}

/** Where the CA's certificates and keys come from. */
export interface CaSource {
  /** `generated`: `mesh ca` makes them. `files`: the user did, in `directory`. */
  readonly from: "generated" | "files";
  /** Folder as written in `mesh.yaml`, relative to that file; undefined for the folder beside it (`mesh.ca`). */
  readonly directory: string | undefined;
  /** Istio's published sample certificates pass, with a warning. For demos: their keys are public. */
  readonly acceptSampleCertificates: boolean;
}

export interface Gateways {
  /** `discovered`: read off the Service after the install. `static`: a public IP made by Terraform. */
  readonly address: "discovered" | "static";
  /** IPv4 ranges that may reach the gateways, the ingress gateway included; empty: everyone. */
  readonly allowedSourceRanges: readonly string[];
  /** Internal load balancers for all gateways (the clusters' virtual networks must be connected). */
  readonly internal: boolean;
  /** The primary keeps Istio's ordinary ingress gateway. */
  readonly ingress: boolean;
}

export interface Sample {
  readonly namespace: string;
  /** Which versions of helloworld run, and where. */
  readonly versions: readonly SampleVersion[];
  /** Percent of requests per version, summing to 100; undefined: no VirtualService, pods share equally. */
  readonly weights: Readonly<Record<string, number>> | undefined;
}

export interface SampleVersion {
  /** For example v1. */
  readonly name: string;
  /** Names of the clusters that run it. */
  readonly clusters: readonly string[];
}

/** What runs on the primary beside Istio. */
export interface Addons {
  readonly prometheus: boolean;
  readonly kiali: boolean;
}

/**
 * Gateway addresses by cluster name: IPv4 literals, or host names where the Istio line accepts them.
 * Known after the install (or from Terraform), kept in a small file beside `mesh.yaml`.
 */
export type Addresses = Readonly<Record<string, string>>;
