import type { Cluster } from "../mesh/mesh";
import type { Context } from "./context";

/** What the primary's istiod knows of the mesh. */
export interface IstiodFacts {
  /** State of every cluster that it reads, by name: `synced`, or istiod's word for what it is at. */
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

/** As `istioctl x internal-debug clusterz` prints it. */
type Clusterz = readonly { readonly id: string; readonly syncStatus: string }[];

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
export async function readIstiod({ programs, signal }: Context, { context }: Cluster): Promise<IstiodFacts> {
  const ask = async (...args: string[]) =>
    JSON.parse((await programs.run("istioctl", [...args, "--context", context], { signal })).stdout);
  const [clusterz, proxyStatus]: [Clusterz, ProxyStatus] = await Promise.all([
    ask("x", "internal-debug", "clusterz"),
    ask("proxy-status", "-o", "json"),
  ]);
  return {
    clusters: Object.fromEntries(clusterz.map(({ id, syncStatus }) => [id, syncStatus])),
    proxies: (proxyStatus.resources ?? []).map(({ node, genericXdsConfigs = [] }) => ({
      name: node.id,
      cluster: node.metadata?.CLUSTER_ID ?? "",
      stale: genericXdsConfigs
        .filter(({ configStatus = "" }) => behind.includes(configStatus))
        .map(({ typeUrl }) => typeUrl.split(".").at(-1)!),
    })),
  };
}
