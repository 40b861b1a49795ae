import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster } from "../../mesh/mesh";
import { logAside } from "../exec/istioctl";
import { kubectlFor } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";
import type { Context } from "../run/context";

/** What the primary's istiod replicas know of the mesh. There are two on a cluster that Terraform creates. */
export interface IstiodFacts {
  /** State of every cluster that they read, by name: `synced` or istiod's word for another state. The worst of all replicas. */
  readonly clusters: Readonly<Record<string, string>>;
  /** Every connected proxy of all clusters. */
  readonly proxies: readonly ConnectedProxy[];
}

export interface ConnectedProxy {
  /** `<pod>.<namespace>` */
  readonly name: string;
  readonly cluster: string;
  /** What it has not accepted yet: `Listener`, `RouteConfiguration`, ... */
  readonly stale: readonly string[];
}

/** As `istioctl proxy-status -o json` prints it, once for each istiod. */
interface ProxyStatus {
  /** `identifier` is JSON, too. */
  readonly controlPlane?: { readonly identifier?: string };
  readonly resources?: readonly {
    readonly node: { readonly id: string; readonly metadata?: { readonly CLUSTER_ID?: string } };
    readonly genericXdsConfigs?: readonly { readonly typeUrl: string; readonly configStatus?: string }[];
  }[];
}

/** Sent and not accepted; NOT_SENT is what no proxy has asked for. */
const behind = ["STALE", "ERROR"];

type Asking = Pick<Context, "programs" | "signal">;

/** @throws if istiod cannot be queried */
export async function readReadClusters(asking: Asking, primary: Cluster): Promise<IstiodFacts["clusters"]> {
  // It asks every istiod; `internal-debug clusterz`, which prints JSON, only asks one.
  const { printed, leaving } = await askEvery(asking, primary, "remote-clusters");
  return readRemoteClusters(printed, leaving);
}

/**
 * Reads the table of `istioctl remote-clusters`: a row for each cluster and istiod. Cells may be empty.
 * @param leaving istiods to ignore
 */
export function readRemoteClusters(table: string, leaving: readonly string[] = []): IstiodFacts["clusters"] {
  const [heading = "", ...rows] = table.split("\n").filter((line) => line.trim() !== "");
  const starts = [...heading.matchAll(/\S+/g)].map(({ 0: name, index }) => ({ name, index }));
  const cell = (row: string, name: string) => {
    const column = starts.findIndex((start) => start.name === name);
    return row.slice(starts[column]?.index, starts[column + 1]?.index).trim();
  };
  const states = rows
    .map((row) => ({
      cluster: cell(row, "NAME"),
      state: cell(row, "STATUS"),
      istiod: cell(row, "ISTIOD"),
    }))
    .filter(({ istiod }) => !leaving.includes(istiod));
  const istiods = [...new Set(states.map(({ istiod }) => istiod))];
  const clusters = [...new Set(states.map(({ cluster }) => cluster))];
  return Object.fromEntries(
    clusters.map((name) => {
      const ofCluster = states.filter(({ cluster }) => cluster === name);
      const behind = ofCluster.find(({ state }) => state !== synced);
      const unaware = istiods.find((one) => ofCluster.every(({ istiod }) => istiod !== one));
      if (behind) return [name, istiods.length > 1 ? `${behind.state} in ${behind.istiod}` : behind.state];
      return [name, unaware === undefined ? synced : `unknown to ${unaware}`];
    }),
  );
}

/** istiod's word for a cluster all of whose objects it has read. */
export const synced = "synced";

/** @throws if istiod cannot be queried */
export async function readConnectedProxies(
  asking: Asking,
  primary: Cluster,
): Promise<IstiodFacts["proxies"]> {
  const { printed, leaving } = await askEvery(asking, primary, "proxy-status", "-o", "json");
  return readProxyStatus(printed, leaving);
}

/**
 * Reads what `istioctl proxy-status -o json` prints: a JSON document for each istiod, one after another.
 * @param leaving istiods to ignore
 */
