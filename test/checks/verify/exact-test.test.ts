import fc from "fast-check";
import { multinomialTest, requestsNeeded, requestsToSee } from "../../../checks/verify/split/exact-test";

// Expected values: R's binom.test; of three categories, added up by hand.

const million = { falseAlarm: 1e-6, miss: 1e-6 };

test.each([
  [[60, 40], [0.5, 0.5], 0.05688793],
  [[7, 3], [0.5, 0.5], 0.34375],
  [[682, 243], [0.75, 0.25], 0.3824916],
  // No other outcome is as unlikely: 0.2 ** 3.
  [[0, 0, 3], [0.5, 0.3, 0.2], 0.008],
  // Beside it only that of 0.008.
  [[0, 3, 0], [0.5, 0.3, 0.2], 0.035],
])("the p-value of %j at %j is %d", (counts, probabilities, expected) => {
  expect(multinomialTest(counts, probabilities)).toBeCloseTo(expected, 6);
});

test("one request to a version with weight 0 fails", () => {
  expect(multinomialTest([99, 1], [1, 0])).toBe(0);
  expect(multinomialTest([100, 0], [1, 0])).toBeCloseTo(1, 12);
});

/** Chance that `test` is true of an outcome, by adding up every binomial probability. */
function chance(total: number, really: number, test: (first: number) => boolean): number {
  let probability = (1 - really) ** total;
  let sum = 0;
  for (let first = 0; first <= total; first++) {
    if (test(first)) sum += probability;
    probability *= ((total - first) / (first + 1)) * (really / (1 - really));
  }
  return sum;
}

test.each([
  [0.9, 0.5],
  [0.5, 0.9],
  [0.5, 0.1],
  [0.7, 0.3],
])(
  "a split of %d is refused less than once in a million, and one that is really %d is missed as rarely",
  (wanted, really) => {
    const total = requestsNeeded([wanted, 1 - wanted], million, 0.4);
    const refused = (first: number) =>
      multinomialTest([first, total - first], [wanted, 1 - wanted]) < million.falseAlarm;
    expect(chance(total, wanted, refused)).toBeLessThan(1e-6);
    expect(1 - chance(total, really, refused)).toBeLessThan(1e-6);
  },
);

test("a split of 90/10 needs between 60 and 130 requests", () => {
  const total = requestsNeeded([0.9, 0.1], million, 0.4);
  expect(total).toBeGreaterThan(60);
  expect(total).toBeLessThan(130);
});

test("three versions have a number of requests too, and one that gets nothing at all needs few", () => {
  expect(requestsNeeded([0.5, 0.3, 0.2], million, 0.4)).toBeLessThan(250);
  expect(requestsNeeded([1, 0], million, 0.4)).toBeLessThan(50);
});

test("a shift is seen although no version alone has as much to lose", () => {
  const wanted = [0.34, 0.33, 0.33];
  const really = [0.74, 0.13, 0.13];
  const total = requestsNeeded(wanted, million, 0.4);
  const outcomes: { wanted: number; really: number }[] = [];
  for (let first = 0; first <= total; first++) {
    for (let second = 0; second <= total - first; second++) {
      const outcome = [first, second, total - first - second];
      outcomes.push({ wanted: multinomial(outcome, wanted), really: multinomial(outcome, really) });
    }
  }
  outcomes.sort((one, other) => one.wanted - other.wanted);
  let [missed, p, end] = [0, 0, 0];
  for (const outcome of outcomes) {
    // Those that are as likely count too.
    while (end < outcomes.length && outcomes[end]!.wanted <= outcome.wanted * (1 + 1e-9)) {
      p += outcomes[end++]!.wanted;
    }
    if (p >= million.falseAlarm) missed += outcome.really;
  }
  expect(missed).toBeLessThan(1e-6);
  expect(total).toBeLessThan(200);
});

/** Probability of exactly this outcome. */
function multinomial(counts: readonly number[], probabilities: readonly number[]): number {
  let total = 0;
  let log = 0;
  counts.forEach((count, index) => {
    for (let n = 1; n <= count; n++) log += Math.log(++total / n) + Math.log(probabilities[index]!);
  });
  return Math.exp(log);
}

test("a tenth of the requests is missed by all of them less than once in a million", () => {
  const total = requestsToSee(0.1, 1e-6);
  expect(0.9 ** total).toBeLessThanOrEqual(1e-6);
  expect(0.9 ** (total - 1)).toBeGreaterThan(1e-6);
  expect(requestsToSee(1, 1e-6)).toBe(1);
});

test("p-values are probabilities, and the likeliest outcome has 1", () => {
  const counts = fc.array(fc.nat(12), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(counts, (given) => {
      const equal = given.map(() => 1 / given.length);
      const p = multinomialTest(given, equal);
      expect(p).toBeGreaterThan(0);
      expect(p).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
  expect(multinomialTest([5, 5], [0.5, 0.5])).toBeCloseTo(1, 9);
});
