import { type Layer, layers } from "../check";
import type { CheckReport, CheckResult } from "../report";

/**
 * JUnit's XML, as CI systems read it: a suite a layer, a case a check and cluster. Warnings pass, with their evidence in
 * `system-out`; what is not judged is skipped. https://github.com/testmoapp/junitxml
 */
export function formatJunit({ mesh, counts, results, seconds }: CheckReport): string {
  const suites = (Object.keys(layers) as Layer[]).flatMap((layer) => {
    const cases = results.filter((result) => result.layer === layer);
    return cases.length > 0 ? [suite(layer, cases)] : [];
  });
  const totals = {
    name: mesh,
    tests: results.length,
    failures: counts.fail,
    skipped: counts["not judged"],
    time: seconds.toFixed(3),
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes(totals)}>\n${suites.join("")}</testsuites>\n`;
}

function suite(layer: Layer, cases: readonly CheckResult[]): string {
  const count = (status: CheckResult["status"]) => cases.filter((one) => one.status === status).length;
  const totals = {
    name: layer,
    tests: cases.length,
    failures: count("fail"),
    skipped: count("not judged"),
    errors: 0,
  };
  return `  <testsuite${attributes(totals)}>\n${cases.map(testCase).join("")}  </testsuite>\n`;
}

function testCase(result: CheckResult): string {
  const { id, cluster, status, evidence, seconds } = result;
  const name = { classname: `${cluster ?? "mesh"}`, name: id, time: seconds.toFixed(3) };
  return `    <testcase${attributes(name)}>${outcomes[status](evidence, result)}</testcase>\n`;
}

type Outcome = (evidence: readonly string[], result: CheckResult) => string;

const told: Outcome = (evidence, result) => element("system-out", {}, details(evidence, result));

const outcomes: Readonly<Record<CheckResult["status"], Outcome>> = {
  pass: () => "",
  info: told,
  warn: told,
  fail: (evidence, result) => element("failure", { message: evidence[0] ?? "" }, details(evidence, result)),
  "not judged": ([first = ""]) => `<skipped${attributes({ message: first })}/>`,
};

function details(evidence: readonly string[], { status, fix, commands }: CheckResult): string {
  return [`${status}: ${evidence.join("\n")}`, ...(fix ? [`fix: ${fix}`] : []), ...commands].join("\n");
}

const element = (name: string, attributesOf: Record<string, string>, text: string) =>
  `<${name}${attributes(attributesOf)}>${escapeXml(text)}</${name}>`;

const attributes = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join("");

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

/** XML 1.0 has no place for control characters, not even escaped; programs print them all the same. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"\n]/g, (character) => entities[character]!);
}
