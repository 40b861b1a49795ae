import type { ClusterCa } from "../ca/material";
import type { Addresses, Cluster, Mesh } from "../mesh/mesh";

/** What the manifests of one cluster are made of. */
export interface Bundle {
  readonly mesh: Mesh;
  readonly cluster: Cluster;
  /** Undefined: not made yet, so there is no `cacerts`. */
  readonly ca: ClusterCa | undefined;
  /** Gateway addresses known so far. */
  readonly addresses: Addresses;
}
