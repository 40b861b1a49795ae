import { didYouMean, fileProblem, InputError, type Problem, quote } from "../../mesh/problem";

/** Percent of requests by version. */
export type Weights = Readonly<Record<string, number>>;

/**
 * Reads `v1=90 v2=10`.
 * @param running versions of the sample; each needs a weight, because a missing one may be 0 or forgotten
 * @throws InputError with every problem
 */
export function readWeights(words: readonly string[], running: readonly string[]): Weights {
  const problems: Problem[] = [];
  const refuse = (message: string, fix: string) => problems.push(fileProblem("mesh split", message, fix));
  const example = `for example: mesh split ${running.map((version, index) => `${version}=${examplePercent(index, running.length)}`).join(" ")}`;

  const isWeight = (word: string) => /^[^=]+=\d{1,3}$/.test(word) && percentOf(word) <= 100;
  for (const word of words.filter((word) => !isWeight(word)))
    refuse(
      `invalid weight ${quote(word)}: expected VERSION=PERCENT with a whole number from 0 to 100`,
      example,
    );

  const given = words.map(versionOf).filter((version) => version !== "");
  const missing = running.filter((version) => !given.includes(version));
  for (const version of new Set(given.filter((version) => !running.includes(version))))
    refuse(
      `unknown version ${quote(version)}: expected ${running.join(", ")}`,
      `${didYouMean(version, missing)}rename it, or leave it out`,
    );
  for (const version of running) {
    const times = given.filter((other) => other === version).length;
    if (times > 1) refuse(`version ${version} is given ${times} times: expected once`, "keep one of them");
  }
  // An unreadable word may be meant for the missing version.
  if (given.length === words.length)
    for (const version of missing)
      refuse(
        `version ${version} is missing: every running version needs a weight`,
        `add ${version}=PERCENT; ${version}=0 sends it nothing`,
      );

  if (problems.length === 0) {
    const percents = words.map(percentOf);
    const sum = percents.reduce((total, percent) => total + percent, 0);
    if (sum !== 100)
      refuse(
        `the weights sum to ${sum} (${percents.join(" + ")}): expected 100`,
        "change them so that they sum to 100",
      );
  }
  if (problems.length > 0) throw new InputError(problems);
  return Object.fromEntries(words.map((word) => [versionOf(word), percentOf(word)]));
}

/** Empty if the word names none. */
const versionOf = (word: string) => word.slice(0, Math.max(0, word.indexOf("=")));
const percentOf = (word: string) => Number(word.slice(word.indexOf("=") + 1));

const examplePercent = (index: number, count: number) => (count === 1 ? 100 : ([90, 10][index] ?? 0));
