import pc from "picocolors";
import { type Layer, layers } from "../check";
import type { CheckReport, CheckResult, Status } from "../report";

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
  const groups = (Object.keys(layers) as Layer[]).flatMap((layer) => {
    const results = report.results.filter((result) => result.layer === layer);
    if (results.length === 0) return [];
    const rows = rowsOf(results).flatMap((row) => rowLines(row, colors));
    return [[colors.bold(layers[layer]), "-".repeat(layers[layer].length), ...rows].join("\n")];
  });
  return `${[...groups, summary(report, colors)].join("\n\n")}\n`;
}

/** Results that say the same of several clusters. */
interface Row {
  readonly result: CheckResult;
  readonly clusters: readonly string[];
  /** Undefined where passing clusters show different things. */
  readonly evidence: readonly string[] | undefined;
}

function rowsOf(results: readonly CheckResult[]): Row[] {
  const rows = new Map<string, CheckResult[]>();
  for (const result of results) {
    // What is not judged needs no words of its own; what went wrong does.
    const isPlain = result.status === "pass";
    const key = JSON.stringify([
      result.id,
      result.status,
      ...(isPlain ? [] : [result.evidence, result.commands]),
    ]);
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  return [...rows.values()].map((same) => {
    const [first] = same as [CheckResult];
    const isOne = same.every(({ evidence }) => evidence.join() === first.evidence.join());
    return {
      result: first,
      clusters: same.flatMap(({ cluster }) => cluster ?? []),
      evidence: isOne ? first.evidence : undefined,
    };
  });
}

function rowLines({ result, clusters, evidence }: Row, colors: Colors): string[] {
  const { status, title, fix, commands, docs } = result;
  const color = paint(colors)[status];
  const head = `${color(marks[status])} ${title}${clusters.length > 0 ? ` (${nameClusters(clusters)})` : ""}`;
  if (status === "pass")
    return [evidence?.length ? `${head}${colors.dim(`: ${evidence.join("; ")}`)}` : head];
  const seen = (evidence ?? []).map((line) => `    ${color(line)}`);
  if (result.blockedBy) return [head, ...seen];
  return [
    head,
    ...seen,
    ...(fix ? [`    fix: ${fix}`] : []),
    ...commands.map((command) => `      ${colors.bold(command)}`),
    colors.dim(`    see ${docs}`),
  ];
}

const nameClusters = (clusters: readonly string[]) =>
  clusters.length > namedClusters ? `${clusters.length} clusters` : clusters.join(", ");

function summary({ counts, ok, seconds }: CheckReport, colors: Colors): string {
  const parts = [
    `${counts.pass} passed`,
    counts.info > 0 && `${counts.info} to know`,
    counts.warn > 0 && colors.yellow(`${counts.warn} warnings`),
    counts.fail > 0 && colors.red(`${counts.fail} failed`),
    counts["not judged"] > 0 && `${counts["not judged"]} not judged`,
  ].filter((part) => typeof part === "string");
  const result = ok ? colors.green("no check failed") : colors.red("checks failed");
  return `${result}: ${parts.join(", ")} (${seconds.toFixed(1)} s)`;
}
