import type { Cluster } from "../../mesh/mesh";
import { readBundleDrift } from "../../ops/clusters/bundle-drift";
import { objectsOfBundles } from "../../ops/clusters/bundle-objects";
import { type ConnectedProxy, readConnectedProxies, readReadClusters } from "../../ops/clusters/istiod-facts";
import { withParallelLimit, withRequestTimeout } from "../../ops/exec/limits";
import { memoize } from "../../ops/exec/memoize";
import type { Context } from "../../ops/run/context";
import { endpoints, type MeshEndpoints } from "../../ops/status/endpoints";
import { type Reply, readReplies, requestScript } from "../../ops/traffic/requests";
import { rightsToRead } from "../basics/rights";
import { type CheckInputs, type World, worldOf } from "../basics/world";
import { type MeshProbes, meshProbesOf } from "./mesh-probes";
import { rightsToSend } from "./prerequisites";
import { type RequestPlan, requestPlan } from "./split/request-plan";

/** What verify's checks look at. Everything is asked once, and only when a check wants to know. */
export interface VerifyWorld extends World {
  readonly now: () => Date;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly meshProbes: (cluster: Cluster) => MeshProbes;
  /** Clusters that the primary's istiod reads, and how far it is with each: `synced`. */
  readonly readClusters: () => Promise<Readonly<Record<string, string>>>;
  /** Proxies that are connected to the primary's istiod. */
  readonly connectedProxies: () => Promise<readonly ConnectedProxy[]>;
  /** What the clients of all clusters see of the sample. */
  readonly endpoints: () => Promise<MeshEndpoints>;
  /** The same as it is now, after requests were sent. */
  readonly endpointsNow: () => Promise<MeshEndpoints>;
  /** How the cluster differs from the manifests of mesh.yaml, a sentence for each object. */
  readonly drift: (cluster: Cluster) => Promise<readonly string[]>;
  readonly requestPlan: () => RequestPlan;
  /** What comes back for the planned requests of this cluster's client. */
  readonly replies: (cluster: Cluster) => Promise<readonly Reply[]>;
}

/** Requests of one client, most of them within a few milliseconds; a sample that computes takes its time. */
const trafficSeconds = 120;

/** What the checks of `verify` look at, asked as they go. */
export function verifyWorld(context: Context, inputs: CheckInputs): VerifyWorld {
  const { mesh } = inputs;
  const programs = withParallelLimit(context.programs);
  const asking = { ...context, programs };
  const world = worldOf(context, programs, inputs, [...rightsToRead(mesh), ...rightsToSend(mesh)]);
  const perCluster = <T>(make: (cluster: Cluster) => T) => {
    const made = new Map(mesh.clusters.map((cluster) => [cluster, make(cluster)]));
    return (cluster: Cluster) => made.get(cluster)!;
  };
  const meshProbes = perCluster((cluster) => meshProbesOf(mesh, world.probes(cluster)));
  const ofPrimary = <T>(question: (context: Context, primary: Cluster) => Promise<T>) =>
    memoize(async () => {
      await world.probes(mesh.primary).version();
      return question(asking, mesh.primary);
    });
  const bundles = memoize(() => objectsOfBundles(mesh, inputs.meshFile));
  const plan = memoize(() => requestPlan(mesh, mesh.sample!));
  const replies = perCluster((cluster) =>
    memoize(async () => {
      const script = requestScript(mesh.sample!, plan().requests);
      return readReplies(await meshProbes(cluster).inClient(script, { deadlineSeconds: trafficSeconds }));
    }),
  );
  return {
    ...world,
    now: context.now,
    signal: context.signal,
    meshProbes,
    readClusters: ofPrimary(readReadClusters),
    connectedProxies: ofPrimary(readConnectedProxies),
    endpoints: memoize(() => endpoints(asking, mesh, mesh.sample!)),
    endpointsNow: () => endpoints(asking, mesh, mesh.sample!),
    drift: (cluster) =>
      readBundleDrift(
        { ...asking, programs: withRequestTimeout(programs) },
        mesh,
        cluster,
        bundles()[cluster.name]!,
      ),
    requestPlan: plan,
    replies: (cluster) => replies(cluster)(),
  };
}
