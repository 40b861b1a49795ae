import { writeFileSync } from "node:fs";
import { changedLines } from "../../synth/diff/diff";
import { filesForReview } from "../../synth/review";
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
