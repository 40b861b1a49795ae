import fc from "fast-check";
import { parseYaml, YamlError } from "../../mesh/yaml";

function refused(text: string): string {
  try {
    parseYaml(text);
  } catch (error) {
    if (error instanceof YamlError)
      return `${error.position?.line}:${error.position?.column}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("parseYaml", () => {
  test.each(["0777", "0x1f", "-1", "12", "null", "~", "true", "False", "constructor", "1e3"])(
    "takes the key %s for the name that stands there, and knows its place",
    (key) => {
      const document = parseYaml(`first: 1\n${key}: 0777\n`);
      expect(document.value).toEqual({ first: 1, [key]: 777 });
      expect(document.keyAt([key])).toEqual({ line: 2, column: 1 });
    },
  );

  test("reads keys in quotes, of several lines and of collections within collections", () => {
    expect(parseYaml('"a\\tb": [{0777: {true: x}}]\n? c\n  d\n: 1\n').value).toEqual({
      "a\tb": [{ "0777": { true: "x" } }],
      "c d": 1,
    });
  });

  test.each([
    ["main0: &a [*a]\n", "1:13: an alias stands inside the value that it names, which would never end"],
    [
      "azurerm:\n  x: &b {y: *b}\n",
      "2:14: an alias stands inside the value that it names, which would never end",
    ],
  ])("refuses an alias that goes in circles: %j", (text, says) => {
    expect(refused(text)).toBe(says);
  });

  test("takes an alias behind the value that it names", () => {
    expect(parseYaml("a: &a {b: [1]}\nc: *a\n").value).toEqual({ a: { b: [1] }, c: { b: [1] } });
  });

  test("finds the line of every key, whatever the line ends", () => {
    const lineEnd = fc.constantFrom("\n", "\r\n", "\n\n", "\n# note\n");
    fc.assert(
      fc.property(fc.array(lineEnd, { minLength: 1, maxLength: 40 }), (ends) => {
        const text = ends.map((end, index) => `k${index}: ${index}${end}`).join("");
        const { keyAt } = parseYaml(text);
        ends.forEach((_, index) => {
          const before = text.slice(0, text.indexOf(`k${index}:`));
          expect(keyAt([`k${index}`])).toEqual({ line: before.split("\n").length, column: 1 });
        });
      }),
    );
  });
});
