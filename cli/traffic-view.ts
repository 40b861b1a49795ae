import { createColors } from "picocolors";
import type { Counts } from "../ops/traffic/tally";
import type { ClientTraffic, Flow } from "../ops/traffic/traffic";
import type { WantedShares, WantedSince } from "../ops/traffic/wanted-shares";
import { columns } from "./terminal";

// How traffic is shown: bars on a terminal, lines in a log, a table at the end.

/** What is known of the terminal. */
export interface Look {
  readonly size: { readonly columns: number; readonly rows: number };
  readonly color: boolean;
  readonly unicode: boolean;
}

/**
 * The live view: a block for each client if all fit, else a line for each. It never exceeds the width and height of the
 * terminal.
 * @param title its first line
 */
export function liveView(
  title: string,
  clients: readonly ClientTraffic[],
  wanted: WantedShares,
  look: Look,
): string[] {
  // The last column and row stay free: a terminal may wrap the line or scroll.
  const width = Math.max(1, look.size.columns - 1);
  const height = Math.max(1, look.size.rows - 1);
  const head = clip(title, width);
  const blocks = clients.flatMap((client) => ["", ...block(client, wanted, look, width)]);
  if (blocks.length < height) return [head, ...blocks];
  const lines = clients.map((client) => clip(trafficLine(client, wanted), width));
  if (lines.length < height) return [head, ...lines];
  // Clients with failures matter most.
  const worstFirst = clients.toSorted((one, other) => other.lately.failed - one.lately.failed);
  const shown = Math.max(0, height - 2);
  return [
    head,
    ...worstFirst.slice(0, shown).map((client) => clip(trafficLine(client, wanted), width)),
    clip(`and ${clients.length - shown} more`, width),
  ].slice(0, height);
}

/** One client in one line, for a log. */
export function trafficLine({ cluster, lately }: ClientTraffic, wanted: WantedShares): string {
  if (lately.requests === 0) return `${cluster}  no replies`;
  const shares = [...shareRows(lately.versions, wanted.versions), ...shareRows(lately.clusters, {})].map(
    ({ name, percent, wanted: want }) =>
      `${name} ${percentText(percent)}${want === undefined ? "" : ` (${want} wanted)`}`,
  );
  return [cluster, ...figures(lately), ...shares].join("  ");
}

/**
 * The totals as a table, and below it the failures by kind.
 * @param wanted in the order of time
 */
export function summary(
  clients: readonly ClientTraffic[],
  ratePerSecond: number,
  wanted: readonly WantedSince[],
): string[] {
  const known = Object.assign({}, ...wanted.map(({ versions }) => versions));
  const shares = (counts: Counts, want: Counts) =>
    shareRows(counts, want)
      .map(({ name, percent }) => `${name} ${percent.toFixed(1)} %`)
      .join(", ") || "-";
  const rows = clients.map(({ cluster, total }) => [
    cluster,
    String(total.requests),
    String(total.failed),
    rateText(total),
    secondsText(total.p50Seconds),
    secondsText(total.p99Seconds),
    shares(total.versions, known),
    shares(total.clusters, {}),
  ]);
  const wishes = wanted.map(({ sinceSeconds, versions }) => {
    const percents = Object.entries(versions).map(([name, percent]) => `${name} ${percent} %`);
    return sinceSeconds === 0
      ? [`${ratePerSecond}/s from each`, ...percents].join(", ")
      : `after ${sinceSeconds} s ${percents.join(", ") || "no weights"}`;
  });
  return [
    ...columns([["FROM", "REQUESTS", "FAILED", "RATE", "P50", "P99", "VERSIONS", "ANSWERED BY"], ...rows]),
    "",
    `wanted: ${wishes.join("; ")}`,
    ...clients.flatMap(({ cluster, total }) =>
      Object.entries(total.failures).map(([kind, count]) => `${cluster}: ${count} failed: ${kind}`),
    ),
    ...clients
      .filter(({ interruptions }) => interruptions > 0)
      .map(
        ({ cluster, interruptions }) => `${cluster}: connection to the client broken ${times(interruptions)}`,
      ),
  ];
}

const times = (count: number) => (count === 1 ? "once" : `${count} times`);

function block(
  { cluster, total, lately }: ClientTraffic,
  wanted: WantedShares,
  look: Look,
  width: number,
): string[] {
  const paint = createColors(look.color);
  const inAll = `${total.requests} in all, ${total.failed} failed`;
  if (lately.requests === 0) return [paint.red(clip(`${cluster}  no replies  ${inAll}`, width))];
  const heading = clip([cluster, ...figures(lately), inAll].join("  "), width);
  const versions = shareRows(lately.versions, wanted.versions);
  const clusters = shareRows(lately.clusters, wanted.clusters);
  const failures = shareRows(lately.failures, {}, lately.requests);
  const label = Math.min(
    longestLabel,
    Math.max(0, ...[...versions, ...clusters].map(({ name }) => name.length)),
  );
  const rows = (shares: readonly Share[], color: (text: string) => string) =>
    shares.map((share) => barLine(share, label, width, look.unicode, color));
  return [
    lately.failed > 0 ? paint.red(heading) : paint.bold(heading),
    ...rows(versions, paint.green),
    ...rows(clusters, paint.cyan),
    ...failures.map(({ name, percent }) =>
      paint.red(clip(`  ${percentText(percent)} failed: ${name}`, width)),
    ),
  ];
}

interface Share {
  readonly name: string;
  readonly percent: number;
  /** Undefined: mesh.yaml sets no share. */
  readonly wanted: number | undefined;
}

/** Versions or clusters that answer, and those that should. */
function shareRows(counts: Counts, wanted: Counts, all = sum(counts)): Share[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(counts)])].map((name) => ({
    name,
    percent: all === 0 ? 0 : (100 * (counts[name] ?? 0)) / all,
    wanted: wanted[name],
  }));
}

const sum = (counts: Counts) => Object.values(counts).reduce((all, one) => all + one, 0);

/** Names of clusters may be longer than the room for them. */
const longestLabel = 20;
/** A bar shorter than this says less than its number. */
const shortestBar = 10;

/** `  v1  ██████████│██      52 %  wanted 50 %` */
function barLine(
  { name, percent, wanted }: Share,
  label: number,
  width: number,
  unicode: boolean,
  color: (text: string) => string,
): string {
  const start = `  ${name.slice(0, label).padEnd(label)}  `;
  const end = `  ${percentText(percent).padStart(5)}  ${(wanted === undefined ? "" : `wanted ${wanted} %`).padEnd(12)}`;
  const room = width - start.length - end.length;
  if (room < shortestBar) return clip(start + end.trim(), width);
  const filled = Math.round((room * percent) / 100);
  const mark = wanted === undefined ? undefined : Math.min(room - 1, Math.round((room * wanted) / 100));
  const [full, at] = unicode ? ["█", "│"] : ["=", "|"];
  const cells = Array.from({ length: room }, (_, cell) => (cell === mark ? at : cell < filled ? full : " "));
  return `${start}${color(cells.join(""))}${end.trimEnd()}`;
}

function figures(flow: Flow): string[] {
  return [
    rateText(flow),
    `${flow.failed} failed`,
    `p50 ${secondsText(flow.p50Seconds)}`,
    `p99 ${secondsText(flow.p99Seconds)}`,
  ];
}

const rateText = ({ perSecond }: Flow) => `${perSecond.toFixed(1)}/s`;
const percentText = (percent: number) => `${Math.round(percent)} %`;

function secondsText(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  return seconds < 1 ? `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(1)} s`;
}

const clip = (line: string, width: number) => line.slice(0, width);
