import { istioNamespace, networkLabel } from "../../k8s/istio-names";
import { istiodPorts } from "../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { ipv4 } from "../../mesh/names";
import { eventsOf } from "../../ops/diagnosis/events";
import {
  type KubernetesObject,
  loadBalancerAddress,
  serviceAddresses,
} from "../../ops/exec/kubernetes-object";
import { explained } from "../causes/find-causes";
import { type Check, faulty, sound, type Verdict } from "../check";
import { kubectlIn } from "../commands";
import { hasSample, isRemote, readsNetworkLabels } from "./applies";
import { dialIstiod } from "./istiod-dial";
import { isLive, objectNamed, podsOf, unready } from "./readiness";
import { isEndpointsOf, readyAddresses } from "./service-endpoints";
import type { VerifyWorld } from "./world";

const gatewayName = ({ istio }: Mesh) => istio.line.gateway.name;

async function serviceOf({ mesh, meshProbes }: VerifyWorld, cluster: Cluster) {
  return objectNamed(await meshProbes(cluster).istioSystem(), "Service", gatewayName(mesh));
}

/** Ports that the gateway of this cluster must offer. */
function portsOf({ istio, primary }: Mesh, cluster: Cluster): number[] {
  const { ports, dataPort, xdsPort } = istio.line.gateway;
  return [
    ...new Set([...ports.map(({ port }) => port), dataPort, ...(cluster === primary ? [xdsPort] : [])]),
  ];
}

/** How a proxy would dial a gateway: without going through a proxy. */
interface Dial {
  readonly cluster: Cluster;
  readonly address: string;
  readonly port: number;
}

/** Seconds for a connection. Across continents it takes less than one. */
const dialSeconds = 4;

const hostOf = (address: string) => (address.includes(":") ? `[${address}]` : address);

