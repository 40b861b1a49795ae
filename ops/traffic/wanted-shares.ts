import type { Sample } from "../../mesh/mesh";
import type { Counts } from "./tally";

/** Percent of the answers, as far as mesh.yaml says it. */
export interface WantedShares {
  /** By version; none without weights: then every pod gets an equal share, and pods come and go. */
  readonly versions: Counts;
  /** By cluster; none either where a version runs in several clusters, whose pods share its part. */
  readonly clusters: Counts;
}

export function wantedShares({ versions, weights }: Sample): WantedShares {
  if (!weights) return { versions: {}, clusters: {} };
  const parts = versions.map(({ name, clusters }) => ({ name, clusters, percent: weights[name] ?? 0 }));
  const isShared = parts.some(({ clusters, percent }) => clusters.length > 1 && percent > 0);
  const byCluster: Record<string, number> = {};
  for (const { clusters, percent } of parts)
    for (const cluster of clusters) byCluster[cluster] = (byCluster[cluster] ?? 0) + percent;
  return {
    versions: Object.fromEntries(parts.map(({ name, percent }) => [name, percent])),
    clusters: isShared ? {} : byCluster,
  };
}
