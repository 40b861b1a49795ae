import type { CheckFacts, Layer, Severity, Share } from "./check";

export type Status = "pass" | "info" | "warn" | "fail" | "not judged";

/** One check of one cluster, or of the mesh. Field names are part of `-o json`. */
export interface CheckResult {
  readonly id: CheckFacts["id"];
  readonly layer: Layer;
  readonly severity: Severity;
  readonly title: string;
  /** Name in mesh.yaml; undefined: the mesh as a whole. */
  readonly cluster?: string;
  readonly status: Status;
  /** What was seen, a line each. */
  readonly evidence: readonly string[];
  /** Of checks that count requests: how these fell. */
  readonly shares?: readonly Share[];
  /** Of what did not pass. */
  readonly fix?: string;
  /** Ready to paste. */
  readonly commands: readonly string[];
  /** Its section in docs/checks.md. */
  readonly docs: string;
  /** Of what is not judged: the check that must pass first. */
  readonly blockedBy?: { readonly id: CheckFacts["id"]; readonly cluster?: string };
  readonly seconds: number;
}

export interface CheckReport {
  /** Mesh ID. */
  readonly mesh: string;
  /**
   * No check failed; for `mesh verify` also: no failing check is not judged. Warnings do not count.
   */
  readonly ok: boolean;
  readonly counts: Readonly<Record<Status, number>>;
  /** In the order of the checks, clusters as in mesh.yaml. */
  readonly results: readonly CheckResult[];
  readonly seconds: number;
}

/** Results that make a proof fail, in order, without those that only wait for another check. */
export const obstaclesOf = (results: readonly CheckResult[]) =>
  results.filter(
    ({ status, severity, blockedBy }) =>
      status === "fail" || (status === "not judged" && severity === "fail" && !blockedBy),
  );

/** A failed check as an error message: what was seen, the fix, and commands to paste. */
export function failureText({ id, cluster, evidence, fix, commands }: CheckResult): string {
  const [first, ...more] = evidence;
  return [
    `${id}${cluster ? ` of ${cluster}` : ""}: ${first}`,
    ...more.map((line) => `  ${line}`),
    ...(fix ? [`  fix: ${fix}`] : []),
    ...commands.map((command) => `    ${command}`),
  ].join("\n");
}

/** For `mesh verify`: a failing check that was not judged also makes the report not ok. */
export const asProof = (report: CheckReport): CheckReport => ({
  ...report,
  ok: obstaclesOf(report.results).length === 0,
});

export function reportOf(mesh: string, results: readonly CheckResult[], seconds: number): CheckReport {
  const counts = { pass: 0, info: 0, warn: 0, fail: 0, "not judged": 0 };
  for (const { status } of results) counts[status]++;
  return { mesh, ok: counts.fail === 0, counts, results, seconds };
}

/** How many checks are not judged because of one that did not pass. Listing them would hide the cause. */
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

/** Items with the same key, in the order of their first. */
export function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}
