import type { CheckReport } from "../checks/report";
import type { MeshStatus } from "../checks/status";
import type { Mesh } from "../mesh/mesh";
import { picture } from "../synth/picture/picture";
import { allChecks } from "./all-checks";
import { certificatesSection } from "./certificates";
import { clustersSection } from "./clusters";
import {
  counted,
  drawSection,
  figure,
  mark,
  minute,
  paintOf,
  type Section,
  scrollable,
  statuses,
  tally,
} from "./elements";
import { headlineOf } from "./headline";
import { type Content, html, Markup } from "./html";
import { failures, remarkable } from "./problems";
import { styleSheet } from "./style-sheet";
import { sharesSection } from "./traffic";

export interface ReportProps {
  readonly mesh: Mesh;
  /** Results of `mesh verify`. */
  readonly checks: CheckReport;
  /** Result of `mesh status`. */
  readonly status: MeshStatus;
  /** When both ran. */
  readonly time: Date;
  /** Version of this tool. */
  readonly tool: string;
}

/** Start of every report: `mesh report` overwrites only such files. */
export const reportStart = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="mesh report">`;

/** Even injected markup can load, run or send nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * One HTML page on the state of a mesh, for people without access to its clusters or this tool. It loads nothing, runs
 * nothing and contains no keys. Text from the clusters is escaped.
 */
export function reportPage({ mesh, checks, status, time, tool }: ReportProps): string {
  const headline = headlineOf(checks, status);
  const sections = [
    failures(checks),
    remarkable(checks, status),
    pictureSection(mesh, status),
    sharesSection(checks),
    clustersSection(status),
    certificatesSection(status, time),
    allChecks(checks),
  ].filter(({ content }) => !isEmpty(content));
  const page = html`
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${mesh.name}: ${headline.sentence}</title>
<style>
${new Markup(styleSheet)}</style>
</head>
<body>
<header class="${paintOf(headline.status)}">
<p class="aside">Mesh report</p>
<h1>${mark(headline.status, headline.sentence)}</h1>
${facts({ mesh, checks, status, time })}
${counts(checks)}
</header>
<nav aria-label="Contents"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>${sections.map(drawSection)}
</main>
<footer><p>Written by mesh ${tool}. It loads nothing, runs nothing and contains no keys. It contains the names of clusters and their addresses.</p></footer>
</body>
</html>
`;
  return reportStart + page.text;
}

const isEmpty = (content: Content): boolean =>
  content === undefined || (Array.isArray(content) && content.every(isEmpty));

function facts({ mesh, checks, status, time }: Omit<ReportProps, "tool">): Markup {
  const kubernetes = [...new Set(status.clusters.flatMap((cluster) => cluster.kubernetes ?? []))].sort();
  const rows: [string, Content][] = [
    ["Mesh", mesh.name],
    ["Time", minute(time)],
    ["Istio", mesh.istio.version],
    ["Kubernetes", kubernetes.join(", ")],
    ["Clusters", `1 primary, ${counted(mesh.remotes.length, "remote")}`],
    ["Checks", `${figure(checks.results.length)} in ${checks.seconds.toFixed(1)} s`],
  ];
  const shown = rows.filter(([, value]) => value !== "");
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function counts({ counts: count }: CheckReport): Markup {
  const shown = statuses.filter((status) => count[status] > 0);
  return html`<ul class="counts">${shown.map((status) => html`<li>${mark(status, tally(status, count[status]))}</li>`)}</ul>`;
}

/** With the addresses that status found. */
function pictureSection(mesh: Mesh, { clusters }: MeshStatus): Section {
  const { name } = mesh.istio.line.gateway;
  const addresses = clusters.flatMap((cluster) => {
    const address = cluster.gateways.find((gateway) => gateway.name === name)?.address;
    return address === undefined ? [] : [[cluster.name, address]];
  });
  return {
    id: "picture",
    title: "The mesh",
    content: scrollable("Picture of the mesh", new Markup(picture(mesh, Object.fromEntries(addresses)))),
  };
}
