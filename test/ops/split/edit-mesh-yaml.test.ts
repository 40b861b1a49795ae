import * as fc from "fast-check";
import { parseMesh } from "../../../mesh/load";
import { InputError } from "../../../mesh/problem";
import { withWeights } from "../../../ops/split/edit-mesh-yaml";

const clusters = `# my mesh
clusters:
  - { name: main0, role: primary, network: n1, context: main0 }  # the primary
  - { name: remote0, network: n2, context: remote0 }
`;
const to = (text: string, weights: Record<string, number>) => withWeights(text, "mesh.yaml", weights);

const cases: [name: string, before: string, after: string][] = [
  [
    "a flow mapping changes its numbers",
    "sample:\n  weights: { v1: 50, v2: 50 } # even\n",
    "sample:\n  weights: { v1: 90, v2: 10 } # even\n",
  ],
  [
    "a block mapping changes its numbers",
    "sample:\n  weights:\n    v1: 50 # old\n    v2: 50\n",
    "sample:\n  weights:\n    v1: 90 # old\n    v2: 10\n",
  ],
  [
    "versions in another order keep it",
    "sample:\n  weights: { v2: 5, v1: 95 }\n",
    "sample:\n  weights: { v2: 10, v1: 90 }\n",
  ],
  [
    "quoted keys and odd numbers are found",
    `"sample": {'weights': {"v1":0x32,\n "v2": !!int "50"}}\n`,
    `"sample": {'weights': {"v1":90,\n "v2": !!int 10}}\n`,
  ],
  [
    "a flow mapping over lines gets the version that it lacks",
    "sample:\n  weights: {\n    v1: 100 # all\n    }\n",
    "sample:\n  weights: {\n    v1: 90, v2: 10 # all\n    }\n",
  ],
  [
    "a flow mapping may end below its key",
    "sample:\n  weights: {\n    v1: 100\n  }\n",
    "sample:\n  weights: {\n    v1: 90, v2: 10\n  }\n",
  ],
  [
    "a block mapping gets the version that it lacks, with its comments kept",
    "sample:\n  weights:\n    v1: 100 # all\n    # v2: later\n\n  # of the sample\n  namespace: demo\n",
    "sample:\n  weights:\n    v1: 90 # all\n    # v2: later\n    v2: 10\n\n  # of the sample\n  namespace: demo\n",
  ],
  [
    "a comma behind the last entry stays",
    "sample: { weights: { v1: 100, }, namespace: foo }\n",
    "sample: { weights: { v1: 90, v2: 10, }, namespace: foo }\n",
  ],
  [
    "a weight that is an alias is written out",
    "sample:\n  weights: { v1: &half 50, v2: *half }\n",
    "sample:\n  weights: { v1: &half 90, v2: 10 }\n",
  ],
  [
    "a sample without weights gets them below",
    "sample:\n  namespace: demo # mine\naddons: { kiali: false }\n",
    "sample:\n  namespace: demo # mine\n  weights: { v1: 90, v2: 10 }\naddons: { kiali: false }\n",
  ],
  [
    "a sample that ends with a block has the weights below it",
    "sample:\n  versions:\n    v1:\n    - main0\n    v2: [remote0]\n",
    "sample:\n  versions:\n    v1:\n    - main0\n    v2: [remote0]\n  weights: { v1: 90, v2: 10 }\n",
  ],
  [
    "a sample that ends with a block of text has the weights below it",
    "sample:\n  namespace: >-\n    demo\n\naddons: {}\n",
    "sample:\n  namespace: >-\n    demo\n  weights: { v1: 90, v2: 10 }\n\naddons: {}\n",
  ],
  [
    "a flow sample gets weights",
    "sample: {\n  namespace: foo # mine\n  }\n",
    "sample: {\n  namespace: foo, weights: { v1: 90, v2: 10 } # mine\n  }\n",
  ],
  ["a sample that is {} gets weights", "sample: {}\n", "sample: { weights: { v1: 90, v2: 10 } }\n"],
  [
    "a sample that is {} with a comment gets weights",
    "sample: { # on\n  }\n",
    "sample: { weights: { v1: 90, v2: 10 } # on\n  }\n",
  ],
  ["a file without sample gets one", "", "\nsample:\n  weights: { v1: 90, v2: 10 }\n"],
  [
    "a file without sample gets one below the last comment",
    "\n# addons: none\n",
    "\n# addons: none\n\nsample:\n  weights: { v1: 90, v2: 10 }\n",
  ],
  [
    "the end of a document stays its end",
    "... # over\n",
    "\nsample:\n  weights: { v1: 90, v2: 10 }\n... # over\n",
  ],
];

test.each(cases)("%s, and nothing else changes", (_, before, after) => {
  expect(to(clusters + before, { v1: 90, v2: 10 }).text).toBe(clusters + after);
});

