import { type AksProfile, aksProfiles } from "./aks-profiles";
import type { ClusterConfig, MeshConfig } from "./config";
import { defaults } from "./defaults";
import { hubOf } from "./images";
import { defaultIstioLine, type IstioLine, istioLines } from "./istio-lines";
import { computedWindow } from "./maintenance-window";
import type { Aks, AksSettings, Azure, Cluster, Mesh, ResourceGroup, Sample } from "./mesh";

type AzureConfig = NonNullable<MeshConfig["azure"]>;

/**
 * Fills in every default. It accepts any file that fits the schema, so that rules get a mesh even of an inconsistent
 * file.
 */
export function normalize(config: MeshConfig): Mesh {
  const wanted = config.istio?.line ?? defaults.istio.line;
  const line = istioLines.find(({ id }) => id === wanted) ?? defaultIstioLine;
  const azure = config.azure && normalizeAzure(config.azure);
  const clusters = config.clusters.map((cluster) => normalizeCluster(cluster, config, line));
  // A rule refuses a file without a primary; until then the first cluster replaces it.
  const primary = clusters.find(({ role }) => role === "primary") ?? clusters[0]!;
  const remotes = clusters.filter(({ role }) => role === "remote");
  return deepFreeze({
    name: config.name ?? defaults.name,
    istio: {
      line,
      version: config.istio?.version ?? line.version,
      hub: hubOf(line, config.istio?.hub, config.images?.registry),
      pullSecrets: config.istio?.pullSecrets ?? [],
      cni:
        config.istio?.cni ?? (line.lacks.cni === undefined && aksProfiles[profileOf(config.azure)].istioCni),
      networkPolicy: config.istio?.networkPolicy ?? defaults.istio.networkPolicy,
    },
    images: { registry: config.images?.registry },
    azure,
    clusters,
    primary,
    remotes,
    gitops: config.gitops && {
      tool: config.gitops.tool,
      repository: config.gitops.repository,
      revision: config.gitops.revision ?? defaults.gitops.revision,
      path: config.gitops.path ?? defaults.gitops.path,
      secretStore: config.gitops.secretStore,
    },
    ca: {
      from: config.ca?.files === undefined ? "generated" : "files",
      directory: config.ca?.files,
      acceptSampleCertificates: config.ca?.acceptSampleCertificates ?? defaults.ca.acceptSampleCertificates,
    },
    gateways: {
      address: config.gateways?.address ?? defaults.gateways.address,
      allowedSourceRanges: config.gateways?.allowedSourceRanges ?? [],
      internal: config.gateways?.internal ?? azure?.network === "peered",
      ingress: config.gateways?.ingress ?? defaults.gateways.ingress,
    },
    sample:
      (config.sample?.enabled ?? defaults.sample.enabled)
        ? normalizeSample(config.sample, primary, remotes)
        : undefined,
    addons: {
      prometheus: config.addons?.prometheus ?? defaults.addons.prometheus,
      kiali: config.addons?.kiali ?? config.addons?.prometheus ?? defaults.addons.prometheus,
    },
  });
}

function normalizeAzure(azure: AzureConfig): Azure {
  const [backend] = Object.entries(azure.backend ?? {});
  return {
    profile: profileOf(azure),
    subscription: azure.subscription?.toLowerCase(),
    location: azure.location,
    resourceGroup: groupOf(azure),
    tags: azure.tags ?? {},
    ignoreTags: azure.ignoreTags ?? [],
    backend: backend && { type: backend[0], settings: backend[1] },
    network: azure.network ?? aksProfiles[profileOf(azure)].network,
    authorizedIpRanges: azure.authorizedIpRanges ?? [],
    adminGroupObjectIds: azure.adminGroupObjectIds ?? [],
    containerRegistryId: azure.containerRegistryId,
  };
}

const profileOf = (azure: AzureConfig | undefined): AksProfile => azure?.profile ?? defaults.azure.profile;

const groupOf = ({ resourceGroup, existingResourceGroup = false, location }: AzureConfig): ResourceGroup => ({
  name: resourceGroup,
  existing: existingResourceGroup,
  location,
});

function normalizeCluster(cluster: ClusterConfig, { azure }: MeshConfig, line: IstioLine): Cluster {
  const role = cluster.role ?? defaults.cluster.role;
  return {
    name: cluster.name,
    role,
    network: cluster.network,
    context: cluster.context ?? cluster.aks ?? cluster.name,
    aks: cluster.aks === undefined ? undefined : normalizeAks(cluster.aks, role, cluster, azure, line),
    egressRanges: cluster.egressRanges ?? [],
  };
}

function normalizeAks(
  name: string,
  role: Cluster["role"],
  cluster: ClusterConfig,
  // A rule asks for the section; until then there is none.
  azure: AzureConfig = { location: "", resourceGroup: "" },
  line: IstioLine,
): Aks {
  const { aks: profile, maintenanceWindows } = aksProfiles[profileOf(azure)];
  const location = cluster.location ?? azure.location;
  const { resourceGroup, existingResourceGroup } = cluster;
  const nodePool = { ...profile.nodePool, ...azure.nodePool, ...cluster.nodePool };
  const systemPool = [profile.systemNodePool, azure.systemNodePool, cluster.systemNodePool];
  return {
    ...profile,
    ...settingsOf(azure, profile),
    ...settingsOf(cluster, profile),
    name,
    location,
    subscription: (cluster.subscription ?? azure.subscription)?.toLowerCase(),
    resourceGroup:
      resourceGroup === undefined
        ? groupOf(azure)
        : groupOf({ resourceGroup, existingResourceGroup, location }),
    kubernetesVersion: cluster.kubernetesVersion ?? azure.kubernetesVersion ?? line.kubernetes.default,
    nodePool,
    systemNodePool: systemPool.some(Boolean) ? Object.assign({}, nodePool, ...systemPool) : undefined,
    addressSpace: cluster.addressSpace ?? defaults.azure.addressSpace,
    vnetSubnetId: cluster.vnetSubnetId,
    outboundType: cluster.outboundType ?? defaults.azure.outboundType,
    maintenanceWindow:
      cluster.maintenanceWindow ?? (maintenanceWindows ? computedWindow(name, role) : undefined),
  };
}

/** The fields that are written and that a profile has. */
function settingsOf(
  written: { readonly [Key in keyof AksSettings]?: unknown },
  profile: { readonly [Key in keyof AksSettings]: unknown },
): Partial<AksSettings> {
  const keys = (Object.keys(profile) as (keyof AksSettings)[]).filter((key) => written[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, written[key]]));
}

function normalizeSample(
  sample: MeshConfig["sample"],
  primary: Cluster,
  remotes: readonly Cluster[],
): Sample {
  const versions = sample?.versions ?? { v1: [primary.name], v2: remotes.map(({ name }) => name) };
  return {
    namespace: sample?.namespace ?? defaults.sample.namespace,
    versions: Object.entries(versions)
      .filter(([, clusters]) => clusters.length > 0)
      .map(([name, clusters]) => ({ name, clusters })),
    weights: sample?.weights,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