/** Connections side by side, a line each: its number, and how curl's attempt at TLS ended. */
const dialScript = (dials: readonly Dial[]) =>
  `${dials
    .map(
      ({ address, port }, index) =>
        `(curl -sk -m ${dialSeconds} -o /dev/null https://${hostOf(address)}:${port}/; echo "${index} $?") &`,
    )
    .join("\n")}\nwait`;

/** curl's words for a connection that never stood; everything else came through. https://curl.se/docs/manpage.html#EXIT */
const notConnected: Readonly<Record<number, (where: string) => string>> = {
  6: (where) => `the name of ${where} does not resolve`,
  7: (where) => `connection to ${where} refused, or no route to it`,
  28: (where) => `no connection to ${where} within ${dialSeconds} s`,
};

interface FailedDial extends Dial {
  readonly words: string;
  readonly isRefused: boolean;
}

function failedDials(dials: readonly Dial[], output: string): FailedDial[] {
  const endings = new Map(
    [...output.matchAll(/^(\d+) (\d+)$/gm)].map(([, index, code]) => [Number(index), Number(code)]),
  );
  return dials.flatMap((dial, index) => {
    const code = endings.get(index) ?? 28;
    const words = notConnected[code]?.(`${hostOf(dial.address)}:${dial.port}`);
    return words === undefined ? [] : [{ ...dial, words, isRefused: code === 7 }];
  });
}

/** Takes an address out of a Service, wherever it stands. */
function removeAddress(
  cluster: Cluster,
  { metadata, spec, status }: KubernetesObject,
  address: string,
): string[] {
  const ingress: readonly { ip?: string; hostname?: string }[] = status?.loadBalancer?.ingress ?? [];
  const assigned = ingress.findIndex(({ ip, hostname }) => address === (ip || hostname));
  const external = (spec.externalIPs ?? []).indexOf(address);
  const patch = (path: string, ...flags: string[]) =>
    kubectlIn(
      cluster,
      ...["-n", metadata.namespace ?? istioNamespace, "patch", "service", metadata.name, ...flags],
      ...["--type=json", "-p", JSON.stringify([{ op: "remove", path }])],
    );
  return [
    ...(assigned >= 0 ? [patch(`/status/loadBalancer/ingress/${assigned}`, "--subresource=status")] : []),
    ...(external >= 0 ? [patch(`/spec/externalIPs/${external}`)] : []),
  ];
}

/** Dials every other cluster's gateway from each cluster. */
async function dialGateways(world: VerifyWorld): Promise<Verdict> {
  const { mesh, meshProbes } = world;
  const { name, dataPort, xdsPort } = mesh.istio.line.gateway;
  const services = new Map(
    await Promise.all(
      mesh.clusters.map(async (cluster) => [cluster, (await serviceOf(world, cluster))!] as const),
    ),
  );
  const failures = await Promise.all(
    mesh.clusters.map(async (from) => {
      const dials = mesh.clusters
        .filter((to) => to !== from)
        .flatMap((to) => {
          const ports = to === mesh.primary ? [dataPort, xdsPort] : [dataPort];
          return serviceAddresses(services.get(to)!).flatMap((address) =>
            ports.map((port): Dial => ({ cluster: to, address, port })),
          );
        });
      const output = await meshProbes(from).besideProxy(dialScript(dials));
      return failedDials(dials, output).map((failed) => ({ from, ...failed }));
    }),
  );
  const failed = failures.flat();
  if (failed.length === 0) return sound(`${mesh.clusters.length * (mesh.clusters.length - 1)} ways`);
  const isDead = (to: Cluster, address: string) =>
    failed.some(({ cluster, address: one }) => cluster === to && one === address);
  // istiod hands out every address, also one that leads nowhere, and a part of the requests goes there.
  const surplus = mesh.clusters.flatMap((to) => {
    const addresses = serviceAddresses(services.get(to)!);
    const dead = addresses.filter((address) => isDead(to, address));
    return dead.length < addresses.length ? dead.map((address) => ({ to, address })) : [];
  });
  const evidence = failed.map(({ from, cluster, words }) => `from ${from.name} to ${cluster.name}: ${words}`);
  if (surplus.length > 0) {
    return faulty(
      [
        ...surplus.map(
          ({ to, address }) =>
            `${name} of ${to.name} has more than one address; ${address} is not reached, the others are`,
        ),
        ...evidence,
      ],
      {
        fix: "remove the address that leads nowhere from the Service: istiod hands out all of them",
        commands: surplus.flatMap(({ to, address }) => removeAddress(to, services.get(to)!, address)),
      },
    );
  }
  return failed.every(({ isRefused }) => isRefused)
    ? faulty(evidence, {
        fix: "no firewall: the address answers, and the gateway does not listen on the port; see what its Service leads to and what istiod has given the gateway (istioctl proxy-config listeners)",
      })
    : faulty(evidence);
}

export const gatewayChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "gateways.ready",
    of: "cluster",
    severity: "fail",
    title: "the gateway between the clusters runs",
    looksAt: "its Deployment in istio-system, and what its pods wait for",
    why: "Everything between the clusters goes through it, on the primary also what remotes ask istiod.",
    fix: "see what its pods wait for; apply brings back what was scaled down or deleted",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const name = gatewayName(world.mesh);
      const objects = await world.meshProbes(cluster).istioSystem();
      return (await unready(world, cluster, istioNamespace, objects, [name])) ?? sound(name);
    },
  },
  {
    id: "gateways.address",
    of: "cluster",
    severity: "fail",
    title: "the cloud has given the gateway an address",
    looksAt: "status.loadBalancer of the gateway's Service, and what is said about it in events",
    why: "EXTERNAL-IP stays <pending> where a quota is used up, the subnet is full, or the cluster's identity may not make addresses. Without one nobody outside finds the gateway.",
    fix: "mend what the events name (quota of public addresses, role of the cluster's identity, SKU); the cloud tries again by itself",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const { mesh, byApply, probes, signal } = world;
      const name = gatewayName(mesh);
      const service = await serviceOf(world, cluster);
      if (!service) return faulty(`there is no Service ${name}`, byApply);
      const address = loadBalancerAddress(service);
      if (address === undefined) {
        const about = { kind: "Service", namespace: istioNamespace, name } as const;
        const events = await eventsOf(probes(cluster).kubectl, about, signal);
        const describe = kubectlIn(cluster, "-n", istioNamespace, "describe", "service", name);
        return faulty([`${name} has no address`, ...events], {
          commands: [describe],
        });
      }
      if (mesh.istio.line.remoteAddress === "ipv4" && !ipv4.pattern.test(address)) {
        return faulty(
          `${name} has the host name ${address}; Istio ${mesh.istio.line.id} passes over gateways without an IPv4 address`,
          {
            fix: "use a load balancer that has an address, or a newer istio.line",
          },
        );
      }
      return sound(address);
    },
  },
  {
    id: "gateways.pods",
    of: "cluster",
    severity: "fail",
    title: "the gateway's Service leads to its pods",
    looksAt: "endpoints of the gateway's Service",
    why: "A Service whose selector fits no pod that is ready drops or refuses every connection, as a firewall does.",
    fix: "apply; it puts the selector back",
    needs: ["gateways.ready", "gateways.address"],
    async look(world, cluster) {
      const { mesh, byApply, meshProbes } = world;
      const name = gatewayName(mesh);
      const objects = await meshProbes(cluster).istioSystem();
      const addresses = objects.filter((object) => isEndpointsOf(object, name)).flatMap(readyAddresses);
      if (addresses.length > 0) return sound(`${addresses.length} pods`);
      const { selector } = (await serviceOf(world, cluster))!.spec;
      return faulty(
        `${name} has no endpoints: no pod that is ready has the labels ${JSON.stringify(selector ?? {})}`,
        byApply,
      );
    },
  },
  {
    id: "gateways.ports",
    of: "cluster",
    severity: "fail",
    title: "the gateway's Service offers the ports between clusters",
    looksAt: "ports of the gateway's Service",
    why: "A load balancer opens what the Service names. Without the data port no request arrives, without the one for xDS no proxy of a remote gets its configuration.",
    fix: "apply; it puts the ports back",
    needs: ["gateways.address"],
    async look(world, cluster) {
      const { spec } = (await serviceOf(world, cluster))!;
      const offered: number[] = (spec.ports ?? []).map(({ port }: { port: number }) => port);
      const missing = portsOf(world.mesh, cluster).filter((port) => !offered.includes(port));
      return missing.length > 0
        ? faulty(`missing: ${missing.join(", ")}; offered: ${offered.join(", ")}`, world.byApply)
        : sound(offered.join(", "));
    },
  },
  {
    id: "gateways.probes",
    of: "cluster",
    severity: "warn",
    title: "no port asks Azure for a health probe that fails",
    looksAt: "appProtocol of the gateway Service's ports",
    why: "With `appProtocol: http` or `https` Azure's load balancer asks for `/` and takes the gateway's answer for a failure: in Kubernetes all is well, and every connection from outside times out.",
    fix: "take appProtocol out of the Service",
    needs: ["gateways.address"],
    async look(world, cluster) {
      const { spec } = (await serviceOf(world, cluster))!;
      const asked = (spec.ports as readonly { port: number; appProtocol?: string }[])
        .map(({ port, appProtocol = "" }, index) => ({ port, appProtocol, index }))
        .filter(({ appProtocol }) => /^https?$/i.test(appProtocol));
      if (asked.length === 0) return sound();
      // apply leaves alone what somebody else has added to an object.
      const patch = asked.map(({ index }) => ({ op: "remove", path: `/spec/ports/${index}/appProtocol` }));
      const service = ["-n", istioNamespace, "patch", "service", gatewayName(world.mesh)];
      return faulty(
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
    title: "the gateway says which network it opens",
    looksAt: `the label ${networkLabel} of the gateway's Service and pods`,
    why: "istiod finds a network's gateway by this label. Without it, it hands out addresses of pods that nobody outside reaches.",
    fix: "apply; it sets the label",
    needs: ["gateways.address", "control-plane.network"],
    async look(world, cluster) {
      const { mesh, byApply, meshProbes } = world;
      const service = (await serviceOf(world, cluster))!;
      const pods = podsOf(await meshProbes(cluster).istioSystem(), {
        istio: mesh.istio.line.gateway.selector,
      }).filter(isLive);
      const wrong = [service, ...pods].filter(
        ({ metadata }) => metadata.labels?.[networkLabel] !== cluster.network,
      );
      return wrong.length > 0
        ? faulty(
            wrong.map(
              ({ kind, metadata }) =>
                `${kind} ${metadata.name} says ${metadata.labels?.[networkLabel] ?? "nothing"}; wanted is ${cluster.network}`,
            ),
            byApply,
          )
        : sound(cluster.network);
    },
  },
  {
    id: "gateways.exposed",
    of: "mesh",
    severity: "fail",
    title: "the gateways are opened for the mesh",
    looksAt: "the Gateway resources of the primary that open the data port and istiod's ports",
    why: "A gateway listens on a port only when a Gateway resource opens it: TLS passes through by its SNI, to pods and to istiod.",
    fix: "apply; it makes them",
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
      return closed.length > 0
        ? faulty(closed, byApply)
        : sound(found.map(({ metadata }) => metadata.name).join(", "));
    },
  },
  {
    id: "gateways.dial",
    of: "mesh",
    severity: "fail",
    applies: (mesh) => hasSample(mesh) && mesh.clusters.length > 1,
    title: "clusters reach each other's gateways",
    looksAt:
      "TCP connections from the proxy beside each client to the gateways of the other clusters, without the mesh in between",
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
    title: "the remote gets through to istiod",
    looksAt:
      "HTTPS requests, larger than one packet, from the proxy beside the remote's client to istiod's ports of the primary's gateway",
    why: "TCP connects also where the gateway closes every connection, as a policy may have it do, and where large packets get lost. The remote's proxies then get no configuration and no certificates, and its pods no proxy.",
    fix: "see what the gateway and istiod of the primary log about these connections",
    needs: ["reachable.nodes", "control-plane.address", "primary/control-plane.istiod", "gateways.dial"],
    look: explained("istiod", dialIstiod),
  },
];
