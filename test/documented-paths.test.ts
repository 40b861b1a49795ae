import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(__dirname, "..");
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** `folder/file.ts`, `folder/` and `folder/*-rules.ts`, as documents quote files of this project. */
function pathsIn(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const quoted = [...text.matchAll(/`(\w[\w.-]*\/[\w./*-]*)`/g)].map(([, path]) => path!);
  return [...new Set(quoted)].filter((path) => folders.some(({ name }) => path.startsWith(`${name}/`)));
}

function exists(path: string): boolean {
  if (!path.includes("*")) return existsSync(join(root, path));
  const pattern = new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
  return readdirSync(join(root, dirname(path))).some((name) => pattern.test(`${dirname(path)}/${name}`));
}

test.each(["CONTRIBUTING.md", "docs/architecture.md"])("every path in %s exists", (document) => {
  const paths = pathsIn(document);
  expect(paths.length).toBeGreaterThan(20);
  // An annotation, and generated output.
  const noPath = /^mesh\/adopted$|^(dist|build|cdktf\.out)\//;
  const missing = paths.filter((path) => !noPath.test(path) && !exists(path) && !exists(`${path}.ts`));
  expect(missing).toEqual([]);
});

test("CONTRIBUTING's map has at most 40 rows", () => {
  const [, map] = /## Where things are\n(.*?)\n## /s.exec(
    readFileSync(join(root, "CONTRIBUTING.md"), "utf8"),
  )!;
  expect(map!.match(/^\| /gm)!.length - 1).toBeLessThanOrEqual(40);
});
