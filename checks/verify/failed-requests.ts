import type { Cluster } from "../../mesh/mesh";
import type { Endpoint } from "../../ops/status/endpoints";
import { faulty, type Verdict } from "../check";
import { kubectlIn } from "../commands";
import { nameOf } from "./endpoint-set";
import type { VerifyWorld } from "./world";

/** A connection that stands, and over which nothing comes back. */
const isSilent = /no answer in time|connection timeout/;

const doesNotResolve = /does not resolve/;

/** Failures by kind that are shown. */
const shownKinds = 5;

/**
 * Requests that failed, with what the client's Envoy counts of its connections.
 * @param failures how often each kind of failure came
 */
export async function failedRequests(
  world: VerifyWorld,
  cluster: Cluster,
  counted: string,
  failures: Readonly<Record<string, number>>,
  commands: readonly string[],
): Promise<Verdict> {
  const kinds = Object.entries(failures).slice(0, shownKinds);
  const dead = await deadEndpoints(world, cluster);
  const evidence = [
    counted,
    ...kinds.map(([text, count]) => `${count} x ${text}`),
    ...dead.map(
      (endpoint) =>
        `none of ${endpoint.connections.opened} connections to ${endpoint.address} (${nameOf(endpoint)}) came about`,
    ),
  ];
  const swallowed = dead.filter(({ target }) => target?.kind === "gateway");
  // That TCP connects another check has seen.
  if (swallowed.length > 0 && kinds.some(([text]) => isSilent.test(text))) {
    return faulty(
      [
        ...evidence,
        ...swallowed.map(
          ({ address }) =>
            `TCP connects to ${address}, and the TLS handshake does not end: large packets get lost on the way (MTU)`,
        ),
      ],
      {
        fix: "let large packets through between the clusters: allow ICMP `fragmentation needed`, or lower the MTU (or clamp the MSS) on the VPN or peering between their networks; whoever runs that network can do it",
        commands,
      },
    );
  }
  if (kinds.some(([text]) => doesNotResolve.test(text))) {
    return faulty(evidence, {
      fix: `the Service stands in every cluster, so the DNS of ${cluster.name} does not answer its pods: see CoreDNS and the way to it`,
      commands: [
        kubectlIn(
          cluster,
          "-n",
          "kube-system",
          "get",
          "pods,endpoints",
          "-l",
          "k8s-app=kube-dns",
          "-o",
          "wide",
        ),
        ...commands,
      ],
    });
  }
  return faulty(evidence, { commands });
}

/** Endpoints to which no connection of the client's proxy came about. */
async function deadEndpoints(world: VerifyWorld, cluster: Cluster): Promise<readonly Endpoint[]> {
  const { views } = await world.endpointsNow();
  const { endpoints } = views.find(({ cluster: name }) => name === cluster.name)!;
  return endpoints.filter(({ connections: { opened, failed } }) => opened > 0 && failed === opened);
}
