import { parseMesh } from "../../mesh/load";
import { edited, problemsOf } from "./two-clusters";

const withTags = (tags: string) => edited("  location", `  tags: { ${tags} }\n  location`);

test.each([
  ["team: a, Team: b", /azure\.tags\.Team: duplicate tag "team": names are case-insensitive/],
  ["istio-mesh: shop", /azure\.tags\.istio-mesh: reserved tag istio-mesh: this tool sets it/],
  ["Istio-Mesh: shop", /azure\.tags\.Istio-Mesh: reserved tag istio-mesh: this tool sets it/],
  ["azure-team: a", /reserved prefix in "azure-team": azure, microsoft and windows belong to Azure/],
  ["MicrosoftX: a", /reserved prefix in "MicrosoftX": azure, microsoft and windows belong to Azure/],
  ["windows: a", /reserved prefix in "windows": azure, microsoft and windows belong to Azure/],
])("the tags %s are refused", (tags, says) => {
  expect(problemsOf(withTags(tags))).toEqual([expect.stringMatching(says)]);
});

test("tag names are kept as written", () => {
  const tags = '0x1f: a, 1e3: b, "null": c, constructor: d, toString: e, hasOwnProperty: f, my-azure: g';
  expect(parseMesh(withTags(tags), "m").azure?.tags).toEqual({
    "0x1f": "a",
    "1e3": "b",
    null: "c",
    constructor: "d",
    toString: "e",
    hasOwnProperty: "f",
    "my-azure": "g",
  });
});
