import { istioNamespace } from "../../../k8s/istio-names";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { type KubernetesObject, objectNamed, serviceAddresses } from "../../../ops/exec/kubernetes-object";
import { pass, problem, type Verdict } from "../../check";
import { kubectlIn } from "../../suggested-commands";
import type { VerifyWorld } from "../world";

export const gatewayName = ({ istio }: Mesh) => istio.line.gateway.name;

/** The gateway's Service in a cluster. */
export async function gatewayService({ mesh, meshProbes }: VerifyWorld, cluster: Cluster) {
  return objectNamed(await meshProbes(cluster).istioSystem(), "Service", gatewayName(mesh));
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
export async function dialGateways(world: VerifyWorld): Promise<Verdict> {
  const { mesh, meshProbes } = world;
  const { name, dataPort, xdsPort } = mesh.istio.line.gateway;
  const services = new Map(
    await Promise.all(
      mesh.clusters.map(async (cluster) => [cluster, (await gatewayService(world, cluster))!] as const),
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
  if (failed.length === 0) return pass(`${mesh.clusters.length * (mesh.clusters.length - 1)} connections`);
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
    return problem(
      [
        ...surplus.map(
          ({ to, address }) =>
            `${name} of ${to.name} has more than one address; ${address} is unreachable, the others are not`,
        ),
        ...evidence,
      ],
      {
        fix: "remove the unreachable address from the Service; istiod sends clients to all of them",
        commands: surplus.flatMap(({ to, address }) => removeAddress(to, services.get(to)!, address)),
      },
    );
  }
  return failed.every(({ isRefused }) => isRefused)
    ? problem(evidence, {
        fix: "not a firewall: the address answers, but the gateway does not listen on the port; see the endpoints of its Service and the listeners of the gateway (istioctl proxy-config listeners)",
      })
    : problem(evidence);
}
