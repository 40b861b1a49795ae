import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh, Sample } from "../../mesh/mesh";
import { askThroughPod, podToTry } from "../diagnosis/kubelet-connection";
import { fixForUnreachable } from "../diagnosis/unreachable";
import { Interrupted, shortMessage } from "../exec/errors";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import { type KubernetesObject, serviceAddresses } from "../exec/kubernetes-object";
import { withParallelLimit, withRequestTimeout } from "../exec/limits";
import type { Context } from "../run/context";
import { sampleHost } from "../traffic/requests";

/** What the clients of all clusters see of the sample. */
export interface MeshEndpoints {
  /** Host name of the sample's Service. */
  readonly host: string;
  readonly views: readonly EndpointView[];
  /** Every client sees endpoints, and all of them are healthy. */
  readonly ok: boolean;
}

/** What the client in one cluster sees. */
export interface EndpointView {
  /** Name of the client's cluster, as in mesh.yaml. */
  readonly cluster: string;
  readonly endpoints: readonly Endpoint[];
  /** Why there is nothing to see; undefined: there is. */
  readonly error: string | undefined;
  /** What to do about it, where something is known to help. */
  readonly fix: string | undefined;
}

export interface Endpoint {
  /** Version of the sample that answers there; undefined while no DestinationRule tells versions apart. */
  readonly version: string | undefined;
  /** `address:port` */
  readonly address: string;
  /** The pod, or the gateway and its cluster, that the address is of; undefined: neither is known to have it. */
  readonly target: Target | undefined;
  /** Envoy's weight: a gateway has the sum of the pods behind it. With several gateways all are scaled alike. */
  readonly weight: number;
  readonly healthy: boolean;
  /** Envoy's words for what is wrong, for example `failed outlier check`; empty when healthy. */
  readonly health: string;
  /** Requests that this proxy has sent to it, and those of them that were answered. */
  readonly requests: { readonly sent: number; readonly answered: number };
}

export interface Target {
  readonly kind: "pod" | "gateway";
  readonly cluster: string;
  readonly name: string;
}

/** As Envoy's `/clusters?format=json` prints it. */
interface EnvoyClusters {
  readonly cluster_statuses?: readonly {
    readonly name: string;
    readonly host_statuses?: readonly EnvoyHost[];
  }[];
}
interface EnvoyHost {
  readonly address: { readonly socket_address?: { readonly address: string; readonly port_value: number } };
  readonly weight?: number;
  readonly health_status?: Readonly<Record<string, string | boolean>>;
  /** Counters of this host, whatever else the proxy counts. Numbers are text. */
  readonly stats?: readonly { readonly name: string; readonly value?: string }[];
}

/** What one cluster says. */
export interface EndpointAnswer {
  /** Pods of the sample, by address. They are of use in their own cluster alone: others may have the same addresses. */
  readonly pods: ReadonlyMap<string, string>;
  /** Names of the gateways, by address. */
  readonly gateways: ReadonlyMap<string, string>;
  readonly envoy: EnvoyClusters;
  readonly error: string | undefined;
}

/**
 * Asks the client of every cluster, side by side, for its endpoints of the sample. A cluster that does not answer is a
 * view with an error.
 * @throws Interrupted on Ctrl-C
 */
export async function endpoints(context: Context, mesh: Mesh, sample: Sample): Promise<MeshEndpoints> {
  const programs = withRequestTimeout(withParallelLimit(context.programs));
  const answers = await Promise.all(
    mesh.clusters.map(async (cluster) => {
      const kubectl = kubectlFor(programs, cluster.context);
      const answer = await ask(kubectl, mesh, sample, context.signal);
      return [cluster.name, answer] as const;
    }),
  );
  if (context.signal.aborted) throw new Interrupted();
  return endpointViews(mesh, sample, new Map(answers));
}

/**
 * What the clients see, put together from what their clusters say.
 * @param answers by name of the cluster
 */
