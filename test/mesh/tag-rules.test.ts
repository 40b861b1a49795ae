import { parseMesh } from "../../mesh/load";
import { edited, problemsOf } from "./two-clusters";

const withTags = (tags: string) => edited("  location", `  tags: { ${tags} }\n  location`);

test.each([
  ["team: a, Team: b", /azure\.tags\.Team: is the tag "team" in other letters; Azure takes the two for one/],
  ["istio-mesh: shop", /azure\.tags\.istio-mesh: the tag istio-mesh is given by this tool/],
  ["Istio-Mesh: shop", /azure\.tags\.Istio-Mesh: the tag istio-mesh is given by this tool/],
  ["azure-team: a", /"azure-team" begins with azure, microsoft or windows/],
  ["MicrosoftX: a", /"MicrosoftX" begins with azure, microsoft or windows/],
  ["windows: a", /"windows" begins with azure, microsoft or windows/],
])("the tags %s are refused", (tags, says) => {
  expect(problemsOf(withTags(tags))).toEqual([expect.stringMatching(says)]);
});

test("tags are taken under the names that stand there", () => {
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
