import type { CheckResult } from "./report";

/** How many checks wait for one that did not pass. They are counted there: listed, they would bury it. */
export function waitingFor(
  results: readonly CheckResult[],
): (id: CheckResult["id"], cluster: string | undefined) => number {
  const nameOf = (id: string, cluster: string | undefined) => `${id} ${cluster ?? ""}`;
  const counts = new Map<string, number>();
  for (const { blockedBy } of results) {
    if (!blockedBy) continue;
    const name = nameOf(blockedBy.id, blockedBy.cluster);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return (id, cluster) => counts.get(nameOf(id, cluster)) ?? 0;
}
