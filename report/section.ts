import { type Content, html, type Markup } from "./html";

/** A part of the page that its contents name. */
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

/** What is wider than a phone scrolls in a box of its own; the keyboard gets into it too. */
export function scrollable(label: string, content: Markup): Markup {
  return html`<div class="scrollable" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}

/** A table of more rows scrolls by itself: nobody reads on past a hundred clusters. */
const shownRows = 25;

/**
 * A table that a phone shows as a card a row.
 * @param rows the cells of each, its heading first
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
