import { ingressGateway as ingress, proxyHealth } from "../mesh/istio-lines";
import type { Cluster, Mesh } from "../mesh/mesh";
import { istioNamespace, networkLabel } from "./istio-names";
import { type IstioOperator, istioOperator, type OperatorFile } from "./istio-operator";
import { eastWestLoadBalancer, healthProbes, loadBalancer, staticAddress } from "./load-balancer";

/** The primary in one file; a remote in two, because its gateway starts only after the primary can read the remote. */
export const primaryRemoteOperators: Record<Cluster["role"], readonly OperatorFile[]> = {
  primary: [
    {
      file: "istio/istio.yaml",
      renders: { controlPlane: "istio/rendered/istio.yaml", gateways: "istio/rendered/istio-gateways.yaml" },
      make: primary,
    },
  ],
  remote: [
    {
      file: "istio/control-plane.yaml",
      renders: { controlPlane: "istio/rendered/control-plane.yaml" },
      needs: "primary address",
      make: remoteControlPlane,
    },
    {
      file: "istio/eastwest-gateway.yaml",
      renders: { gateways: "istio/rendered/eastwest-gateway.yaml" },
      make: remoteGateway,
    },
  ],
};

/**
 * The primary in one file: control plane, east-west gateway and, if kept, the ingress gateway.
 * https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/, read 2026-11-27
 */
function primary(mesh: Mesh, cluster: Cluster): IstioOperator {
  return istioOperator(
    {
      profile: "default",
      ...images(mesh),
      components: {
        ...cniComponent(mesh),
        // The list replaces the profile's.
        ingressGateways: [
          eastWestGateway(mesh, cluster),
          ...(mesh.gateways.ingress ? [ingressGateway(mesh, cluster)] : []),
        ],
      },
      values: {
        ...controlPlaneReplicas(cluster),
        ...gatewayValues(cluster),
        global: {
          meshID: mesh.name,
          multiCluster: { clusterName: cluster.name },
          network: cluster.network,
          externalIstiod: true,
          ...networkPolicy(mesh),
          ...pullSecrets(mesh),
        },
      },
    },
    "istio",
  );
}

/** A remote without its gateway: webhook, RBAC, and a Service `istiod` that leads to the primary's gateway. */
function remoteControlPlane(mesh: Mesh, cluster: Cluster, address: string): IstioOperator {
  return istioOperator(
    {
      profile: "remote",
      ...images(mesh),
      ...(mesh.istio.cni && { components: cniComponent(mesh) }),
      values: {
        istiodRemote: { injectionPath: `/inject/cluster/${cluster.name}/net/${cluster.network}` },
        global: { remotePilotAddress: address, ...networkPolicy(mesh), ...pullSecrets(mesh) },
      },
    },
    "istio",
  );
}

/** A remote's east-west gateway. The primary injects its pod, and needs the remote secret for that. */
function remoteGateway(mesh: Mesh, cluster: Cluster): IstioOperator {
  return istioOperator(
    {
      profile: "empty",
      ...images(mesh),
      components: { ingressGateways: [eastWestGateway(mesh, cluster)] },
      values: {
        ...gatewayValues(cluster),
        global: { network: cluster.network, ...networkPolicy(mesh), ...pullSecrets(mesh) },
      },
    },
    "eastwest",
  );
}

/** Without these istioctl uses images of its own version. */
function images({ istio }: Mesh) {
  return { hub: istio.hub, tag: istio.version };
}

function pullSecrets({ istio }: Mesh) {
  return istio.pullSecrets.length > 0 ? { imagePullSecrets: istio.pullSecrets } : {};
}

/**
 * The node agent. istioctl sets `pilot.cni.enabled` with it, so that istiod injects no istio-init. AKS has the plugins in
 * the chart's default folders. https://istio.io/latest/docs/setup/additional-setup/cni/, read 2026-11-30
 */
function cniComponent({ istio }: Mesh) {
  return istio.cni ? { cni: { enabled: true, namespace: istioNamespace } } : {};
}

/**
 * https://istio.io/latest/docs/setup/additional-setup/network-policy/, read 2026-11-30. istioctl hands the ports of a
 * gateway's Service to its chart, so the policy admits them.
 */
function networkPolicy({ istio }: Mesh) {
  return istio.networkPolicy ? { networkPolicy: { enabled: true } } : {};
}

/**
 * Two pods, and upstream's charts add the PodDisruptionBudget that keeps one while nodes are drained. An existing
 * cluster may be too small for that and gets upstream's default of one.
 */
function replicas({ aks }: Cluster) {
  return aks ? { autoscaleMin: 2 } : {};
}

function controlPlaneReplicas(cluster: Cluster) {
  return cluster.aks ? { pilot: { ...replicas(cluster), topologySpreadConstraints: apart("istiod") } } : {};
}

/**
 * Spreads the pods of a Deployment over zones and nodes, as far as possible. The scheduler does not score nodes that lack
 * one of the labels, but AKS nodes have both: without zones, the zone is the fault domain
 * (https://kubernetes-sigs.github.io/cloud-provider-azure/topics/availability-zones/, read 2026-11-30). With the hash, pods
 * of the previous ReplicaSet do not count during an update.
 */
function apart(app: string) {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { app } },
    matchLabelKeys: ["pod-template-hash"],
  }));
}

/** Gateways are injected with upstream's template for gateways. The key applies to all of them. */
function gatewayValues(cluster: Cluster) {
  return { gateways: { [ingress.name]: { injectionTemplate: "gateway", ...replicas(cluster) } } };
}

/** Upstream's gateway template probes every 15 s, which can delay a ready gateway by as much. */
const readinessProbe = {
  httpGet: proxyHealth,
  periodSeconds: 2,
  timeoutSeconds: 3,
  failureThreshold: 30,
};

/**
 * samples/multicluster/gen-eastwest-gateway.sh, read 2026-11-27; no appProtocol on its ports, which would break Azure's
 * probes (Azure/AKS#3646).
 */
function eastWestGateway(mesh: Mesh, cluster: Cluster) {
  const { name, selector, ports } = mesh.istio.line.gateway;
  const servicePorts = ports.map(({ name, port, targetPort }) => ({ name, port, targetPort }));
  const { annotations, sourceRanges } = eastWestLoadBalancer(mesh, cluster);
  return {
    name,
    enabled: true,
    label: { istio: selector, app: name, [networkLabel]: cluster.network },
    k8s: {
      readinessProbe,
      env: [{ name: "ISTIO_META_REQUESTED_NETWORK_VIEW", value: cluster.network }],
      service: { ports: servicePorts, ...sourceRanges },
      serviceAnnotations: {
        ...healthProbes(ports.map(({ port }) => port)),
        ...annotations,
        ...staticAddress(mesh, cluster),
      },
      ...podsApart(name, cluster),
    },
  };
}

/** The profile's own, with the same load balancer settings. */
function ingressGateway(mesh: Mesh, cluster: Cluster) {
  const { name, ports } = ingress;
  const { annotations, sourceRanges } = loadBalancer(mesh);
  return {
    name,
    enabled: true,
    k8s: {
      readinessProbe,
      service: sourceRanges,
      serviceAnnotations: { ...healthProbes(ports), ...annotations },
      ...podsApart(name, cluster),
    },
  };
}

/** An overlay, because a gateway's settings have no such field. */
function podsApart(app: string, { aks }: Cluster) {
  const patches = [{ path: "spec.template.spec.topologySpreadConstraints", value: apart(app) }];
  return aks ? { overlays: [{ kind: "Deployment", name: app, patches }] } : {};
}
