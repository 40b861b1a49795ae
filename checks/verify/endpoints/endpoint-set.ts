import type { Cluster } from "../../../mesh/mesh";
import { type KubernetesObject, serviceAddresses } from "../../../ops/exec/kubernetes-object";
import type { Endpoint, EndpointView } from "../../../ops/status/endpoints";
import { hasSample } from "../../applies-to";
import { explained } from "../../causes/find-causes";
import { type Check, info, pass, passIfNone, problem, type Verdict } from "../../check";
import { restartIstiod } from "../../suggested-commands";
import { objectNamed, podsOf } from "../readiness";
import type { VerifyWorld } from "../world";
import { describeLocalities, localitiesOf, severalLocalities } from "./localities";

/** A pod that requests may go to. */
export const isServing = ({ metadata, status }: KubernetesObject) =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(
    ({ type, status: state }: { type: string; status: string }) => type === "Ready" && state === "True",
  );

/** Pods of a version that serve. */
async function servingPods({ meshProbes }: VerifyWorld, cluster: Cluster, version: string) {
  return podsOf(await meshProbes(cluster).sample(), { app: "helloworld", version }).filter(isServing);
}

interface WantedEndpoint {
  readonly address: string;
  readonly what: string;
  readonly pods: number;
  /** Why its weight is not the number of pods; undefined: it is. */
  readonly unweighted?: string;
}

/** What a client should see of a version: addresses, each with the number of pods behind it. */
async function wantedEndpoints(
  world: VerifyWorld,
  from: Cluster,
  version: string,
): Promise<readonly WantedEndpoint[]> {
  const { mesh, meshProbes } = world;
  const perCluster = await Promise.all(
    mesh.clusters.map(async (cluster): Promise<WantedEndpoint[]> => {
      const pods = await servingPods(world, cluster, version);
      if (cluster === from) {
        return pods.map(({ metadata, status }) => ({
          address: status.podIP as string,
          pods: 1,
          what: `pod ${metadata.name}`,
        }));
      }
      const { name } = mesh.istio.line.gateway;
      const service = objectNamed(await meshProbes(cluster).istioSystem(), "Service", name);
      if (pods.length === 0 || !service) return [];
      const localities = await localitiesOf(world, cluster, pods);
      return serviceAddresses(service).map((address) => ({
        address,
        pods: pods.length,
        what: `${name} of ${cluster.name}`,
        ...(localities.length > 1 && { unweighted: describeLocalities(cluster, localities) }),
      }));
    }),
  );
  return perCluster.flat();
}

/** Scaled weights are rounded to whole numbers. */
const weightTolerance = 0.02;

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** How what a client sees of a version differs from what it should see, a line each. */
function differences(
  version: string,
  seen: readonly Endpoint[],
  wanted: readonly WantedEndpoint[],
): string[] {
  const ipOf = ({ address }: Endpoint) => address.slice(0, address.lastIndexOf(":"));
  const seenAt = ({ address }: WantedEndpoint) => seen.find((endpoint) => ipOf(endpoint) === address);
  const missing = wanted.filter((one) => !seenAt(one));
  const extra = seen.filter((endpoint) => !wanted.some(({ address }) => ipOf(endpoint) === address));
  return [
    ...missing.map(({ address, what }) => `${version}: ${address} is missing (${what})`),
    ...extra.map((endpoint) => `${version}: ${endpoint.address} is unexpected (${nameOf(endpoint)})`),
    ...(missing.length + extra.length > 0 ? [] : misweighted(version, wanted, seenAt)),
  ];
}

/** Endpoints whose weights are not in proportion to their pods, among those for which that can be said. */
function misweighted(
  version: string,
  wanted: readonly WantedEndpoint[],
  seenAt: (wanted: WantedEndpoint) => Endpoint | undefined,
): string[] {
  const weighted = wanted
    .filter(({ unweighted }) => unweighted === undefined)
    .map((one) => ({ ...one, weight: seenAt(one)!.weight }));
  const allWeights = sumOf(weighted.map(({ weight }) => weight));
  const allPods = sumOf(weighted.map(({ pods }) => pods));
  return weighted
    .filter(({ weight, pods }) => Math.abs(weight / allWeights - pods / allPods) > weightTolerance)
    .map(
      ({ weight, pods, what }) =>
        `${version}: ${what} has the weight ${weight} of ${allWeights}, and ${pods} of ${allPods} pods`,
    );
}

