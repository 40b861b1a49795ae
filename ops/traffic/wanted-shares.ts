import { statSync } from "node:fs";
import { readMesh } from "../../mesh/load";
import type { Sample } from "../../mesh/mesh";
import { InputError } from "../../mesh/problem";
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

/** Percent by version, from a second of the run on; empty where mesh.yaml has no weights. */
export interface WantedSince {
  readonly sinceSeconds: number;
  readonly versions: WantedShares["versions"];
}

/** The shares that mesh.yaml wants while requests run: `mesh split` may change them. */
export function followShares(file: string, sample: Sample, secondsGone: () => number) {
  let latest = wantedShares(sample);
  let written = writtenAt(file);
  const all: WantedSince[] = [{ sinceSeconds: 0, versions: latest.versions }];
  const now = (): WantedShares => {
    const at = writtenAt(file);
    if (at === written) return latest;
    written = at;
    const next = sharesIn(file);
    if (next === undefined || JSON.stringify(next) === JSON.stringify(latest)) return latest;
    latest = next;
    all.push({ sinceSeconds: Math.round(secondsGone() * 10) / 10, versions: latest.versions });
    return latest;
  };
  return {
    now,
    /** In the order of time, the first from the beginning. */
    all(): readonly WantedSince[] {
      now();
      return all;
    },
  };
}

const writtenAt = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs;

/** Undefined while the file is being edited. */
function sharesIn(file: string): WantedShares | undefined {
  try {
    const { sample } = readMesh(file);
    return sample && wantedShares(sample);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}
