import { distance } from "fastest-levenshtein";

/** The known word of which `word` may be a typo. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.round(word.length * 0.4));
  const [best] = known
    .map((candidate) => ({ candidate, away: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ away }) => away <= limit)
    .sort((one, other) => one.away - other.away);
  return best?.candidate;
}

/** `did you mean "network"? `, or nothing: the beginning of a fix. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `did you mean "${near}"? `;
}
