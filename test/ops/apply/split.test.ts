import * as fc from "fast-check";
import { InputError } from "../../../mesh/problem";
import { parseWeights, withWeights } from "../../../ops/apply/split";

const clusters = `# my mesh
clusters:
  - { name: main0, role: primary, network: n1, context: main0 }  # the primary
  - { name: remote0, network: n2, context: remote0 }
`;
const to = (text: string, weights: Record<string, number>) => withWeights(text, "mesh.yaml", weights);

test.each([
  [
    "a flow mapping",
    "sample:\n  weights: { v1: 50, v2: 50 } # even\n",
    "sample:\n  weights: { v1: 90, v2: 10 } # even\n",
  ],
  [
    "a block mapping",
    "sample:\n  weights:\n    v1: 50 # old\n    v2: 50\n",
    "sample:\n  weights:\n    v1: 90 # old\n    v2: 10\n",
  ],
  [
    "versions in another order",
    "sample:\n  weights: { v2: 5, v1: 95 }\n",
    "sample:\n  weights: { v2: 10, v1: 90 }\n",
  ],
])("%s changes its numbers and nothing else", (_, before, after) => {
  const { text, mesh } = to(clusters + before, { v1: 90, v2: 10 });
  expect(text).toBe(clusters + after);
  expect(mesh.sample!.weights).toEqual({ v1: 90, v2: 10 });
});

test.each([
  ["no sample", ""],
  ["a sample without weights", "sample:\n  namespace: demo # mine\n"],
  ["a flow sample without weights", "sample: { namespace: demo }\n"],
  ["weights of one version only", "sample:\n  weights:\n    v1: 100\n  namespace: demo\n"],
])("%s gets weights, and the rest stays", (_, before) => {
  const { text, mesh } = to(clusters + before, { v1: 90, v2: 10 });
  expect(mesh.sample!.weights).toEqual({ v1: 90, v2: 10 });
  expect(text.startsWith(clusters)).toBe(true);
  if (before.includes("demo")) expect(mesh.sample!.namespace).toBe("demo");
  if (before.includes("# mine")) expect(text).toContain("# mine");
});

test("weights that do not fit the mesh are refused, so that nothing is written", () => {
  expect(() => to(clusters, { v1: 90, v2: 20 })).toThrow(InputError);
  expect(() => to(clusters, { v1: 90, v3: 10 })).toThrow(InputError);
});

test("there and back again gives the same file", () => {
  const text = `${clusters}sample:\n  weights: { v1: 50, v2: 50 }\n`;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), (v1) => {
      const there = to(text, { v1, v2: 100 - v1 }).text;
      expect(to(there, { v1: 50, v2: 50 }).text).toBe(text);
    }),
    { numRuns: 30 },
  );
});

test("words are read", () => {
  expect(parseWeights(["v1=90", "v2=10"])).toEqual({ v1: 90, v2: 10 });
});

test.each(["v1", "v1=", "=5", "v1=ninety", "v1=-5", "v1=1e2", "v1=50.5"])(
  "%s is refused with an example",
  (word) => {
    expect(() => parseWeights([word])).toThrow("for example: mesh split v1=90 v2=10");
  },
);
