import type { Cluster, Mesh } from "../../mesh/mesh";
import { istioNamespace } from "../istio-names";
import { type IstioOperator, istioOperator, type OperatorFile } from "../istio-operator";
import { loadBalancer, staticAddress } from "../load-balancer";

const istioFile = {
  file: "istio/istio.yaml",
  // 1.7's gateways have an image of their own, and may start beside istiod.
  renders: { controlPlane: "istio/rendered/istio.yaml" },
} as const;

/** What Istio 1.7 installs in the walk-through. */
export const sharedControlPlaneOperators: Record<Cluster["role"], readonly OperatorFile[]> = {
  primary: [{ ...istioFile, make: mainCluster }],
  remote: [{ ...istioFile, needs: "primary address", make: remoteCluster }],
};

/**
 * The main cluster, with the gateway of every network.
 * https://istio.io/v1.7/docs/setup/install/multicluster/shared/, read 2026-11-23
 */
function mainCluster(mesh: Mesh, cluster: Cluster): IstioOperator {
  return operator(mesh, cluster, {
    meshNetworks: Object.fromEntries(
      mesh.clusters.map((member) => [member.network, meshNetwork(mesh, member)]),
    ),
    // Opens istiod on the ingress gateway.
    meshExpansion: { enabled: true },
  });
}

/**
 * A remote runs an istiod for injection and certificates; configuration comes from the main cluster.
 * @param address an IPv4 literal: it is rendered straight into an Endpoints `ip`
 */
function remoteCluster(mesh: Mesh, cluster: Cluster, address: string): IstioOperator {
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