export function endpointViews(
  mesh: Mesh,
  sample: Sample,
  answers: ReadonlyMap<string, EndpointAnswer>,
): MeshEndpoints {
  const host = sampleHost(sample);
  const gateways = new Map(
    [...answers].flatMap(([cluster, { gateways: found }]) =>
      [...found].map(([address, name]): [string, Target] => [address, { kind: "gateway", cluster, name }]),
    ),
  );
  const views = mesh.clusters.map(({ name: cluster }): EndpointView => {
    const { pods, envoy, error } = answers.get(cluster)!;
    const targetOf = (address: string): Target | undefined => {
      const pod = pods.get(address);
      return pod === undefined ? gateways.get(address) : { kind: "pod", cluster, name: pod };
    };
    return {
      cluster,
      endpoints: endpointsIn(envoy, host, targetOf),
      error,
      fix: error && fixForUnreachable(error),
    };
  });
  const isWell = ({ endpoints: seen, error }: EndpointView) =>
    error === undefined && seen.length > 0 && seen.every(({ healthy }) => healthy);
  return { host, views, ok: views.every(isWell) };
}

async function ask(
  kubectl: Kubectl,
  mesh: Mesh,
  sample: Sample,
  signal: AbortSignal,
): Promise<EndpointAnswer> {
  const { namespace } = sample;
  const { name } = mesh.istio.line.sample.client;
  const request = ["pilot-agent", "request", "GET", `clusters?format=json&filter=${sampleHost(sample)}`];
  const [pods, services, envoy] = await Promise.allSettled([
    kubectl.get(["-n", namespace, "pods"], { signal }),
    kubectl.get(["-n", istioNamespace, "services"], { signal }),
    // By istio's agent: the proxy's image may have no curl.
    askThroughPod(kubectl, podToTry(mesh), signal, (asking) =>
      kubectl.run(["-n", namespace, "exec", `deploy/${name}`, "-c", "istio-proxy", "--", ...request], {
        signal: asking,
      }),
    ),
  ]);
  return {
    pods: byAddress(pods, ({ status }) => [status?.podIP].filter(Boolean)),
    gateways: byAddress(services, serviceAddresses),
    envoy: envoy.status === "fulfilled" ? JSON.parse(envoy.value.stdout) : {},
    error: envoy.status === "rejected" ? shortMessage(envoy.reason) : undefined,
  };
}

function byAddress(
  answer: PromiseSettledResult<readonly KubernetesObject[]>,
  addressesOf: (object: KubernetesObject) => readonly string[],
): ReadonlyMap<string, string> {
  if (answer.status === "rejected") return new Map();
  return new Map(
    answer.value.flatMap((object) =>
      addressesOf(object).map((address): [string, string] => [address, object.metadata.name]),
    ),
  );
}

/** Envoy has a cluster for every version, and one for all of them, which tells when there are no versions. */
function endpointsIn(
  { cluster_statuses: clusters = [] }: EnvoyClusters,
  host: string,
  targetOf: (address: string) => Target | undefined,
): Endpoint[] {
  const named = clusters
    .map((cluster) => ({ cluster, parts: cluster.name.split("|") }))
    .filter(({ parts }) => parts[0] === "outbound" && parts[3] === host);
  const versions = named.filter(({ parts }) => parts[2] !== "");
  return (versions.length > 0 ? versions : named)
    .flatMap(({ cluster, parts }) =>
      (cluster.host_statuses ?? []).map((each) => endpointOf(each, parts[2] || undefined, targetOf)),
    )
    .sort((one, other) => sortKey(one).localeCompare(sortKey(other)));
}

/** By version; in a version pods first, since they are near. */
const sortKey = ({ version = "", target, address }: Endpoint) =>
  `${version} ${target?.kind === "pod" ? 0 : 1} ${target?.cluster ?? ""} ${target?.name ?? address}`;

function endpointOf(
  { address, weight = 1, health_status: health = {}, stats = [] }: EnvoyHost,
  version: string | undefined,
  targetOf: (address: string) => Target | undefined,
): Endpoint {
  const { address: ip = "", port_value: port = 0 } = address.socket_address ?? {};
  const { eds_health_status: state = "HEALTHY", ...flags } = health;
  const counted = (name: string) => Number(stats.find((one) => one.name === name)?.value ?? 0);
  const wrong = [
    ...(state === "HEALTHY" || state === "UNKNOWN" ? [] : [String(state).toLowerCase()]),
    ...Object.keys(flags).filter((flag) => flags[flag] === true),
  ];
  return {
    version,
    address: `${ip}:${port}`,
    target: targetOf(ip),
    weight,
    healthy: wrong.length === 0,
    health: wrong.join(", ").replaceAll("_", " "),
    requests: { sent: counted("rq_total"), answered: counted("rq_success") + counted("rq_error") },
  };
}
