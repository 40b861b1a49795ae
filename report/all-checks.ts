import { type Layer, layers } from "../checks/check";
import { capital } from "../checks/docs";
import { type CheckReport, type CheckResult, groupedBy } from "../checks/report";
import { clusterLine, mark, type Section, statuses, tally, worstOf } from "./elements";
import { html, type Markup } from "./html";
import { lines, type Place, placesOf } from "./problems";

/** Every check with its evidence, by layer, lowest first. */
export function allChecks({ results }: CheckReport): Section {
  const drawn = (Object.keys(layers) as Layer[]).flatMap((layer) => {
    const own = results.filter((result) => result.layer === layer);
    return own.length > 0 ? [drawLayer(layer, own)] : [];
  });
  return { id: "checks", title: "All checks", content: drawn };
}

function drawLayer(layer: Layer, results: readonly CheckResult[]): Markup {
  return html`
<h3>${capital(layers[layer])} <span class="aside">${tallies(results)}</span></h3>
<div class="checks">${groupedBy(results, ({ id }) => id).map(check)}</div>
`;
}

function tallies(results: readonly CheckResult[]): string {
  return statuses
    .map((status) => ({ status, count: results.filter((result) => result.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => tally(status, count))
    .join(", ");
}

function check(results: readonly CheckResult[]): Markup {
  const { id, title, docs } = results[0]!;
  const clusters = results.flatMap(({ cluster }) => cluster ?? []);
  const status = worstOf(results);
  const isMixed = results.some((result) => result.status !== status);
  // Information appears only here, so it is open.
  return html`<details${status === "info" ? html` open` : undefined}>
<summary>${mark(status)} <span>${capital(title)}</span> <span class="aside">${isMixed ? tallies(results) : clusterLine(clusters)}</span></summary>
<dl>${placesOf(results).map((place) => seen(place, isMixed))}</dl>
<p class="aside"><code>${id}</code> in ${docs}</p>
</details>
`;
}

function seen({ clusters, result }: Place, isMixed: boolean): Markup {
  const { status, evidence } = result;
  return html`<div><dt>${clusters.length > 0 ? clusters.join(", ") : "the mesh"} ${isMixed ? mark(status) : undefined}</dt><dd>${lines(evidence) ?? html`<span class="aside">nothing to show</span>`}</dd></div>`;
}