test.each(cases)("with CRLF and no line break at its end: %s", (_, before, after) => {
  const windows = (text: string) => text.trimEnd().replaceAll("\n", "\r\n");
  expect(to(windows(clusters + before), { v1: 90, v2: 10 }).text).toBe(windows(clusters + after));
});

test.each(["# more\n", "\n"])(
  "a file as large as one may be takes weights, with many lines of %j",
  (line) => {
    const text = clusters + line.repeat(190_000 / line.length);
    expect(to(text, { v1: 90, v2: 10 }).mesh.sample!.weights).toEqual({ v1: 90, v2: 10 });
  },
);

test("JSON stays JSON", () => {
  const json = JSON.stringify({
    clusters: [{ name: "main0", role: "primary", network: "n1", context: "main0" }],
    sample: { namespace: "demo" },
  });
  expect(JSON.parse(to(json, { v1: 100 }).text).sample).toEqual({ namespace: "demo", weights: { v1: 100 } });
  const without = json.replace(/,"sample".*/, "}");
  expect(JSON.parse(to(without, { v1: 100 }).text).sample).toEqual({ weights: { v1: 100 } });
});

test("problems refer to the text that the user wrote", () => {
  expect(() => to(`${clusters}sample:\n`, { v1: 90, v2: 10 })).toThrow(
    /^mesh\.yaml:5:1: sample: value is empty/,
  );
});

const onAzure = (azure: string) =>
  `azure: { location: centralus, resourceGroup: rg, ${azure} }\n${clusters.replace("context: remote0", "aks: remote0")}`;

test("weights that are an alias are written out", () => {
  const text = onAzure("backend: { local: { of: &w { v1: 50, v2: 50 } } }");
  expect(to(`${text}sample:\n  weights: *w # even\n`, { v1: 90, v2: 10 }).text).toBe(
    `${text}sample:\n  weights: { v1: 90, v2: 10 } # even\n`,
  );
});

test.each([
  [
    "an anchor that carries a weight to elsewhere",
    `sample: { weights: { v1: &n 60, v2: 40 } }\n${onAzure("nodePool: { maxNodes: *n }")}`,
    /editing the weights would also change other values/,
  ],
  [
    "a sample that is an alias",
    `${onAzure("backend: { local: { of: &s { namespace: foo } } }")}sample: *s\n`,
    /editing the weights would also change other values/,
  ],
  ["a byte that is not UTF-8", `${clusters}# caf\ufffd\n`, /not UTF-8/],
])("%s: the user has to edit it, and gets the text to write", (_, text, why) => {
  parseMesh(text, "mesh.yaml");
  expect(() => to(text, { v1: 90, v2: 10 })).toThrow(why);
  expect(() => to(text, { v1: 90, v2: 10 })).toThrow(
    "fix: edit it by hand: under sample, set `weights: { v1: 90, v2: 10 }`, then run mesh apply",
  );
});

test("a change and its reversal give the same file", () => {
  const text = `${clusters}sample:\n  weights: { v1: 50, v2: 50 }\n`;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), (v1) => {
      const there = to(text, { v1, v2: 100 - v1 }).text;
      expect(to(there, { v1: 50, v2: 50 }).text).toBe(text);
    }),
    { numRuns: 30 },
  );
});

/** One of the ways in which YAML lets people write a mapping. */
interface Spelling {
  readonly quote: "" | "'" | '"';
  readonly flow: boolean;
  /** A flow mapping has a line for each entry. */
  readonly lines: boolean;
  readonly comments: boolean;
  readonly comma: boolean;
  readonly blank: boolean;
}
/** Properties: an anchor or a tag. */
type Entries = readonly (readonly [key: string, value: string | Entries, properties?: string])[];

const spelling: fc.Arbitrary<Spelling> = fc.record({
  quote: fc.constantFrom("", "'", '"'),
  flow: fc.boolean(),
  lines: fc.boolean(),
  comments: fc.boolean(),
  comma: fc.boolean(),
  blank: fc.boolean(),
});

