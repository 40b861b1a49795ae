import { gatewayAddressName } from "../mesh/azure-names";
import { proxyHealth } from "../mesh/istio-lines";
import type { Cluster, Mesh } from "../mesh/mesh";
import { networkAccess } from "../mesh/network-access";

/** Settings of the load balancer in front of a gateway. Other clouds ignore Azure's annotations. */
export interface LoadBalancer {
  readonly annotations: Readonly<Record<string, string>>;
  /** Field of the Service; undefined: open to every source. */
  readonly sourceRanges: { readonly loadBalancerSourceRanges: readonly string[] } | undefined;
}

const azure = "service.beta.kubernetes.io";

export function loadBalancer({ gateways }: Mesh): LoadBalancer {
  const { internal, allowedSourceRanges } = gateways;
  return {
    annotations: internal ? { [`${azure}/azure-load-balancer-internal`]: "true" } : {},
    sourceRanges:
      allowedSourceRanges.length > 0 ? { loadBalancerSourceRanges: allowedSourceRanges } : undefined,
  };
}

/** The same for an east-west gateway. In a closed network Terraform's rules admit its peers, whose addresses it knows. */
export function eastWestLoadBalancer(mesh: Mesh, cluster: Cluster): LoadBalancer {
  const { annotations, sourceRanges } = loadBalancer(mesh);
  const isClosed = networkAccess(mesh, cluster).eastWestGateway !== undefined;
  return { annotations, sourceRanges: isClosed ? undefined : sourceRanges };
}

/**
 * Azure probes the gateway's readiness for every port. Its default dials the port itself, on which Envoy listens only
 * once a Gateway opens it, and a load balancer without a healthy port answers no request.
 * https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/#custom-load-balancer-health-probe, read 2026-11-27
 */
export function healthProbes(ports: readonly number[]): Record<string, string> {
  return Object.fromEntries(
    ports.flatMap((port) => [
      [`${azure}/port_${port}_health-probe_port`, String(proxyHealth.port)],
      [`${azure}/port_${port}_health-probe_protocol`, "Http"],
      [`${azure}/port_${port}_health-probe_request-path`, proxyHealth.path],
    ]),
  );
}

/**
 * Annotations that give the primary's gateway the public IP that Terraform created. By default AKS looks for it in the
 * node resource group only.
 */
export function staticAddress({ gateways }: Mesh, { role, aks }: Cluster): Record<string, string> {
  if (gateways.address !== "static" || role !== "primary" || !aks) return {};
  return {
    [`${azure}/azure-load-balancer-resource-group`]: aks.resourceGroup.name,
    [`${azure}/azure-pip-name`]: gatewayAddressName(aks),
  };
}
