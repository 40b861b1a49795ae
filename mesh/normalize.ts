import type { ClusterConfig, MeshConfig } from "./config";
import { defaults } from "./defaults";
import { hubOf } from "./images";
import { defaultIstioLine, type IstioLine, istioLines } from "./istio-lines";
import type { Azure, Cluster, Mesh, Sample } from "./mesh";

/**
 * Fills in every default. It accepts any file that fits the schema, so that rules get a mesh even of an inconsistent
 * file.
 */
export function normalize(config: MeshConfig): Mesh {
  const wanted = config.istio?.line ?? defaults.istio.line;
  const line = istioLines.find(({ id }) => id === wanted) ?? defaultIstioLine;
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
      cni: config.istio?.cni ?? defaults.istio.cni,
      networkPolicy: config.istio?.networkPolicy ?? defaults.istio.networkPolicy,
    },
    images: { registry: config.images?.registry },
    azure: config.azure && normalizeAzure(config.azure),
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
      internal: config.gateways?.internal ?? defaults.gateways.internal,
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

function normalizeAzure(azure: NonNullable<MeshConfig["azure"]>): Azure {
  const [backend] = Object.entries(azure.backend ?? {});
  return {
    subscription: azure.subscription,
    location: azure.location,
    resourceGroup: azure.resourceGroup,
    tags: azure.tags ?? {},
    backend: backend && { type: backend[0], settings: backend[1] },
  };
}

function normalizeCluster(cluster: ClusterConfig, { azure }: MeshConfig, line: IstioLine): Cluster {
  return {
    name: cluster.name,
    role: cluster.role ?? defaults.cluster.role,
    network: cluster.network,
    context: cluster.context ?? cluster.aks ?? cluster.name,
    aks:
      cluster.aks === undefined
        ? undefined
        : {
            name: cluster.aks,
            kubernetesVersion:
              cluster.kubernetesVersion ?? azure?.kubernetesVersion ?? line.kubernetes.default,
            nodePool: { ...defaults.nodePool, ...azure?.nodePool, ...cluster.nodePool },
          },
  };
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
