import * as fc from "fast-check";
import { InputError } from "../../../mesh/problem";
import { readWeights } from "../../../ops/split/weights";

const read = (...words: string[]) => readWeights(words, ["v1", "v2"]);

function problemsOf(...words: string[]): string[] {
  try {
    read(...words);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message, fix }) => `${message}; ${fix}`);
    throw error;
  }
  return [];
}

test("words are read, in any order", () => {
  expect(read("v1=90", "v2=10")).toEqual({ v1: 90, v2: 10 });
  expect(read("v2=0", "v1=100")).toEqual({ v1: 100, v2: 0 });
});

test.each(["v1", "v1=", "=5", "v1=ninety", "v1=-5", "v1=1e2", "v1=50.5", "v1=101", "v1=5 0", "v1==5"])(
  "%s is refused with an example",
  (word) => {
    expect(problemsOf(word, "v2=10")).toEqual([
      `invalid weight ${JSON.stringify(word)}: expected VERSION=PERCENT with a whole number from 0 to 100; for example: mesh split v1=90 v2=10`,
    ]);
  },
);

test("the example has the running versions", () => {
  expect(() => readWeights(["v2"], ["v2"])).toThrow("for example: mesh split v2=100");
});

test("a missing version is refused", () => {
  expect(problemsOf("v1=100")).toEqual([
    "version v2 is missing: every running version needs a weight; add v2=PERCENT; v2=0 sends it nothing",
  ]);
});

test("a version that is given twice is refused, with the same number too", () => {
  expect(problemsOf("v1=50", "v1=50", "v2=50")).toEqual([
    "version v1 is given 2 times: expected once; keep one of them",
  ]);
});

test.each(["v3", "__proto__", "constructor", "V1 "])(
  "the unknown version %s is refused, and no version that is already given is suggested",
  (version) => {
    expect(problemsOf("v1=50", "v2=50", `${version}=0`)).toEqual([
      `unknown version ${JSON.stringify(version)}: expected v1, v2; rename it, or leave it out`,
    ]);
  },
);

test("a typo gets a suggestion", () => {
  expect(problemsOf("v1=50", "v3=50")).toEqual([
    'unknown version "v3": expected v1, v2; did you mean "v2"? rename it, or leave it out',
    expect.stringContaining("version v2 is missing"),
  ]);
});

test("missing, repeated, unknown and invalid weights are reported together", () => {
  expect(problemsOf("v1=50", "v1=50", "v9=x", "__proto__=1")).toEqual([
    expect.stringContaining('invalid weight "v9=x"'),
    expect.stringContaining('unknown version "v9"'),
    expect.stringContaining('unknown version "__proto__"'),
    expect.stringContaining("version v1 is given 2 times"),
    expect.stringContaining("version v2 is missing"),
  ]);
});

test("weights that do not sum to 100 are refused", () => {
  expect(problemsOf("v1=90", "v2=20")).toEqual([
    "the weights sum to 110 (90 + 20): expected 100; change them so that they sum to 100",
  ]);
});

test("any arguments give every version a weight, 100 in all, or are refused", () => {
  const word = fc.oneof(
    fc
      .tuple(fc.constantFrom("v1", "v2", "v3", "__proto__"), fc.nat(100))
      .map(([name, of]) => `${name}=${of}`),
    fc.string(),
  );
  const pair = fc.nat(100).map((percent) => [`v1=${percent}`, `v2=${100 - percent}`]);
  fc.assert(
    fc.property(fc.oneof(pair, fc.array(word, { maxLength: 4 })), (words) => {
      if (problemsOf(...words).length > 0) return;
      const weights = read(...words);
      expect(Object.keys(weights).toSorted()).toEqual(["v1", "v2"]);
      expect(weights.v1! + weights.v2!).toBe(100);
    }),
  );
});