/** The pod or the gateway behind an endpoint. */
export function nameOf({ target }: Endpoint): string {
  return target
    ? `${target.kind} ${target.name} of ${target.cluster}`
    : "no pod that serves here and no gateway";
}

/** The endpoints that the client's proxy in this cluster holds. */
export async function viewOf({ endpoints }: VerifyWorld, { name }: Cluster): Promise<EndpointView> {
  return (await endpoints()).views.find(({ cluster }) => cluster === name)!;
}

const unseen = ({ error }: EndpointView): Verdict => problem(`the client's proxy does not answer: ${error}`);

const whyUnweighted =
  (version: string) =>
  ({ unweighted }: WantedEndpoint): string[] =>
    unweighted === undefined ? [] : [`${version}: ${unweighted}`];

/** Whether the client of a cluster sees what it should see of every version. */
export const endpointSet = explained("endpoints", compareEndpoints);

async function compareEndpoints(world: VerifyWorld, cluster: Cluster): Promise<Verdict> {
  const { mesh } = world;
  const view = await viewOf(world, cluster);
  if (view.error !== undefined) return unseen(view);
  const perVersion = await Promise.all(
    mesh.sample!.versions.map(async ({ name }) => {
      const seen = view.endpoints.filter(({ version }) => version === name);
      const wanted = await wantedEndpoints(world, cluster, name);
      return { wrong: differences(name, seen, wanted), unweighted: wanted.flatMap(whyUnweighted(name)) };
    }),
  );
  const wrong = perVersion.flatMap((one) => one.wrong);
  if (wrong.length > 0) return problem(wrong, { commands: restartIstiod(mesh.primary) });
  const seen = view.endpoints
    .map((endpoint) => `${endpoint.version ?? "any"}: ${nameOf(endpoint)}`)
    .join(", ");
  const unweighted = [...new Set(perVersion.flatMap((one) => one.unweighted))];
  return unweighted.length > 0
    ? info(seen, ...unweighted, `weights of these gateways are not judged: ${severalLocalities}`)
    : pass(seen);
}

export const endpointSetChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "endpoints.set",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the client has the expected endpoints",
    looksAt:
      "the endpoints of helloworld that the Envoy beside the client holds, by version, against the pods that serve and the gateways' addresses; weights against the number of pods, except of a gateway whose pods are in several localities",
    why: "Pod addresses of another cluster are unreachable, and without its gateway a cluster gets no requests. A known bug loses endpoints after a remote secret was rewritten (istio/istio#61043).",
    fix: "restart istiod; it reads every cluster again",
    needs: [
      "reachable.nodes",
      "endpoints.service",
      "endpoints.sidecars",
      "endpoints.proxies",
      "endpoints.routing",
      "control-plane.network",
      "control-plane.synced",
      "gateways.network",
    ],
    look: endpointSet,
  },
  {
    id: "endpoints.healthy",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "all endpoints are healthy",
    looksAt: "health of the same endpoints: Envoy's flags",
    why: "Envoy sends no requests to endpoints that are unhealthy or ejected.",
    fix: "see what the endpoint answers; Envoy uses it again when it recovers",
    needs: ["endpoints.set"],
    look: explained("endpoints", async (world, cluster: Cluster) => {
      const { endpoints: seen } = await viewOf(world, cluster);
      const sick = seen.filter(({ healthy }) => !healthy);
      return passIfNone(
        sick.map((endpoint) => `${endpoint.address} (${nameOf(endpoint)}): ${endpoint.health}`),
        {},
        `${seen.length} endpoints`,
      );
    }),
  },
];
