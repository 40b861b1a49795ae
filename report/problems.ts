import { capital } from "../checks/docs";
import { type CheckReport, type CheckResult, groupedBy, type Status, waitingFor } from "../checks/report";
import type { MeshStatus, Remark } from "../checks/status";
import { clusterLine, counted, mark, paintOf, type Section, withCode } from "./elements";
import { html, type Markup } from "./html";

/** Further places are folded: a check may fail in a hundred clusters. */
const shownPlaces = 3;

/** Clusters in which a check has the same result. */
export interface Place {
  /** Empty: the mesh as a whole. */
  readonly clusters: readonly string[];
  readonly result: CheckResult;
}

/** @param results of one check */
export function placesOf(results: readonly CheckResult[]): Place[] {
  const groups = groupedBy(results, ({ status, evidence, fix, commands }) =>
    JSON.stringify([status, evidence, fix, commands]),
  );
  return groups.map((group) => ({
    clusters: group.flatMap(({ cluster }) => cluster ?? []),
    result: group[0]!,
  }));
}

/** Failed checks, and what to do about it. */
export function failures(checks: CheckReport): Section {
  return { id: "failed", title: "Failed checks", content: findings(checks, ["fail"]) };
}

export function remarkable(checks: CheckReport, { differences }: MeshStatus): Section {
  return {
    id: "look-at",
    title: "Warnings and drift",
    content: [
      ...findings(checks, ["warn", "not judged"]),
      ...remarks("Differences from mesh.yaml", differences, "mesh apply --dry-run"),
    ],
  };
}

/** Checks that depend on another one are counted there. */
function findings({ results }: CheckReport, statuses: readonly Status[]): Markup[] {
  const waiting = waitingFor(results);
  const found = results.filter(({ status, blockedBy }) => statuses.includes(status) && !blockedBy);
  return groupedBy(found, ({ id }) => id).map((same) => finding(same, waiting));
}

function finding(results: readonly CheckResult[], waiting: ReturnType<typeof waitingFor>): Markup {
  const { id, status, title, docs } = results[0]!;
  const places = placesOf(results);
  const folded = places.slice(shownPlaces);
  const more = folded.flatMap(({ clusters }) => clusters).length;
  const count = results.reduce((sum, { cluster }) => sum + waiting(id, cluster), 0);
  return html`
<article class="finding ${paintOf(status)}">
<h3>${mark(status)} ${capital(title)}</h3>
${places.slice(0, shownPlaces).map(place)}
${more > 0 ? html`<details><summary>${counted(more, "more cluster")}</summary>${folded.map(place)}</details>` : undefined}
${count > 0 ? html`<p class="aside">${counted(count, "other check")} ${count === 1 ? "is" : "are"} not judged until it passes.</p>` : undefined}
<p class="aside"><code>${id}</code> in ${docs}</p>
</article>
`;
}

function place({ clusters, result }: Place): Markup {
  const { evidence, fix, commands } = result;
  return html`<dl class="place">
<div><dt>${clusters.length > 0 ? `Seen in ${clusterLine(clusters)}` : "Seen"}</dt><dd>${lines(evidence)}</dd></div>
${fix ? html`<div><dt>Fix</dt><dd>${withCode(fix)}</dd></div>` : undefined}
${commands.length > 0 ? html`<div><dt>${commands.length === 1 ? "Command" : "Commands"}</dt><dd>${commands.map((command) => html`<pre><code>${command}</code></pre>`)}</dd></div>` : undefined}
</dl>
`;
}

/** Evidence, a list item per line. */
export function lines(evidence: readonly string[]): Markup | undefined {
  if (evidence.length === 0) return undefined;
  return html`<ul class="evidence">${evidence.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function remarks(title: string, list: readonly Remark[], next: string): Markup[] {
  if (list.length === 0) return [];
  const seen = list.map(({ cluster, text }) => html`<li><strong>${cluster}</strong> ${text}</li>`);
  return [
    html`
<article class="finding ${paintOf("warn")}">
<h3>${mark("warn")} ${title}</h3>
<dl class="place">
<div><dt>Seen</dt><dd><ul class="evidence">${seen}</ul></dd></div>
<div><dt>Next</dt><dd><pre><code>${next}</code></pre></dd></div>
</dl>
</article>
`,
  ];
}
