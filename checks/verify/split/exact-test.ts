/**
 * Exact tests of how requests fell to versions. No approximation: with weights of a few percent and some hundred
 * requests the usual one (chi-squared) is off by orders of magnitude where it matters, far out in the tails.
 */

/** Outcomes closer than this count as equally likely: the same product, multiplied in another order. */
const tolerance = 1 + 1e-9;

/**
 * How likely an outcome at most as likely as this one is, if requests fall with these probabilities: the p-value of
 * the exact multinomial test, for two categories of the exact binomial one (R: `binom.test`).
 * @param counts requests by category
 * @param probabilities of the categories, summing to 1
 */
export function multinomialTest(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const logs = logFactorials(total);
  const seen = logProbability(counts, probabilities, logs);
  if (seen === -Infinity) return 0;
  return outcomes(total, counts.length)
    .map((outcome) => logProbability(outcome, probabilities, logs))
    .filter((log) => log <= seen + Math.log(tolerance))
    .reduce((sum, log) => sum + Math.exp(log), 0);
}

export interface ErrorBounds {
  /** Greatest probability to refuse what is as it should be. */
  readonly falseAlarm: number;
  /** Greatest probability to accept what is not. */
  readonly miss: number;
}

/**
 * So many requests, in tens, that the test above, refusing below `falseAlarm`, also sees each shift of `shift` of the
 * requests from some categories to the others, but for `miss` of the cases. Computed from the exact distributions.
 * @param shift part of all requests: 0.4 is what lies between 50/50 and 90/10
 */
export function requestsNeeded(
  probabilities: readonly number[],
  { falseAlarm, miss }: ErrorBounds,
  shift: number,
): number {
  const shifted = shiftsOf(probabilities, shift);
  for (let total = 10; ; total += 10) {
    const logs = logFactorials(total);
    const all = outcomes(total, probabilities.length);
    const refused = refusedOutcomes(all, probabilities, falseAlarm, logs);
    const isSeen = (really: readonly number[]) =>
      refused.reduce((sum, outcome) => sum + Math.exp(logProbability(outcome, really, logs)), 0) >= 1 - miss;
    if (shifted.every(isSeen)) return total;
  }
}

/** So many requests that something of this probability is seen at least once, but for `miss` of the cases. */
export function requestsToSee(probability: number, miss: number): number {
  return probability >= 1 ? 1 : Math.ceil(Math.log(miss) / Math.log1p(-probability));
}

/** The least likely outcomes, as many as may be refused together. */
function refusedOutcomes(
  all: readonly (readonly number[])[],
  probabilities: readonly number[],
  falseAlarm: number,
  logs: readonly number[],
): (readonly number[])[] {
  const ranked = all
    .map((outcome) => ({ outcome, log: logProbability(outcome, probabilities, logs) }))
    .sort((one, other) => one.log - other.log);
  let sum = 0;
  let refused = 0;
  for (let next = 0; next < ranked.length; ) {
    // Those that are equally likely are refused together or not at all.
    let end = next;
    while (end < ranked.length && ranked[end]!.log <= ranked[next]!.log + Math.log(tolerance)) {
      sum += Math.exp(ranked[end]!.log);
      end++;
    }
    if (sum >= falseAlarm) break;
    refused = end;
    next = end;
  }
  return ranked.slice(0, refused).map(({ outcome }) => outcome);
}

/**
 * For each group of categories what comes of it when it loses `shift` to the others; one that has less cannot. Within
 * the group, and within the others, the proportions stay: of all shifts between them this is the hardest to see, since
 * it is the least likely to be told from what is wanted (the least Kullback-Leibler divergence).
 */
function shiftsOf(probabilities: readonly number[], shift: number): number[][] {
  const groups = Array.from({ length: 2 ** probabilities.length }, (_, bits) =>
    probabilities.map((_, index) => (bits >> index) % 2 === 1),
  );
  return groups.flatMap((isIn) => {
    const losing = probabilities.reduce((sum, one, index) => sum + (isIn[index] ? one : 0), 0);
    // The group has all requests, so there is no other to gain them.
    if (losing < shift || isIn.every(Boolean)) return [];
    const others = isIn.filter((one) => !one).length;
    // What gets nothing has no proportions: the parts are equal.
    const gained = (one: number) => (losing < 1 ? (one / (1 - losing)) * shift : shift / others);
    return [
      probabilities.map((one, index) => (isIn[index] ? one * (1 - shift / losing) : one + gained(one))),
    ];
  });
}

/** Every way in which so many requests may fall into so many categories. */
function outcomes(total: number, categories: number): number[][] {
  if (categories === 1) return [[total]];
  return Array.from({ length: total + 1 }, (_, first) =>
    outcomes(total - first, categories - 1).map((rest) => [first, ...rest]),
  ).flat();
}

function logProbability(
  outcome: readonly number[],
  probabilities: readonly number[],
  logs: readonly number[],
): number {
  const total = outcome.reduce((sum, count) => sum + count, 0);
  return outcome.reduce(
    (sum, count, index) =>
      // Nothing of what cannot happen is certain: 0 * log 0 is 0 here.
      count === 0 ? sum : sum - logs[count]! + count * Math.log(probabilities[index]!),
    logs[total]!,
  );
}

/** ln(n!) for every n up to `most`. */
function logFactorials(most: number): number[] {
  const logs = [0];
  for (let n = 1; n <= most; n++) logs.push(logs[n - 1]! + Math.log(n));
  return logs;
}
