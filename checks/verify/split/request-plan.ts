import type { Mesh, Sample } from "../../../mesh/mesh";
import { requestsNeeded, requestsToSee } from "./exact-test";

/** How many requests verify sends from each cluster, and what it may conclude from them. */
export interface RequestPlan {
  readonly requests: number;
  /** Greatest probability with which one test of one cluster may refuse what is sound. */
  readonly falseAlarm: number;
}

/** Of a whole run: a healthy mesh fails, or a wrong one passes, less than once in a million. */
const perRun = 1e-6;
/** In each cluster: whether every version answers, and whether the shares are right. */
const testsOfCluster = 2;
/** What lies between a split of 50/50 and one of 90/10: a wrong split by as much is seen. */
export const seenShift = 0.4;
/** A version that gets less than this is not waited for: the test of the split judges it. */
const leastExpected = 0.05;

/** Follows from the weights and the number of clusters alone. */
export function requestPlan({ clusters }: Mesh, sample: Sample): RequestPlan {
  const falseAlarm = perRun / clusters.length / testsOfCluster;
  const probabilities = likelyShares(sample).map(({ share }) => share);
  const expected = probabilities.filter((one) => one >= leastExpected);
  const requests = Math.max(
    requestsNeeded(probabilities, { falseAlarm, miss: perRun }, seenShift),
    ...expected.map((one) => requestsToSee(one, falseAlarm / expected.length)),
  );
  return { requests, falseAlarm };
}

/** Part of the requests that each version should get: as mesh.yaml says, else of one pod in each of its clusters. */
export function likelyShares({ versions, weights }: Sample): { version: string; share: number }[] {
  if (weights) {
    return Object.entries(weights).map(([version, percent]) => ({ version, share: percent / 100 }));
  }
  const pods = versions.reduce((sum, { clusters }) => sum + clusters.length, 0);
  return versions.map(({ name, clusters }) => ({ version: name, share: clusters.length / pods }));
}
