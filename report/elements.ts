import type { Status } from "../checks/report";
import { type Content, html, type Markup } from "./html";

/** A sign and a word for each status: colours alone are lost in print and for some readers. */
interface Look {
  readonly sign: string;
  readonly word: string;
  /** The word after a number of them. @default - the same */
  readonly words?: string;
  /** Class of its colours. */
  readonly paint: string;
}

const looks: Readonly<Record<Status, Look>> = {
  fail: { sign: "✕", word: "failed", paint: "is-bad" },
  warn: { sign: "!", word: "warning", words: "warnings", paint: "is-warned" },
  "not judged": { sign: "–", word: "not judged", paint: "is-unjudged" },
  info: { sign: "i", word: "info", paint: "is-info" },
  pass: { sign: "✓", word: "passed", paint: "is-good" },
};

/** Worst first. */
export const statuses = Object.keys(looks) as Status[];

export const paintOf = (status: Status): string => looks[status].paint;

/** `2 warnings` */
export function tally(status: Status, count: number): string {
  const { word, words = word } = looks[status];
  return `${figure(count)} ${count === 1 ? word : words}`;
}

export const worstOf = (results: readonly { readonly status: Status }[]): Status =>
  statuses.find((status) => results.some((result) => result.status === status)) ?? "pass";

/** @param word @default - the status's own */
export function mark(status: Status, word = looks[status].word): Markup {
  const { sign, paint } = looks[status];
  return html`<span class="mark ${paint}"><span class="sign" aria-hidden="true">${sign}</span> ${word}</span>`;
}

/** A section of the page, listed in its contents. */
export interface Section {
  /** Anchor. */
  readonly id: string;
  readonly title: string;
  readonly content: Content;
}

export function drawSection({ id, title, content }: Section): Markup {
  return html`
<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>`;
}

/** Content wider than a phone scrolls in its own box, also by keyboard. */
export function scrollable(label: string, content: Markup): Markup {
  return html`<div class="scrollable" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}

/** A table with more rows scrolls in its own box. */
const shownRows = 25;

/**
 * A table that a phone shows as one card per row.
 * @param rows cells of each row, the heading first
 */
export function table(caption: string, columns: readonly string[], rows: readonly Content[][]): Markup {
  const heads = columns.map((column) => html`<th scope="col">${column}</th>`);
  const lines = rows.map(([heading, ...cells]) => {
    const others = cells.map((cell, index) => html`<td data-column="${columns[index + 1]}">${cell}</td>`);
    return html`<tr><th scope="row">${heading}</th>${others}</tr>\n`;
  });
  const whole = html`<table class="rows">
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody>
</table>`;
  return rows.length > shownRows ? scrollable(caption, whole) : whole;
}

/** `1,203` */
export const figure = (count: number): string => count.toLocaleString("en");

/** `1,203 checks` */
export const counted = (count: number, noun: string): string =>
  `${figure(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Further clusters are counted. */
const namedClusters = 5;

/** Clusters in one line. */
export function clusterLine(names: readonly string[]): string {
  const more = names.length - namedClusters;
  return more > 1
    ? `${names.slice(0, namedClusters).join(", ")} and ${more} more clusters`
    : names.join(", ");
}

/** Text between backticks becomes code. */
export const withCode = (text: string): Markup[] =>
  text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

/** `2026-11-24`, in UTC. */
export function day(date: Date): Markup {
  const text = date.toISOString().slice(0, 10);
  return html`<time datetime="${text}">${text}</time>`;
}

/** `2026-11-24 05:43 UTC` */
export function minute(date: Date): Markup {
  const iso = date.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}
