import { setMaxListeners } from "node:events";
import type { Cluster, Mesh, Sample } from "../../mesh/mesh";
import { whyUnavailable } from "../diagnosis/pods";
import { ProgramFailed, Refused, shortMessage } from "../exec/errors";
import { kubectlFor } from "../exec/kubectl";
import { withParallelLimit, withRequestTimeout } from "../exec/limits";
import { deadlineSignal, pause } from "../exec/timing";
import type { Context } from "../run/context";
import { loopHeartbeat, requestLoop } from "./request-loop";
import { inClient, type Reply, replyReader } from "./requests";
import { type SamplePods, samplePods } from "./sample-pods";
import { type Counts, type Tally, tallying } from "./tally";

export interface TrafficProps {
  readonly mesh: Mesh;
  readonly sample: Sample;
  /** Clusters whose clients send requests. */
  readonly from: readonly Cluster[];
  /** Requests a second from each of them, a whole number from 1 to 100. */
  readonly ratePerSecond: number;
}

/** Requests from the clients of several clusters in parallel. */
export interface Traffic {
  /** Results so far, by cluster. */
  clients(): readonly ClientTraffic[];
  /** Resolves when `stop` is aborted and running requests have been answered. */
  readonly ended: Promise<void>;
}

/** Results of the client in one cluster. */
export interface ClientTraffic {
  /** Name of the client's cluster. */
  readonly cluster: string;
  readonly total: Flow;
  /** The last `windowSeconds`. */
  readonly lately: Flow;
  /** How often the connection to the client broke. Requests that were not sent meanwhile are not counted. */
  readonly interruptions: number;
}

export interface Flow extends Tally {
  /** Answers by cluster; `unknownCluster` if no cluster has the pod. */
  readonly clusters: Counts;
}

const unknownCluster = "unknown";

/**
 * Seconds after which the connection to a client is reopened: load balancers on the way to the API server close old
 * ones, and its output stays in memory while it is open.
 */
const connectionSeconds = 600;
/** Seconds without output. Even at the lowest rate a request with its timeout takes less, and so does a slow login. */
const silenceSeconds = 30;
const pauseSeconds = 2;

/** Lets the clients send requests until `stop` is aborted. */
export function startTraffic(
  context: Context,
  { mesh, sample, from, ratePerSecond }: TrafficProps,
  stop: AbortSignal,
): Traffic {
  const asking = new AbortController();
  // Every client listens.
  setMaxListeners(0, stop, asking.signal);
  const pods = samplePods(
    withRequestTimeout(withParallelLimit(context.programs)),
    mesh,
    sample,
    asking.signal,
  );
  const exec = inClient(mesh, sample, requestLoop(sample, ratePerSecond), { input: true });
  const clients = from.map((cluster) => startClient(context, cluster, exec, pods, stop));
  const report = () => clients.map((client) => client.report());
  const ended = async () => {
    await Promise.all(clients.map((client) => client.ended));
    const isUnknown = ({ total }: ClientTraffic) => total.clusters[unknownCluster] !== undefined;
    if (report().some(isUnknown)) await pods.look();
    asking.abort();
  };
  return { clients: report, ended: ended() };
}

/**
 * @param props with `mesh.yaml` as the user named it
 * @throws Refused naming every client that cannot send requests
 */
export async function requireClients(
  context: Context,
  {
    mesh,
    sample,
    from,
    meshFile,
  }: Pick<TrafficProps, "mesh" | "sample" | "from"> & { readonly meshFile: string },
): Promise<void> {
  const asking = { ...context, programs: withParallelLimit(context.programs) };
  const { name } = mesh.istio.line.sample.client;
  const reasons = await Promise.all(
    from.map((cluster) => whyUnavailable(asking, cluster, { namespace: sample.namespace, name }, meshFile)),
  );
  const problems = reasons.filter((reason) => reason !== undefined);
  if (problems.length > 0) throw new Refused(problems);
}

interface Client {
  report(): ClientTraffic;
  readonly ended: Promise<void>;
}

const now = () => performance.now() / 1000;

function startClient(
  { programs, reporter, signal }: Context,
  { name, context }: Cluster,
  exec: readonly string[],
  pods: SamplePods,
  stop: AbortSignal,
): Client {
  const kubectl = kubectlFor(programs, context);
  const tally = tallying(now());
  let interruptions = 0;
  let brokenSince: number | undefined;

  const broken = (why: string) => {
    if (brokenSince !== undefined) return;
    brokenSince = now();
    interruptions++;
    reporter.say(`${name}: requests stopped: ${why}; retrying every ${pauseSeconds} s`);
  };
  const answered = (replies: readonly Reply[]) => {
    for (const reply of replies) {
      tally.add(reply, now());
      // Starts the lookup, so that the cluster is known when it is shown.
      if (reply.pod !== undefined) pods.clusterOf(reply.pod);
    }
    if (brokenSince === undefined || replies.length === 0) return;
    reporter.say(`${name}: requests resumed after ${Math.round(now() - brokenSince)} s`);
    brokenSince = undefined;
  };
  const connect = async () => {
    const read = replyReader();
    const until = deadlineSignal(stop, connectionSeconds);
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), silenceSeconds * 1000);
    try {
      await kubectl.run(exec, {
        heartbeat: { everySeconds: loopHeartbeat.everySeconds, until: until.signal },
        signal: silence.signal,
        deadlineSeconds: connectionSeconds + silenceSeconds,
        // Not secret, but too long for the log.
        secretOutput: true,
        onOutput(chunk) {
          timer.refresh();
          answered(read(chunk));
        },
      });
    } catch (error) {
      throw silence.signal.aborted ? new Error(`no output from the client for ${silenceSeconds} s`) : error;
    } finally {
      clearTimeout(timer);
      until.release();
    }
  };
  const send = async () => {
    while (!stop.aborted && !signal.aborted) {
      const began = now();
      const ended = () => (now() - began < connectionSeconds ? "the client's loop ended" : undefined);
      const why = await connect().then(ended, whyBroken);
      if (why === undefined || stop.aborted || signal.aborted) continue;
      broken(why);
      await pause(stop, pauseSeconds * 1000);
    }
  };
  return {
    ended: send(),
    report: () => ({
      cluster: name,
      total: flow(tally.total(now()), pods),
      lately: flow(tally.lately(now()), pods),
      interruptions,
    }),
  };
}

/** Without the failed command: the loop is long, and in the log. */
function whyBroken(error: unknown): string {
  if (!(error instanceof ProgramFailed)) return shortMessage(error);
  const [said = ""] = error.stderr.split("\n");
  return said || `kubectl ended with ${error.code}`;
}

function flow(tally: Tally, pods: SamplePods): Flow {
  const clusters = new Map<string, number>();
  for (const [pod, times] of Object.entries(tally.pods)) {
    const cluster = pods.clusterOf(pod) ?? unknownCluster;
    clusters.set(cluster, (clusters.get(cluster) ?? 0) + times);
  }
  return {
    ...tally,
    clusters: Object.fromEntries([...clusters].sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}
