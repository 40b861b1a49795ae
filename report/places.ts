import type { CheckResult } from "../checks/report";

/** Clusters of which a check says the same. */
export interface Place {
  /** None: the mesh as a whole. */
  readonly clusters: readonly string[];
  readonly result: CheckResult;
}

/** @param results of one check */
export function placesOf(results: readonly CheckResult[]): Place[] {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) {
    const { status, evidence, fix, commands } = result;
    const words = JSON.stringify([status, evidence, fix, commands]);
    groups.set(words, [...(groups.get(words) ?? []), result]);
  }
  return [...groups.values()].map((group) => ({
    clusters: group.flatMap(({ cluster }) => cluster ?? []),
    result: group[0]!,
  }));
}

/** Results by the check that gave them, in its order. */
export function byCheck(results: readonly CheckResult[]): CheckResult[][] {
  const checks = new Map<string, CheckResult[]>();
  for (const result of results) {
    const known = checks.get(result.id);
    if (known) known.push(result);
    else checks.set(result.id, [result]);
  }
  return [...checks.values()];
}
