import { html, type Markup } from "./html";

/** `1,203` */
export const figure = (count: number): string => count.toLocaleString("en");

/** `1,203 checks` */
export const counted = (count: number, noun: string): string =>
  `${figure(count)} ${noun}${count === 1 ? "" : "s"}`;

/** More than this are counted. */
const namedClusters = 5;

/** Clusters in one line. */
export function clusterLine(names: readonly string[]): string {
  const more = names.length - namedClusters;
  return more > 1
    ? `${names.slice(0, namedClusters).join(", ")} and ${more} more clusters`
    : names.join(", ");
}

/** What stands between backticks in a text is code. */
export const withCode = (text: string): Markup[] =>
  text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

/** `2026-11-24`, in UTC, as people read it and as programs do. */
export function day(date: Date): Markup {
  const text = date.toISOString().slice(0, 10);
  return html`<time datetime="${text}">${text}</time>`;
}

/** `2026-11-24 05:43 UTC` */
export function minute(date: Date): Markup {
  const iso = date.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}
