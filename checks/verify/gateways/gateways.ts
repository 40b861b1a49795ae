import { istioNamespace, networkLabel } from "../../../k8s/istio-names";
import { ingressGateway, istiodPorts, sharesIngressGateway } from "../../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { ipv4 } from "../../../mesh/names";
import { eventsOf } from "../../../ops/diagnosis/events";
import { type KubernetesObject, loadBalancerAddress } from "../../../ops/exec/kubernetes-object";
import { hasSample, isRemote, readsNetworkLabels } from "../../applies-to";
import { explained } from "../../causes/find-causes";
import { type Check, pass, passIfNone, problem } from "../../check";
import { kubectlIn } from "../../suggested-commands";
import { isLive, objectNamed, podsOf, readyAddresses, unready } from "../readiness";
import type { VerifyWorld } from "../world";
import { dialGateways, gatewayName, gatewayService } from "./dial-gateways";
import { dialIstiod } from "./dial-istiod";

/** Ports that the gateway of this cluster must offer. */
function portsOf({ istio, primary }: Mesh, cluster: Cluster): number[] {
  const { ports, dataPort, xdsPort } = istio.line.gateway;
  return [
    ...new Set([...ports.map(({ port }) => port), dataPort, ...(cluster === primary ? [xdsPort] : [])]),
  ];
}

