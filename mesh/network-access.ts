import type { Aks, Azure, Cluster, Mesh } from "./mesh";

/**
 * Who may open connections to a cluster in a closed network, which `azure.network: own` and `peered` make. A cluster
 * stands for the addresses of its outbound traffic.
 */
export interface NetworkAccess {
  /** To the API server: undefined if every source may, or AKS decides. */
  readonly apiServer:
    | { readonly operators: readonly string[]; readonly clusters: readonly Cluster[] }
    | undefined;
  /** To the east-west gateway; undefined if every source may. */
  readonly eastWestGateway: readonly Cluster[] | undefined;
}

export type CreatedCluster = Cluster & { readonly aks: Aks };

/** Terraform creates the cluster. */
export function isCreated(cluster: Cluster): cluster is CreatedCluster {
  return cluster.aks !== undefined;
}

/** Terraform creates the virtual network of the cluster too. */
export const hasOwnNetwork = ({ network }: Azure, { vnetSubnetId }: Aks) =>
  network !== "managed" && vnetSubnetId === undefined;

/** Who may connect, in words; undefined where every source may. */
export interface AccessInWords {
  readonly apiServer: string | undefined;
  readonly eastWestGateway: string | undefined;
}

/** For example `198.51.100.0/24, main0, remote0`: ranges of operators, and clusters by their outbound addresses. */
export function accessInWords(mesh: Mesh, cluster: Cluster): AccessInWords {
  const { apiServer, eastWestGateway } = networkAccess(mesh, cluster);
  const names = (clusters: readonly Cluster[]) => clusters.map(({ name }) => name);
  return {
    apiServer: apiServer && [...apiServer.operators, ...names(apiServer.clusters)].join(", "),
    eastWestGateway: eastWestGateway && eastWestInWords(mesh, names(eastWestGateway).join(", ")),
  };
}

function eastWestInWords({ gateways }: Mesh, clusters: string): string {
  if (clusters === "") return "no source";
  // Azure's default rules admit connected networks as a whole.
  return gateways.internal ? `the networks of ${clusters}` : clusters;
}

/**
 * istiod on the primary watches every API server; every other cluster's pods call the east-west gateway, and its
 * proxies call istiod through the primary's. A cluster's own nodes reach their API server at its public address, and
 * AKS does not add the address of a NAT gateway (onyx-dot-app/onyx#14156, read 2026-11-27).
 */
export function networkAccess(mesh: Mesh, cluster: Cluster): NetworkAccess {
  const { azure, primary, clusters } = mesh;
  if (!azure || !isCreated(cluster) || azure.network === "managed")
    return { apiServer: undefined, eastWestGateway: undefined };
  return {
    apiServer:
      azure.authorizedIpRanges.length > 0
        ? {
            operators: azure.authorizedIpRanges,
            clusters: [...new Set([primary, cluster])],
          }
        : undefined,
    eastWestGateway: hasOwnNetwork(azure, cluster.aks)
      ? clusters.filter((other) => other !== cluster)
      : undefined,
  };
}
