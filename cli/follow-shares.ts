import { statSync } from "node:fs";
import { readMesh } from "../mesh/load";
import type { Sample } from "../mesh/mesh";
import { InputError } from "../mesh/problem";
import { type WantedShares, wantedShares } from "../ops/traffic/wanted-shares";

export interface FollowedShares {
  now(): WantedShares;
  /** None, if they were not the same all the time. */
  throughout(): WantedShares;
}

/** The shares that mesh.yaml wants: `mesh split` may change them while requests go on. */
export function followShares(file: string, sample: Sample): FollowedShares {
  let latest = wantedShares(sample);
  let changed = false;
  let written = writtenAt(file);
  return {
    now() {
      const at = writtenAt(file);
      if (at === written) return latest;
      written = at;
      const next = sharesIn(file);
      if (next === undefined || JSON.stringify(next) === JSON.stringify(latest)) return latest;
      changed = true;
      latest = next;
      return latest;
    },
    throughout: () => (changed ? { versions: {}, clusters: {} } : latest),
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
