import type { Cluster } from "../../../mesh/mesh";
import type { Endpoint } from "../../../ops/status/endpoints";
import { problem, type Verdict } from "../../check";
import { kubectlIn } from "../../suggested-commands";
import { nameOf } from "../endpoints/endpoint-set";
import { largePacketsFix } from "../gateways/dial-istiod";
import type { VerifyWorld } from "../world";

/** A connection that stands, and over which nothing comes back. */
const isSilent = /no answer in time|connection timeout/;

const doesNotResolve = /does not resolve/;

const getCoreDns = ["-n", "kube-system", "get", "pods,endpoints", "-l", "k8s-app=kube-dns", "-o", "wide"];

/** Failures by kind that are shown. */
const shownKinds = 5;

/**
 * Requests that failed, with what the client's Envoy counts.
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
  const unanswering = await unansweringEndpoints(world, cluster);
  const evidence = [
    counted,
    ...kinds.map(([text, count]) => `${count} x ${text}`),
    ...unanswering.map(
      ({ endpoint, sent }) =>
        `none of ${sent} requests to ${endpoint.address} (${nameOf(endpoint)}) was answered`,
    ),
  ];
  const swallowed = unanswering.filter(({ endpoint }) => endpoint.target?.kind === "gateway");
  // That TCP connects another check has seen.
  if (swallowed.length > 0 && kinds.some(([text]) => isSilent.test(text))) {
    return problem(
      [
        ...evidence,
        ...swallowed.map(
          ({ endpoint }) =>
            `TCP connects to ${endpoint.address}, and the TLS handshake does not finish: large packets are lost on the way (MTU)`,
        ),
      ],
      { fix: largePacketsFix, commands },
    );
  }
  if (kinds.some(([text]) => doesNotResolve.test(text))) {
    return problem(evidence, {
      fix: `the Service exists in every cluster, so DNS in ${cluster.name} fails: check CoreDNS and the network path to it`,
      commands: [kubectlIn(cluster, ...getCoreDns), ...commands],
    });
  }
  return problem(evidence, { commands });
}

/** An endpoint that has answered none of the requests that were sent to it meanwhile. */
interface Unanswering {
  readonly endpoint: Endpoint;
  readonly sent: number;
}

/**
 * By what the client's Envoy counts. A connection that swallows what is sent counts as connected: of TLS 1.3 the client
 * is through before the server has its certificate.
 */
async function unansweringEndpoints(world: VerifyWorld, cluster: Cluster): Promise<readonly Unanswering[]> {
  const [before, now] = await Promise.all([world.endpoints(), world.endpointsNow()]);
  const of = ({ views }: typeof now) => views.find(({ cluster: name }) => name === cluster.name)!.endpoints;
  return of(now).flatMap((endpoint) => {
    const earlier = of(before).find(
      ({ address, version }) => address === endpoint.address && version === endpoint.version,
    );
    const sent = endpoint.requests.sent - (earlier?.requests.sent ?? 0);
    const answered = endpoint.requests.answered - (earlier?.requests.answered ?? 0);
    return sent > 0 && answered === 0 ? [{ endpoint, sent }] : [];
  });
}
