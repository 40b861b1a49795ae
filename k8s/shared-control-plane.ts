import type { Cluster, Mesh } from "../mesh/mesh";
import { istioNamespace } from "./istio-names";
import { type IstioOperator, istioOperator } from "./istio-operator";
import { loadBalancer, staticAddress } from "./load-balancer";

/**
 * Istio 1.7's main cluster. Every network is named with the gateway through which it is entered.
 * https://istio.io/v1.7/docs/setup/install/multicluster/shared/, read 2026-11-23
 */
export function mainCluster(mesh: Mesh, cluster: Cluster): IstioOperator {
  return operator(mesh, cluster, {
    meshNetworks: Object.fromEntries(
      mesh.clusters.map((member) => [member.network, meshNetwork(mesh, member)]),
    ),
    // Opens istiod on the ingress gateway.
    meshExpansion: { enabled: true },
  });
}

/**
 * Istio 1.7's remote cluster. It runs an istiod for injection and certificates; configuration comes from the main one.
 * @param address an IPv4 literal: it is rendered straight into an Endpoints `ip`
 */
export function remoteCluster(mesh: Mesh, cluster: Cluster, address: string): IstioOperator {
  return operator(mesh, cluster, { remotePilotAddress: address });
}

function operator(mesh: Mesh, cluster: Cluster, global: Record<string, unknown>): IstioOperator {
  const { hub, version, pullSecrets, line } = mesh.istio;
  const { annotations, sourceRanges } = loadBalancer(mesh);
  const serviceAnnotations = { ...annotations, ...staticAddress(mesh, cluster) };
  const gateway = {
    ...(Object.keys(serviceAnnotations).length > 0 && { serviceAnnotations }),
    ...sourceRanges,
  };
  return istioOperator({
    hub,
    tag: version,
    values: {
      ...(Object.keys(gateway).length > 0 && { gateways: { [line.gateway.name]: gateway } }),
      global: {
        multiCluster: { clusterName: cluster.name },
        network: cluster.network,
        ...global,
        ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
      },
    },
  });
}

function meshNetwork({ istio }: Mesh, { name }: Cluster) {
  const { gateway } = istio.line;
  return {
    endpoints: [{ fromRegistry: name }],
    gateways: [
      {
        registry_service_name: `${gateway.name}.${istioNamespace}.svc.cluster.local`,
        port: gateway.dataPort,
      },
    ],
  };
}
