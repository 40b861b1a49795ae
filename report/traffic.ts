import type { Share } from "../checks/check";
import { capital } from "../checks/docs";
import { type CheckReport, type CheckResult, groupedBy } from "../checks/report";
import { clusterLine, counted, figure, mark, type Section, statuses } from "./elements";
import { html, type Markup } from "./html";

/** Further clients are folded. */
const shownClients = 12;

/** Colours of the style sheet for parts of a bar; further parts reuse them. */
const shareShades = 5;

/** Shares of requests, for each check that counts them. */
export function sharesSection({ results }: CheckReport): Section {
  const counting = groupedBy(results, ({ id }) => id).filter((same) => same.some(({ shares }) => shares));
  return { id: "traffic", title: "Traffic", content: counting.map(chart) };
}

function chart(results: readonly CheckResult[]): Markup {
  const { id, title } = results[0]!;
  // The sort is stable: clusters stay in their order.
  const worstFirst = results
    .filter(({ shares }) => shares)
    .toSorted((a, b) => statuses.indexOf(a.status) - statuses.indexOf(b.status));
  const clients = worstFirst.map(client);
  const folded = clients.slice(shownClients);
  const silent = results.filter(({ shares }) => !shares).flatMap(({ cluster }) => cluster ?? []);
  return html`
<figure class="chart">
<figcaption><h3>${capital(title)}</h3>
<p class="aside">Bars show the measured shares of each client; lines mark the expected shares. <code>${id}</code></p></figcaption>
<div class="clients">${clients.slice(0, shownClients)}</div>
${folded.length > 0 ? html`<details><summary>${counted(folded.length, "more client")}</summary><div class="clients">${folded}</div></details>` : undefined}
${silent.length > 0 ? html`<p class="aside">Not measured from ${clusterLine(silent)}.</p>` : undefined}
</figure>
`;
}

function client({ cluster, status, shares = [] }: CheckResult): Markup {
  const requests = shares.reduce((sum, { seen }) => sum + seen, 0);
  const name = cluster === undefined ? "The mesh" : `From ${cluster}`;
  return html`<div class="client">
<h4>${name} ${mark(status)}</h4>
<p class="aside">${requests === 0 ? "no request was answered" : counted(requests, "request")}</p>
${bar(shares, requests)}
<table class="shares">
<caption>${name}: shares of the requests</caption>
<thead><tr><th scope="col">Share</th><th scope="col">Measured</th><th scope="col">Expected</th><th scope="col">Requests</th></tr></thead>
<tbody>${shares.map((share, index) => shareRow(share, index, requests))}</tbody>
</table>
</div>
`;
}

/** Hidden from screen readers: the table has the numbers. */
function bar(shares: readonly Share[], requests: number): Markup {
  const parts = shares.map(({ name, seen }, index) => {
    const percent = percentOf(seen, requests);
    return percent > 0
      ? html`<span class="${shade(index)}" style="width:${round(percent, 3)}%">${percent >= 12 ? name : undefined}</span>`
      : undefined;
  });
  const borders = shares.slice(0, -1).map((_, index) => {
    const left = shares.slice(0, index + 1).reduce((sum, { wanted }) => sum + wanted, 0);
    return html`<i style="left:${round(left, 3)}%"></i>`;
  });
  return html`<div class="bar" aria-hidden="true"><div class="parts">${parts}</div>${borders}</div>`;
}

function shareRow({ name, wanted, seen }: Share, index: number, requests: number): Markup {
  const percent = round(percentOf(seen, requests), 1).toFixed(1);
  const heading = html`<th scope="row"><span class="swatch ${shade(index)}" aria-hidden="true"></span>${name}</th>`;
  return html`<tr>${heading}<td>${percent} %</td><td>${round(wanted, 1)} %</td><td>${figure(seen)}</td></tr>`;
}

const shade = (index: number) => `share-${index % shareShades}`;
const percentOf = (seen: number, requests: number) => (requests === 0 ? 0 : (seen / requests) * 100);
const round = (value: number, places: number) => Math.round(value * 10 ** places) / 10 ** places;
