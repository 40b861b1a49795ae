import type { Status } from "../checks/report";
import { html, type Markup } from "./html";
import { figure } from "./words";

/** How a status reads: a sign and a word, since colours alone say nothing to some readers, and nothing in print. */
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
  "not judged": { sign: "–", word: "not judged", paint: "is-open" },
  info: { sign: "i", word: "info", paint: "is-told" },
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
