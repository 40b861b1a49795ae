import { ingressGateway as ingress, proxyHealth } from "../mesh/istio-lines";
import type { Cluster, Mesh } from "../mesh/mesh";
import { networkLabel } from "./istio-names";
import { type IstioOperator, istioOperator } from "./istio-operator";
import { healthProbes, loadBalancer, staticAddress } from "./load-balancer";

/**
 * The primary in one file: control plane, east-west gateway and, if kept, the ingress gateway.
 * https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/, read 2026-11-27
 */
export function primary(mesh: Mesh, cluster: Cluster): IstioOperator {
  return istioOperator(
    {
      profile: "default",
      ...images(mesh),
      components: {
        // The list replaces the profile's: what it does not name is not installed.
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
          // Remotes get their configuration, certificates and injection from here.
          externalIstiod: true,
          ...pullSecrets(mesh),
        },
      },
    },
    "istio",
  );
}

/**
 * A remote's way to the primary: webhook, RBAC, and a Service `istiod` that leads to the primary's gateway.
 * @param address of the primary's gateway. Without one istioctl would install no Service and say nothing
 */
export function remoteControlPlane(mesh: Mesh, cluster: Cluster, address: string): IstioOperator {
  return istioOperator(
    {
      profile: "remote",
      ...images(mesh),
      values: {
        istiodRemote: { injectionPath: `/inject/cluster/${cluster.name}/net/${cluster.network}` },
        global: { remotePilotAddress: address, ...pullSecrets(mesh) },
      },
    },
    "istio",
  );
}

/** A remote's east-west gateway: its pod is injected, so it comes after the remote secret has reached the primary. */
export function remoteGateway(mesh: Mesh, cluster: Cluster): IstioOperator {
  return istioOperator(
    {
      profile: "empty",
      ...images(mesh),
      components: { ingressGateways: [eastWestGateway(mesh, cluster)] },
      values: { ...gatewayValues(cluster), global: { network: cluster.network, ...pullSecrets(mesh) } },
    },
    "eastwest",
  );
}

/** istioctl would take its own build's otherwise, whichever version that is. */
function images({ istio }: Mesh) {
  return { hub: istio.hub, tag: istio.version };
}

function pullSecrets({ istio }: Mesh) {
  return istio.pullSecrets.length > 0 ? { imagePullSecrets: istio.pullSecrets } : {};
}

/**
 * The gateways carry every remote's configuration and all traffic between clusters. Two pods of each, and upstream's
 * charts add the PodDisruptionBudget that keeps one while nodes are drained. A cluster that exists already may be too
 * small for that: there it is upstream's default, one.
 */
function replicas({ aks }: Cluster) {
  return aks ? { autoscaleMin: 2 } : {};
}

function controlPlaneReplicas(cluster: Cluster) {
  return cluster.aks ? { pilot: { ...replicas(cluster), topologySpreadConstraints: apart("istiod") } } : {};
}

/**
 * Pods of one Deployment on nodes of their own, as far as there are nodes: two pods on one still serve, until it goes.
 * After an update the old pods would count as neighbours of the new ones, but for the hash.
 */
function apart(app: string) {
  return [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { app } },
      matchLabelKeys: ["pod-template-hash"],
    },
  ];
}

/** Gateways are proxies made by injection, with upstream's template for them. The key stands for all of them. */
function gatewayValues(cluster: Cluster) {
  return { gateways: { [ingress.name]: { injectionTemplate: "gateway", ...replicas(cluster) } } };
}

/**
 * Upstream's gateway template looks every 15 s alone, so that a gateway which just missed the first look joins 15 s
 * late: here it is looked at until it is ready, and as patiently.
 */
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
  const { annotations, sourceRanges } = loadBalancer(mesh);
  return {
    name,
    enabled: true,
    label: { istio: selector, app: name, [networkLabel]: cluster.network },
    k8s: {
      readinessProbe,
      // Traffic that comes in is for this network only.
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

/** The profile's own, no more public than the other. */
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

/** By overlay: a gateway's settings know no such field. */
function podsApart(app: string, { aks }: Cluster) {
  const patches = [{ path: "spec.template.spec.topologySpreadConstraints", value: apart(app) }];
  return aks ? { overlays: [{ kind: "Deployment", name: app, patches }] } : {};
}
