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

/** Requests from the clients of some clusters, side by side. */
export interface Traffic {
  /** How it has gone so far, cluster by cluster. */
  clients(): readonly ClientTraffic[];
  /** Ends when `stop` is aborted and what was under way then has been answered. */
  readonly ended: Promise<void>;
}

/** What the client of one cluster sent, and got back. */
export interface ClientTraffic {
  /** Name of the client's cluster. */
  readonly cluster: string;
  readonly total: Flow;
  /** The last seconds of it, `windowSeconds`. */
  readonly lately: Flow;
  /** How often the connection to the client broke. What could not be sent until it was made anew counts for nothing. */
  readonly interruptions: number;
}

export interface Flow extends Tally {
  /** Answers by the cluster that gave them, `unknownCluster` where no cluster has the pod. */
  readonly clusters: Counts;
}

const unknownCluster = "unknown";

/**
 * Seconds. After this time the connection to a client is made anew, in order: load balancers between here and the API
 * server end old ones, and what a connection has brought is kept as long as it lives.
 */
const connectionSeconds = 600;
/** Seconds without a reply: at the lowest rate a request and its deadline take less, and so does a slow login. */
const silenceSeconds = 30;
const pauseSeconds = 2;

/** Lets the clients send requests until `stop` is aborted. */
export function startTraffic(
  context: Context,
  { mesh, sample, from, ratePerSecond }: TrafficProps,
  stop: AbortSignal,
): Traffic {
  const asking = new AbortController();
  // One for every client.
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
 * @throws Refused naming every client that cannot send
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
    reporter.say(`${name}: no requests: ${why}; trying again every ${pauseSeconds} s`);
  };
  const answered = (replies: readonly Reply[]) => {
    for (const reply of replies) {
      tally.add(reply, now());
      // Asked for now, its cluster is known by the time that somebody looks.
      if (reply.pod !== undefined) pods.clusterOf(reply.pod);
    }
    if (brokenSince === undefined || replies.length === 0) return;
    reporter.say(`${name}: requests go on, after ${Math.round(now() - brokenSince)} s`);
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
        // Nothing secret, but too much for the log.
        secretOutput: true,
        onOutput(chunk) {
          timer.refresh();
          answered(read(chunk));
        },
      });
    } catch (error) {
      throw silence.signal.aborted ? new Error(`not a word from the client for ${silenceSeconds} s`) : error;
    } finally {
      clearTimeout(timer);
      until.release();
    }
  };
  const send = async () => {
    while (!stop.aborted && !signal.aborted) {
      const began = now();
      const ended = () => (now() - began < connectionSeconds ? "the client's loop has ended" : undefined);
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

/** The command that failed is the loop, which is long, and in the log. */
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
