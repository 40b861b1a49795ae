import pc from "picocolors";
import { type Layer, layers } from "../check";
import { type CheckReport, type CheckResult, groupedBy, type Status, waitingFor } from "../report";

/** In the way of `linkerd check`: groups of lines, a mark each; what did not pass says what was seen and what to do. */
const marks: Readonly<Record<Status, string>> = {
  pass: "√",
  info: "i",
  warn: "‼",
  fail: "×",
  "not judged": "-",
};

type Colors = ReturnType<typeof pc.createColors>;
const paint = (colors: Colors): Record<Status, (text: string) => string> => ({
  pass: colors.green,
  info: colors.blue,
  warn: colors.yellow,
  fail: colors.red,
  "not judged": colors.dim,
});

/** More clusters than this are counted, not named. */
const namedClusters = 4;

/** @param color escape sequences for a terminal */
export function formatTable(report: CheckReport, color: boolean): string {
  const colors = pc.createColors(color);
  const waiting = waitingFor(report.results);
  const groups = (Object.keys(layers) as Layer[]).flatMap((layer) => {
    const results = report.results.filter((result) => result.layer === layer && !result.blockedBy);
    if (results.length === 0) return [];
    const rows = rowsOf(results).flatMap((row) => rowLines(row, waiting, colors));
    return [[colors.bold(layers[layer]), "-".repeat(layers[layer].length), ...rows].join("\n")];
  });
  return `${[...groups, summary(report, colors)].join("\n\n")}\n`;
}

/** Results that say the same of several clusters. */
interface Row {
  readonly result: CheckResult;
  readonly clusters: readonly string[];
  /** None where passing clusters show different things. */
  readonly evidence: readonly string[];
  /** What passing checks of several clusters counted, a line each. */
  readonly counted: readonly string[];
}

function rowsOf(results: readonly CheckResult[]): Row[] {
  // Passing clusters share a row, whatever their evidence.
  const rows = groupedBy(results, ({ id, status, evidence, commands }) =>
    JSON.stringify([id, status, ...(status === "pass" ? [] : [evidence, commands])]),
  );
  return rows.map((same) => {
    const first = same[0]!;
    // Counts are shown for each cluster, even if they are equal.
    const isCounted = first.status === "pass" && first.shares !== undefined && same.length > 1;
    const isOne = !isCounted && same.every(({ evidence }) => evidence.join() === first.evidence.join());
    return {
      result: first,
      clusters: same.flatMap(({ cluster }) => cluster ?? []),
      evidence: isOne ? first.evidence : [],
      counted: isOne ? [] : same.slice(0, namedClusters).flatMap(countedLine),
    };
  });
}

const countedLine = ({ cluster, shares, evidence }: CheckResult) =>
  shares ? [`${cluster}: ${evidence[0]}`] : [];

function rowLines(
  { result, clusters, evidence, counted }: Row,
  waiting: ReturnType<typeof waitingFor>,
  colors: Colors,
): string[] {
  const { id, status, title, fix, commands, docs } = result;
  const color = paint(colors)[status];
  const head = `${color(marks[status])} ${title}${clusters.length > 0 ? ` (${nameClusters(clusters)})` : ""}`;
  if (status === "pass") {
    const told = evidence.length > 0 ? `${head}${colors.dim(`: ${evidence.join("; ")}`)}` : head;
    return [told, ...counted.map((line) => colors.dim(`    ${line}`))];
  }
  const names = clusters.length > 0 ? clusters : [undefined];
  const count = names.reduce((total, cluster) => total + waiting(id, cluster), 0);
  return [
    head,
    ...evidence.map((line) => `    ${color(line)}`),
    ...(fix ? [`    fix: ${fix}`] : []),
    ...commands.map((command) => `      ${colors.bold(command)}`),
    ...(count > 0
      ? [`    ${count} other ${count === 1 ? "check is" : "checks are"} not judged until it passes`]
      : []),
    colors.dim(`    see ${docs}`),
  ];
}

const nameClusters = (clusters: readonly string[]) =>
  clusters.length > namedClusters ? `${clusters.length} clusters` : clusters.join(", ");

function summary({ counts, ok, seconds }: CheckReport, colors: Colors): string {
  const parts = [
    `${counts.pass} passed`,
    counts.info > 0 && `${counts.info} info`,
    counts.warn > 0 && colors.yellow(`${counts.warn} ${counts.warn === 1 ? "warning" : "warnings"}`),
    counts.fail > 0 && colors.red(`${counts.fail} failed`),
    counts["not judged"] > 0 && `${counts["not judged"]} not judged`,
  ].filter((part) => typeof part === "string");
  const wrong = counts.fail > 0 ? "checks failed" : "not proved";
  const result = ok ? colors.green("no check failed") : colors.red(wrong);
  return `${result}: ${parts.join(", ")} (${seconds.toFixed(1)} s)`;
}
