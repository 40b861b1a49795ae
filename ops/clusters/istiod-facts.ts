import type { Cluster } from "../../mesh/mesh";
import { logAside } from "../programs/istioctl";
import type { Context } from "../runs/context";

/** What the primary's istiod knows of the mesh. */
export interface IstiodFacts {
  /** State of every cluster that it reads, by name: `synced`, or istiod's word for what it is at. Of several istiods the worst. */
  readonly clusters: Readonly<Record<string, string>>;
  /** Every proxy that is connected, of all clusters. */
  readonly proxies: readonly ConnectedProxy[];
}

export interface ConnectedProxy {
  /** `<pod>.<namespace>` */
  readonly name: string;
  readonly cluster: string;
  /** What it has not taken over yet: `Listener`, `RouteConfiguration`, ... */
  readonly stale: readonly string[];
}

/** As `istioctl proxy-status -o json` prints it. */
interface ProxyStatus {
  readonly resources?: readonly {
    readonly node: { readonly id: string; readonly metadata?: { readonly CLUSTER_ID?: string } };
    readonly genericXdsConfigs?: readonly { readonly typeUrl: string; readonly configStatus?: string }[];
  }[];
}

/** Sent and not taken over; NOT_SENT is what no proxy has asked for. */
const behind = ["STALE", "ERROR"];

/** @throws when istiod cannot be asked */
export async function readIstiod(context: Context, primary: Cluster): Promise<IstiodFacts> {
  const [clusters, proxies] = await Promise.all([
    readReadClusters(context, primary),
    readConnectedProxies(context, primary),
  ]);
  return { clusters, proxies };
}

type Asking = Pick<Context, "programs" | "signal">;

/** @throws when istiod cannot be asked */
export async function readReadClusters(asking: Asking, primary: Cluster): Promise<IstiodFacts["clusters"]> {
  // It asks every istiod; `internal-debug clusterz`, which prints JSON, asks one of them.
  return readRemoteClusters(await ask(asking, primary, "remote-clusters"));
}

/** Reads the table of `istioctl remote-clusters`: a row for each cluster and istiod. Cells may be empty. */
export function readRemoteClusters(table: string): IstiodFacts["clusters"] {
  const [heading = "", ...rows] = table.split("\n").filter((line) => line.trim() !== "");
  const starts = [...heading.matchAll(/\S+/g)].map(({ 0: name, index }) => ({ name, index }));
  const cell = (row: string, name: string) => {
    const column = starts.findIndex((start) => start.name === name);
    return row.slice(starts[column]?.index, starts[column + 1]?.index).trim();
  };
  const states = rows.map((row) => ({
    cluster: cell(row, "NAME"),
    state: cell(row, "STATUS"),
    istiod: cell(row, "ISTIOD"),
  }));
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

/** @throws when istiod cannot be asked */
export async function readConnectedProxies(
  asking: Asking,
  primary: Cluster,
): Promise<IstiodFacts["proxies"]> {
  const { resources = [] }: ProxyStatus = JSON.parse(
    await ask(asking, primary, "proxy-status", "-o", "json"),
  );
  return resources.map(({ node, genericXdsConfigs = [] }) => ({
    name: node.id,
    cluster: node.metadata?.CLUSTER_ID ?? "",
    stale: genericXdsConfigs
      .filter(({ configStatus = "" }) => behind.includes(configStatus))
      .map(({ typeUrl }) => typeUrl.split(".").at(-1)!),
  }));
}

async function ask({ programs, signal }: Asking, { context }: Cluster, ...args: string[]): Promise<string> {
  return (await programs.run("istioctl", [...args, "--context", context, ...logAside], { signal })).stdout;
}
