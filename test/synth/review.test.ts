import { writeFileSync } from "node:fs";
import { parseMesh } from "../../mesh/load";
import { changedLines } from "../../synth/diff/diff";
import { filesForReview } from "../../synth/review";
import { fixtureText } from "../fixtures";
import { project, thirdCluster, twoClusters } from "./project";

let leave: () => void;
beforeEach(async () => {
  ({ leave } = await project());
});
afterEach(() => leave());

/** Names of changed files, with their changed lines. */
function changesBy(text: string): Record<string, string[] | "added"> {
  const before = filesForReview("mesh.yaml");
  writeFileSync("mesh.yaml", text);
  const after = filesForReview("mesh.yaml");
  expect([...before.keys()].filter((file) => !after.has(file))).toEqual([]);
  return Object.fromEntries(
    [...after]
      .filter(([file, now]) => before.get(file) !== now)
      .map(([file, now]) => {
        const was = before.get(file);
        return [
          file,
          was === undefined ? "added" : changedLines(was, now).filter((line) => /^[+-]/.test(line)),
        ];
      }),
  );
}

test("other weights change two numbers in one file", () => {
  expect(changesBy(twoClusters.replace("{ v1: 50, v2: 50 }", "{ v1: 90, v2: 10 }"))).toEqual({
    "main0/0005-routing.k8s.yaml": [
      "-          weight: 50",
      "+          weight: 90",
      "-          weight: 50",
      "+          weight: 10",
    ],
  });
});

test("another cluster adds files, and changes few lines of others", () => {
  const changes = changesBy(twoClusters.replace("sample:", `${thirdCluster}sample:`));
  const added = Object.keys(changes).filter((file) => changes[file] === "added");
  expect(added.length).toBeGreaterThanOrEqual(5);
  expect(added.filter((file) => !file.startsWith("remote1/"))).toEqual([]);
  const others = Object.entries(changes).filter(
    ([file, lines]) => lines !== "added" && /\/istio|k8s/.test(file),
  );
  expect(others.flatMap(([, lines]) => lines).length).toBeLessThan(20);
});

test("keys of the CA are in no file, and it does not matter whether there is one", () => {
  const files = filesForReview("mesh.yaml");
  expect(files.get("main0/0001-cacerts.k8s.yaml")).toContain("ca-key.pem: (hidden)");
  expect([...files.values()].join()).not.toMatch(/PRIVATE KEY|LS0tLS1/);
});

/** Two clusters that exist, and further YAML. */
const existing = (more: string) => `clusters:
  - { name: hub, role: primary, network: n1, context: hub }
  - { name: spoke, network: n2, context: spoke }
${more}`;
const cluster = (index: number) => `  - { name: c${index}, network: n${index}, context: "ctx ${index}" }\n`;

test.each([
  [
    "other names and another region",
    twoClusters.replaceAll("main0", "hub").replaceAll("remote0", "spoke").replace("centralus", "northeurope"),
  ],
  [
    "one cluster",
    "clusters:\n  - { name: only, role: primary, network: n1, aks: aks-only }\nazure: { location: westeurope, resourceGroup: rg-only }\n",
  ],
  [
    "five clusters, the primary last",
    `clusters:\n${[1, 2, 3, 4].map(cluster).join("")}  - { name: c5, role: primary, network: n5, context: c5 }\n`,
  ],
  ["no sample", existing("sample: { enabled: false }")],
  ["existing clusters", existing("")],
  ["Istio 1.30", existing('istio: { line: "1.30" }')],
  ["Istio 1.7", fixtureText("istio-1.7")],
  ["its own CA, whose files are not there", fixtureText("own-ca")],
  ["no addons", existing("addons: { prometheus: false, kiali: false }")],
  ["everything set", fixtureText("three-clusters")],
])("%s: there are files for every cluster, the same each time, and none is empty", (_, text) => {
  writeFileSync("mesh.yaml", text);
  const files = filesForReview("mesh.yaml");
  for (const { name } of parseMesh(text, "mesh.yaml").clusters)
    expect([...files.keys()].filter((file) => file.startsWith(`${name}/`)).length).toBeGreaterThanOrEqual(3);
  expect([...files].filter(([, content]) => content.trim() === "")).toEqual([]);
  expect(filesForReview("mesh.yaml")).toEqual(files);
});