export const gatewayChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "gateways.ready",
    of: "cluster",
    severity: "fail",
    title: "the east-west gateway is ready",
    looksAt: "its Deployment in istio-system, and why its pods are not ready",
    why: "All traffic between the clusters goes through it, and on the primary also the remotes' connections to istiod.",
    fix: "see why its pods are not ready; apply restores what was scaled down or deleted",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const name = gatewayName(world.mesh);
      const objects = await world.meshProbes(cluster).istioSystem();
      return (await unready(world, cluster, istioNamespace, objects, [name])) ?? pass(name);
    },
  },
  {
    id: "gateways.address",
    of: "cluster",
    severity: "fail",
    title: "the gateway has an external address",
    looksAt: "status.loadBalancer of the gateway's Service, and its events",
    why: "EXTERNAL-IP stays <pending> if a quota is exhausted, the subnet is full, or the cluster's identity lacks permission. Without an address other clusters cannot reach the gateway.",
    fix: "fix what the events name (quota of public addresses, role of the cluster's identity, SKU); the cloud retries",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const { mesh, byApply, probes, signal } = world;
      const name = gatewayName(mesh);
      const service = await gatewayService(world, cluster);
      if (!service) return problem(`there is no Service ${name}`, byApply);
      const address = loadBalancerAddress(service);
      if (address === undefined) {
        const about = { kind: "Service", namespace: istioNamespace, name } as const;
        const events = await eventsOf(probes(cluster).kubectl, about, signal);
        const describe = kubectlIn(cluster, "-n", istioNamespace, "describe", "service", name);
        return problem([`${name} has no address`, ...events], {
          commands: [describe],
        });
      }
      if (mesh.istio.line.remoteAddress === "ipv4" && !ipv4.pattern.test(address)) {
        return problem(
          `${name} has the host name ${address}; Istio ${mesh.istio.line.id} ignores gateways without an IPv4 address`,
          {
            fix: "use a load balancer with an IPv4 address, or a newer istio.line",
          },
        );
      }
      return pass(address);
    },
  },
  {
    id: "gateways.ingress",
    of: "cluster",
    severity: "warn",
    // A line that shares it has it checked as the gateway between the clusters.
    applies: ({ gateways, istio }, { role }) =>
      gateways.ingress && role === "primary" && !sharesIngressGateway(istio.line),
    title: "the ingress gateway is ready and has an external address",
    looksAt: "its Deployment and its Service in istio-system",
    why: "Requests from outside enter the mesh through it. Traffic between the clusters does not need it.",
    fix: "see why its pods are not ready; apply restores what was scaled down or deleted",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const { name } = ingressGateway;
      const objects = await world.meshProbes(cluster).istioSystem();
      const verdict = await unready(world, cluster, istioNamespace, objects, [name]);
      if (verdict) return verdict;
      const service = objectNamed(objects, "Service", name);
      const address = service && loadBalancerAddress(service);
      return address === undefined ? problem(`${name} has no address`, world.byApply) : pass(address);
    },
  },
  {
    id: "gateways.pods",
    of: "cluster",
    severity: "fail",
    title: "the gateway's Service has endpoints",
    looksAt: "endpoints of the gateway's Service",
    why: "A Service whose selector matches no Ready pod drops or refuses every connection.",
    fix: "apply; it restores the selector",
    needs: ["gateways.ready", "gateways.address"],
    async look(world, cluster) {
      const { mesh, byApply, meshProbes } = world;
      const name = gatewayName(mesh);
      const objects = await meshProbes(cluster).istioSystem();
      const addresses = readyAddresses(objects, name);
      if (addresses.length > 0) return pass(`${addresses.length} pods`);
      const { selector } = (await gatewayService(world, cluster))!.spec;
      return problem(
        `${name} has no endpoints: no Ready pod has the labels ${JSON.stringify(selector ?? {})}`,
        byApply,
      );
    },
  },
  {
    id: "gateways.ports",
    of: "cluster",
    severity: "fail",
    title: "the gateway's Service has all ports",
    looksAt: "ports of the gateway's Service",
    why: "The load balancer opens only the Service's ports. Without the data port no request arrives; without the xDS port no remote proxy gets its configuration.",
    fix: "apply; it restores the ports",
    needs: ["gateways.address"],
    async look(world, cluster) {
      const { spec } = (await gatewayService(world, cluster))!;
      const offered: number[] = (spec.ports ?? []).map(({ port }: { port: number }) => port);
      const missing = portsOf(world.mesh, cluster).filter((port) => !offered.includes(port));
      return missing.length > 0
        ? problem(`missing: ${missing.join(", ")}; offered: ${offered.join(", ")}`, world.byApply)
        : pass(offered.join(", "));
    },
  },
  {
    id: "gateways.probes",
    of: "cluster",
    severity: "warn",
    title: "Azure's health probes of the gateway pass",
    looksAt: "appProtocol of the gateway Service's ports",
    why: "With `appProtocol: http` or `https` Azure's load balancer probes `/`, and the gateway's answer counts as a failure: Kubernetes shows no problem, and every connection from outside times out.",
    fix: "remove appProtocol from the Service",
    needs: ["gateways.address"],
    async look(world, cluster) {
      const { spec } = (await gatewayService(world, cluster))!;
      const asked = (spec.ports as readonly { port: number; appProtocol?: string }[])
        .map(({ port, appProtocol = "" }, index) => ({ port, appProtocol, index }))
        .filter(({ appProtocol }) => /^https?$/i.test(appProtocol));
      if (asked.length === 0) return pass();
      // apply keeps fields that others added.
      const patch = asked.map(({ index }) => ({ op: "remove", path: `/spec/ports/${index}/appProtocol` }));
      const service = ["-n", istioNamespace, "patch", "service", gatewayName(world.mesh)];
      return problem(
        asked.map(({ port, appProtocol }) => `port ${port} has appProtocol ${appProtocol}`),
        { commands: [kubectlIn(cluster, ...service, "--type=json", "-p", JSON.stringify(patch))] },
      );
    },
  },
  {
    id: "gateways.network",
    of: "cluster",
    severity: "fail",
    applies: readsNetworkLabels,
    title: "the gateway has the network label",
    looksAt: `the label ${networkLabel} of the gateway's Service and pods`,
    why: "istiod finds a network's gateway by this label. Without it, istiod sends clients to pod addresses that they cannot reach.",
    fix: "apply; it sets the label",
    needs: ["gateways.address", "control-plane.network"],
    async look(world, cluster) {
      const { mesh, byApply, meshProbes } = world;
      const service = (await gatewayService(world, cluster))!;
      const pods = podsOf(await meshProbes(cluster).istioSystem(), {
        istio: mesh.istio.line.gateway.selector,
      }).filter(isLive);
      const wrong = [service, ...pods].filter(
        ({ metadata }) => metadata.labels?.[networkLabel] !== cluster.network,
      );
      return passIfNone(
        wrong.map(
          ({ kind, metadata }) =>
            `the network label of ${kind} ${metadata.name} is ${metadata.labels?.[networkLabel] ?? "missing"}; expected ${cluster.network}`,
        ),
        byApply,
        cluster.network,
      );
    },
  },
  {
    id: "gateways.exposed",
    of: "mesh",
    severity: "fail",
    title: "Gateway resources open the gateways' ports",
    looksAt: "the Gateway resources of the primary that open the data port and istiod's ports",
    why: "A gateway listens on a port only when a Gateway resource opens it: TLS passes through by its SNI, to pods and to istiod.",
    fix: "apply; it creates them",
    needs: ["installed.crds", "installed.mesh"],
    async look({ mesh, byApply, meshProbes }) {
      const { line } = mesh.istio;
      const { gateway } = line;
      const found = (await meshProbes(mesh.primary).networking()).filter(
        ({ kind, metadata, spec }) =>
          kind === "Gateway" &&
          metadata.namespace === istioNamespace &&
          spec.selector?.istio === gateway.selector,
      );
      const isOpen = (number: number, mode: string) =>
        found.some(({ spec }) =>
          (spec.servers ?? []).some(
            (server: KubernetesObject) => server.port?.number === number && server.tls?.mode === mode,
          ),
        );
      const closed = [
        ...(isOpen(gateway.dataPort, "AUTO_PASSTHROUGH")
          ? []
          : [
              `nothing opens port ${gateway.dataPort} for requests (${gateway.exposure.name}, AUTO_PASSTHROUGH)`,
            ]),
        ...istiodPorts(line)
          .filter((port) => !isOpen(port, "PASSTHROUGH"))
          .map((port) => `nothing opens port ${port} to istiod (istiod-gateway, PASSTHROUGH)`),
      ];
      return passIfNone(closed, byApply, found.map(({ metadata }) => metadata.name).join(", "));
    },
  },
  {
    id: "gateways.dial",
    of: "mesh",
    severity: "fail",
    applies: (mesh) => hasSample(mesh) && mesh.clusters.length > 1,
    title: "clusters reach each other's gateways",
    looksAt:
      "TCP connections from the proxy beside each client to the gateways of the other clusters, bypassing the proxy",
    why: "A load balancer can be healthy in Kubernetes and time out from outside: a failing health probe, a security group, gateways.allowedSourceRanges without the other cluster's outbound address.",
    fix: "let each cluster's outbound address reach the other's load balancer: allowedSourceRanges, security groups, firewalls, and Azure's health probes",
    needs: ["reachable.nodes", "gateways.ready", "gateways.pods", "gateways.ports", "gateways.exposed"],
    look: explained("gateway", dialGateways),
  },
  {
    id: "gateways.istiod",
    of: "cluster",
    severity: "fail",
    applies: (mesh, cluster) =>
      isRemote(mesh, cluster) && hasSample(mesh) && istiodPorts(mesh.istio.line).length > 0,
    title: "the remote can reach istiod",
    looksAt:
      "HTTPS requests, larger than one packet, from the proxy beside the remote's client to istiod's ports of the primary's gateway",
    why: "TCP connects even if a policy makes the gateway close every connection, or if large packets are lost. The remote's proxies then get no configuration and no certificates, and its pods no proxy.",
    fix: "see what the gateway and istiod of the primary log about these connections",
    needs: ["reachable.nodes", "control-plane.address", "primary/control-plane.istiod", "gateways.dial"],
    look: explained("istiod", dialIstiod),
  },
];
