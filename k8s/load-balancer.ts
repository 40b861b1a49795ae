import { gatewayAddressName } from "../mesh/azure-names";
import { proxyHealth } from "../mesh/istio-lines";
import type { Cluster, Mesh } from "../mesh/mesh";

/**
 * How the load balancer in front of a gateway is set up, whichever gateway. Other clouds pass Azure's annotations over.
 */
export interface LoadBalancer {
  readonly annotations: Readonly<Record<string, string>>;
  /** The Service's field; undefined: everyone may come. */
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

/**
 * Azure asks the gateway's own readiness, for every port. By itself it dials the port, on which Envoy listens only
 * once a Gateway opens it; a load balancer with no healthy port answers nobody.
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
 * Annotations that give the primary's cross-cluster gateway the public IP that Terraform made. It lies outside the
 * node resource group, where AKS looks by itself.
 */
export function staticAddress(
  { azure: terraform, gateways }: Mesh,
  { role, aks }: Cluster,
): Record<string, string> {
  if (gateways.address !== "static" || role !== "primary" || !aks || !terraform) return {};
  return {
    [`${azure}/azure-load-balancer-resource-group`]: terraform.resourceGroup,
    [`${azure}/azure-pip-name`]: gatewayAddressName(aks),
  };
}