export function readProxyStatus(printed: string, leaving: readonly string[] = []): IstiodFacts["proxies"] {
  const proxies = documentsIn(printed)
    .filter((status) => !leaving.includes(istiodOf(status)))
    .flatMap(({ resources = [] }) => resources)
    .map(({ node, genericXdsConfigs = [] }) => ({
      name: node.id,
      cluster: node.metadata?.CLUSTER_ID ?? "",
      stale: genericXdsConfigs
        .filter(({ configStatus = "" }) => behind.includes(configStatus))
        .map(({ typeUrl }) => typeUrl.split(".").at(-1)!),
    }));
  // A proxy that has moved between replicas is known to both for a moment. The old replica has stale state.
  const byNewest = proxies.toSorted((one, other) => other.stale.length - one.stale.length);
  return [...new Map(byNewest.map((proxy) => [`${proxy.cluster}/${proxy.name}`, proxy])).values()];
}

/** istioctl indents: only a document begins with a brace at the start of a line. */
const documentsIn = (printed: string): readonly ProxyStatus[] =>
  printed
    .split(/^(?=\{)/m)
    .filter((document) => document.trim() !== "")
    .map((document) => JSON.parse(document));

/** Name of the pod. */
const istiodOf = ({ controlPlane }: ProxyStatus): string =>
  JSON.parse(controlPlane?.identifier ?? "{}").ID ?? "";

/** For an istiod to stop: the grace period of its pod, and some time for the kubelet to report it. */
const endingSeconds = 40;

interface Answers {
  readonly printed: string;
  /** Names of istiods that are still Terminating. */
  readonly leaving: readonly string[];
}

/**
 * istioctl asks every istiod whose phase is Running, and fails if one of them does not answer. A pod that is Terminating
 * is in that phase, but no longer answers (GetIstioPods in pkg/kube/client.go, Istio 1.31, read 2026-11-27). So after a
 * rollout restart this waits until it is gone; its proxies have moved by then.
 */
async function askEvery(asking: Asking, primary: Cluster, ...args: string[]): Promise<Answers> {
  const kubectl = kubectlFor(asking.programs, primary.context);
  const { signal } = asking;
  const ask = () =>
    asking.programs
      .run("istioctl", [...args, "--context", primary.context, ...logAside], { signal })
      .then(({ stdout }) => ({ printed: stdout, error: undefined }))
      .catch((error: Error) => ({ printed: undefined, error }));
  const terminating = async () =>
    (await kubectl.get(["pods", "-n", istioNamespace, "-l", "app=istiod"], { signal })).filter(isTerminating);

  const [first, leavingAtFirst] = await Promise.all([ask(), terminating()]);
  // One may have started to terminate meanwhile.
  const leaving = first.error && leavingAtFirst.length === 0 ? await terminating() : leavingAtFirst;
  if (leaving.length === 0) {
    if (first.error) throw first.error;
    return { printed: first.printed, leaving: [] };
  }
  const pods = leaving.map(({ metadata }) => `pod/${metadata.name}`);
  const gone = await kubectl
    .waitUntilGone([...pods, "-n", istioNamespace], endingSeconds, { signal })
    .then(() => true)
    .catch(() => false);
  const second = await ask();
  if (second.error) throw gone ? second.error : new StuckIstiod(leaving, second.error);
  return { printed: second.printed, leaving: leaving.map(({ metadata }) => metadata.name) };
}

const isTerminating = ({ metadata, status }: KubernetesObject) =>
  metadata.deletionTimestamp !== undefined && status?.phase === "Running";

class StuckIstiod extends Error {
  constructor(pods: readonly KubernetesObject[], { message }: Error) {
    const stuck = pods.map(
      ({ metadata }) => `${metadata.name} has been Terminating since ${metadata.deletionTimestamp}`,
    );
    super(`${stuck.join(", ")}, and istioctl asks it as well: ${message}`);
    this.name = "StuckIstiod";
  }
}
