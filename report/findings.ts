import { capital } from "../checks/docs";
import { type CheckReport, type CheckResult, type Status, waitingFor } from "../checks/report";
import type { MeshStatus } from "../ops/status/status";
import type { Remark } from "../ops/status/status-remarks";
import { html, type Markup } from "./html";
import { mark, paintOf } from "./mark";
import { byCheck, type Place, placesOf } from "./places";
import type { Section } from "./section";
import { clusterLine, counted, withCode } from "./words";

/** More places than this are folded away: what fails in a hundred clusters is told a hundred times. */
const shownPlaces = 3;

/** What failed, and what to do about it. */
export function failures(checks: CheckReport): Section {
  return { id: "failed", title: "What failed", content: findings(checks, ["fail"]) };
}

/** What does not keep the mesh from working today. */
export function remarkable(checks: CheckReport, { problems, differences }: MeshStatus): Section {
  return {
    id: "look-at",
    title: "What to look at",
    content: [
      ...findings(checks, ["warn", "not judged"]),
      ...remarks("The clusters say that not all is well", problems, "mesh doctor"),
      ...remarks("The clusters are not quite as mesh.yaml has them", differences, "mesh apply --dry-run"),
    ],
  };
}

/** What waits for another check is counted there. */
function findings({ results }: CheckReport, statuses: readonly Status[]): Markup[] {
  const waiting = waitingFor(results);
  const found = results.filter(({ status, blockedBy }) => statuses.includes(status) && !blockedBy);
  return byCheck(found).map((same) => finding(same, waiting));
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

/** What was seen, a line each. */
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
