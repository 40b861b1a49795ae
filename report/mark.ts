import type { Status } from "../checks/report";
import { html, type Markup } from "./html";

/** How a status reads: a sign and a word, since colours alone say nothing to some readers, and nothing in print. */
interface Look {
  readonly sign: string;
  readonly word: string;
  /** Class of its colours. */
  readonly paint: string;
}

const looks: Readonly<Record<Status, Look>> = {
  fail: { sign: "✕", word: "failed", paint: "is-bad" },
  warn: { sign: "!", word: "warning", paint: "is-warned" },
  "not judged": { sign: "–", word: "not judged", paint: "is-open" },
  info: { sign: "i", word: "to know", paint: "is-told" },
  pass: { sign: "✓", word: "passed", paint: "is-good" },
};

/** Worst first. */
export const statuses = Object.keys(looks) as Status[];

export const paintOf = (status: Status): string => looks[status].paint;
export const wordOf = (status: Status): string => looks[status].word;

export const worstOf = (results: readonly { readonly status: Status }[]): Status =>
  statuses.find((status) => results.some((result) => result.status === status)) ?? "pass";

/** @param word @default - the status's own */
export function mark(status: Status, word = looks[status].word): Markup {
  const { sign, paint } = looks[status];
  return html`<span class="mark ${paint}"><span class="sign" aria-hidden="true">${sign}</span> ${word}</span>`;
}
