import fc from "fast-check";
import { InputError } from "../../mesh/problem";
import { parseYaml } from "../../mesh/yaml";

const parse = (text: string) => parseYaml(text, "mesh.yaml", "mend it");

function refused(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const [problem] = error.problems;
    expect(error.problems).toEqual([{ ...problem, file: "mesh.yaml", path: [], fix: "mend it" }]);
    return `${problem!.position?.line}:${problem!.position?.column}: ${problem!.message}`;
  }
  return "accepted";
}

describe("parseYaml", () => {
  test.each(["0777", "0x1f", "-1", "12", "null", "~", "true", "False", "constructor", "1e3"])(
    "takes the key %s for the name that stands there, and knows its place",
    (key) => {
      const document = parse(`first: 1\n${key}: 0777\n`);
      expect(document.value).toEqual({ first: 1, [key]: 777 });
      expect(document.keyAt([key])).toEqual({ line: 2, column: 1 });
    },
  );

  test("reads keys in quotes, of several lines and of collections within collections", () => {
    expect(parse('"a\\tb": [{0777: {true: x}}]\n? c\n  d\n: 1\n').value).toEqual({
      "a\tb": [{ "0777": { true: "x" } }],
      "c d": 1,
    });
  });

  test.each([
    ["main0: &a [*a]\n", "1:12: invalid YAML: recursive alias *a"],
    ["azurerm:\n  x: &b {y: *b}\n", "2:13: invalid YAML: recursive alias *b"],
    ["a: *b\n", "1:4: invalid YAML: unknown alias *b"],
    [`a: &a 1\nb: [${"*a, ".repeat(100)}*a]\n`, "2:405: invalid YAML: more than 100 aliases"],
    [
      `a: &a [1, 1]\nb: &b [${"*a,".repeat(9)}]\nc: &c [${"*b,".repeat(9)}]\nd: [${"*c,".repeat(9)}]\n`,
      "undefined:undefined: invalid YAML: aliases stand for more than 100 values",
    ],
    [`a: ${"[".repeat(50)}\n`, "1:53: invalid YAML: nesting is deeper than 50 levels"],
    ["a: !!float 1.5\n", "1:4: invalid YAML: Unresolved tag: tag:yaml.org,2002:float"],
    ["a: !!timestamp 2026-01-01\n", "1:4: invalid YAML: Unresolved tag: tag:yaml.org,2002:timestamp"],
    ["a: !!binary aGk=\n", "1:4: invalid YAML: Unresolved tag: tag:yaml.org,2002:binary"],
    ["? [a]\n: 1\n", "1:3: invalid YAML: a key is not text"],
    ["a: 1\nb: x\u0001\n", "2:5: invalid YAML: a character is not printable"],
    ["a: x\ud800\n", "1:5: invalid YAML: a character is not printable"],
  ])("refuses %j", (text, says) => {
    expect(refused(text)).toBe(says);
  });

  test("reads no floats, no dates and no merge keys, whatever version the file names", () => {
    expect(parse("%YAML 1.1\n---\na: 1.30\nb: 2026-01-01\n<<: { c: yes }\n").value).toEqual({
      a: "1.30",
      b: "2026-01-01",
      "<<": { c: "yes" },
    });
  });

  test.each([
    ["a:\nb:\n  c: 1\n", ["a"], { line: 1, column: 1 }],
    ["a:\nb:\n  c: 1\n", ["b", "d"], { line: 3, column: 3 }],
    ['a: ""\n', ["a"], { line: 1, column: 4 }],
    ["a: &x [1]\nb: *x\n", ["b", 0], { line: 2, column: 4 }],
    ["a: 1\na: 2\n", ["a"], { line: 2, column: 4 }],
    ["", ["a"], { line: 1, column: 1 }],
  ])(
    "in %j the value of %j is at %j: an empty one at its key, a missing one at its parent",
    (text, path, at) => {
      expect(parse(text).valueAt(path)).toEqual(at);
    },
  );

  test("finds every repeated key", () => {
    expect(parse("a: 1\nb: { c: 1, c: 2 }\na: 3\na: 4\n").problems).toMatchObject([
      { path: ["b", "c"], position: { line: 2, column: 12 } },
      { path: ["a"], position: { line: 3, column: 1 } },
      { path: ["a"], position: { line: 4, column: 1 } },
    ]);
  });

  test("resolves an alias after its anchor", () => {
    expect(parse("a: &a {b: [1]}\nc: *a\n").value).toEqual({ a: { b: [1] }, c: { b: [1] } });
  });

  test("finds the line of every key, whatever the line ends", () => {
    const lineEnd = fc.constantFrom("\n", "\r\n", "\n\n", "\n# note\n");
    fc.assert(
      fc.property(fc.array(lineEnd, { minLength: 1, maxLength: 40 }), (ends) => {
        const text = ends.map((end, index) => `k${index}: ${index}${end}`).join("");
        const { keyAt } = parse(text);
        ends.forEach((_, index) => {
          const before = text.slice(0, text.indexOf(`k${index}:`));
          expect(keyAt([`k${index}`])).toEqual({ line: before.split("\n").length, column: 1 });
        });
      }),
    );
  });
});
