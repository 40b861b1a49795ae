import { statSync } from "node:fs";
import { readMesh } from "../mesh/load";
import type { Sample } from "../mesh/mesh";
import { InputError } from "../mesh/problem";
import { type WantedShares, wantedShares } from "../ops/traffic/wanted-shares";

export interface FollowedShares {
  now(): WantedShares;
  /** One after the other, the first from the beginning. */
  all(): readonly WantedSince[];
}

/** Percent by version, from a second of the run on; empty where mesh.yaml has no weights. */
export interface WantedSince {
  readonly sinceSeconds: number;
  readonly versions: WantedShares["versions"];
}

/** The shares that mesh.yaml wants: `mesh split` may change them while requests go on. */
export function followShares(file: string, sample: Sample, secondsGone: () => number): FollowedShares {
  let latest = wantedShares(sample);
  let written = writtenAt(file);
  const all: WantedSince[] = [{ sinceSeconds: 0, versions: latest.versions }];
  const now = () => {
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
    all() {
      now();
      return all;
    },
  };
}

const writtenAt = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs;

/** Undefined: somebody is in the middle of editing it. */
function sharesIn(file: string): WantedShares | undefined {
  try {
    const { sample } = readMesh(file);
    return sample && wantedShares(sample);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}