/** Writes mappings, each with the next spelling; in a flow mapping all is flow. */
function write(entries: Entries, next: () => Spelling, indent: string, inFlow = false): string {
  const { quote, flow, lines, comments, comma, blank } = next();
  const comment = (where: string) => (comments ? ` # of ${where} {: , }` : "");
  const inner = `${indent}  `;
  const entry = ([key, value, properties = ""]: Entries[number], isFlow: boolean) => {
    const said = typeof value === "string" ? ` ${value}` : write(value, next, inner, isFlow);
    return `${quote}${key}${quote}: ${properties}${said}`;
  };
  if (inFlow || flow || entries.length === 0) {
    if (!lines)
      return ` { ${entries.map((each) => entry(each, true)).join(", ")}${comma && entries.length > 0 ? "," : ""} }`;
    const rows = entries.map(
      (each, index) =>
        `\n${inner}${entry(each, true)}${comma || index < entries.length - 1 ? "," : ""}${comment(each[0])}`,
    );
    return ` {${comment("all")}${rows.join("")}\n${inner}}`;
  }
  const rows = entries.map(
    (each) =>
      `${blank ? "\n" : ""}${comments ? `\n${indent}# above ${each[0]}` : ""}\n${indent}${entry(each, false)}${
        typeof each[1] === "string" ? comment(each[0]) : ""
      }`,
  );
  return `${comment("block")}${rows.join("")}${comments ? `\n${indent}# below` : ""}`;
}

const weightsIn = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom<Entries>([["v1", "100"]], [["v2", "100"]]),
  fc.nat(100).map(
    (v1): Entries => [
      ["v2", String(100 - v1)],
      ["v1", String(v1)],
    ],
  ),
  fc.constant<Entries>([
    ["v1", "50", "&half "],
    ["v2", "*half"],
  ]),
);

const sampleIn = fc.oneof(
  fc.constantFrom<undefined | string>(undefined, "", "{}"),
  fc
    .tuple(weightsIn, fc.boolean(), fc.boolean(), fc.boolean())
    .map(([weights, named, first, versions]): Entries => {
      const others: Entries = [
        ...(named ? [["namespace", "demo"] as const] : []),
        ...(versions
          ? [
              [
                "versions",
                [
                  ["v1", "[main0, remote0]"],
                  ["v2", "[ remote0 ]"],
                ] as Entries,
              ] as const,
            ]
          : []),
      ];
      const written: Entries = weights ? [["weights", weights]] : [];
      return first ? [...written, ...others] : [...others, ...written];
    }),
);

const someFile = fc
  .record({
    sample: sampleIn,
    first: fc.boolean(),
    spellings: fc.array(spelling, { minLength: 5, maxLength: 5 }),
    anchor: fc.constantFrom("", "&s ", "!!map "),
    head: fc.constantFrom("", "\ufeff", "# head\n", "---\n", "%YAML 1.2\n---\n"),
    tail: fc.constantFrom("", "\n", "\n\n\n", "\n# tail\n", "\n...\n", "\n...\n# tail", "\n  # in\n# tail"),
    windows: fc.boolean(),
  })
  .map(({ sample, first, spellings, anchor, head, tail, windows }) => {
    const list: Entries[number] = [
      "clusters",
      "[ { name: main0, role: primary, network: n1, context: main0 }, { name: remote0, network: n2, context: remote0 } ]",
    ];
    const rest: Entries[number] = ["addons", [["kiali", "false"]]];
    const own: Entries = sample === undefined ? [] : [["sample", sample, sample === "" ? "" : anchor]];
    const given = [...spellings];
    const next = () => given.shift() ?? spellings[0]!;
    const body = write(first ? [...own, list, rest] : [list, rest, ...own], next, "").replace(/^\s+/, "");
    const text = `${head}${body}${tail}`;
    return windows ? text.replaceAll("\n", "\r\n") : text;
  });

const isMesh = (text: string) => {
  try {
    return parseMesh(text, "mesh.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return undefined;
  }
};
const commentsOf = (text: string) => text.match(/#.*/g) ?? [];

test("in any spelling of a mesh, only the weights change", () => {
  let edited = 0;
  let refused = 0;
  fc.assert(
    fc.property(someFile, fc.nat(100), (text, v1) => {
      const weights = { v1, v2: 100 - v1 };
      const before = isMesh(text);
      if (!before) {
        refused++;
        expect(() => to(text, weights)).toThrow(InputError);
        return;
      }
      edited++;
      const after = to(text, weights);
      expect(after.mesh).toEqual({ ...before, sample: { ...before.sample, weights } });
      expect(parseMesh(after.text, "mesh.yaml")).toEqual(after.mesh);
      expect(commentsOf(after.text)).toEqual(commentsOf(text));
      if (text.includes("\r\n")) expect(after.text).not.toMatch(/(?<!\r)\n/);
      expect(to(after.text, weights).text).toBe(after.text);
    }),
    { numRuns: 200 },
  );
  expect(edited).toBeGreaterThan(3 * refused);
});

test("any text becomes a mesh with these weights, or is refused", () => {
  const line = fc.constantFrom(
    ...clusters.trimEnd().split("\n"),
    "sample:",
    "sample: {",
    "  weights:",
    "  weights: {",
    "    v1: 100",
    "    v1: 50,",
    "  }",
    "}",
    "  namespace: foo",
    "  enabled: true",
    "---",
    "? sample",
    ": weights: { v1: 100 }",
    "\t# tab",
    "",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(line, { maxLength: 6 }).map((lines) => `${clusters}${lines.join("\n")}`),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        expect(to(given, { v1: 90, v2: 10 }).mesh.sample!.weights).toEqual({ v1: 90, v2: 10 });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { numRuns: 200 },
  );
});
