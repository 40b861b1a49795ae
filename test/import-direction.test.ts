import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

// Folders import in one direction: the table of folders in docs/architecture.md says which, and the drawing shows it.

const root = join(__dirname, "..");
const architecture = readFileSync(join(root, "docs/architecture.md"), "utf8");

/** Folder -> the folders that it may import, besides itself. `bench` and `test` may import all. */
const mayImport = Object.fromEntries(
  [...architecture.matchAll(/^\| `(\w+)\/` \|.*\| ([^|]+) \|$/gm)]
    .filter(([, , imports]) => imports !== "all")
    .map(([, folder, imports]) => [folder!, imports === "-" ? [] : imports!.split(", ")]),
);
const folders = Object.keys(mayImport);

/** Every import of a file of this project, by file. */
function importsIn(folder: string): { file: string; imported: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const file = join(folder, name);
      const text = readFileSync(join(root, file), "utf8");
      return [...text.matchAll(/(?:from|import\(|require\()\s*"(\.[^"]+)"/g)].map(([, path]) => ({
        file,
        imported: relative(root, join(root, dirname(file), path!)),
      }));
    });
}

/** Those of another folder. */
const crossings = (folder: string) =>
  importsIn(folder).filter(({ imported }) => folderOf(imported) !== folder && imported !== "package.json");

const folderOf = (path: string) => path.split("/")[0]!;

test("every folder of the tool has its row", () => {
  expect(folders.sort()).toEqual(
    ["ca", "checks", "cli", "imports", "infra", "k8s", "lib", "mesh", "ops", "report", "synth"].sort(),
  );
});

test.each(folders)("%s imports only what its row names", (folder) => {
  const allowed = mayImport[folder]!;
  expect(crossings(folder).filter(({ imported }) => !allowed.includes(folderOf(imported)))).toEqual([]);
});

test.each(folders)("%s imports all that its row names", (folder) => {
  const imported = crossings(folder).map((crossing) => folderOf(crossing.imported));
  expect(mayImport[folder]!.filter((allowed) => !imported.includes(allowed))).toEqual([]);
});

test("no folder imports itself by way of others", () => {
  const below = (folder: string, seen: readonly string[] = []): string[] =>
    seen.includes(folder)
      ? [...seen, folder]
      : mayImport[folder]!.flatMap((imported) => below(imported, [...seen, folder]));
  expect(folders.flatMap((folder) => below(folder))).toEqual([]);
});

describe("inside ops", () => {
  const rows = [...architecture.matchAll(/^\| `ops\/(\w+)` \|.*\| ([^|]+) \|$/gm)];
  const parts = rows.map(
    ([, part, imports]) => [part!, imports === "-" ? [] : imports!.split(", ")] as const,
  );
  const partOf = (path: string) => path.split("/")[1]!.replace(/\.ts$/, "");

  /** The other parts of ops that a part imports: a part is a folder, or a file beside the folders. */
  const importsOf = (part: string) =>
    [
      ...new Set(
        importsIn("ops")
          .filter(({ file }) => partOf(file) === part)
          .map(({ imported }) => imported),
      ),
    ]
      .filter((imported) => imported.startsWith("ops/"))
      .map(partOf)
      .filter((imported) => imported !== part);

  test("every part has its row, below those that it imports", () => {
    const names = readdirSync(join(root, "ops")).map((name) => partOf(`ops/${name}`));
    expect(parts.map(([part]) => part).toSorted()).toEqual(names.toSorted());
    for (const [index, [, imports]] of parts.entries())
      expect(parts.slice(0, index).map(([part]) => part)).toEqual(expect.arrayContaining(imports));
  });

  test.each(parts)("%s imports what its row names", (part, imports) => {
    expect([...new Set(importsOf(part))].toSorted()).toEqual(imports.toSorted());
  });
});

test("the drawing shows the table", () => {
  const drawing = /flowchart TD\n(.*?)```/s.exec(architecture)![1]!;
  const drawn = [...drawing.matchAll(/^ *(\w+) --> (.+)$/gm)].map(([, folder, imports]) => [
    folder,
    imports!.split(" & ").sort(),
  ]);
  const table = Object.entries(mayImport).map(([folder, imports]) => [folder, imports.toSorted()]);
  expect(Object.fromEntries(drawn)).toEqual(
    Object.fromEntries(table.filter(([, imports]) => imports!.length > 0)),
  );
});

test("mesh has no CDK, no processes and no clock", () => {
  const texts = readdirSync(join(root, "mesh"), { encoding: "utf8" }).map((name) =>
    readFileSync(join(root, "mesh", name), "utf8"),
  );
  for (const text of texts)
    expect(text).not.toMatch(/from "(cdk|constructs|node:child_process)|Date\.now|new Date\(/);
});

test("the environment is read in two places", () => {
  const readsEnvironment =
    /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b|["'](node:)?process["']/;
  const readers = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter(
        (name) =>
          name.endsWith(".ts") && readsEnvironment.test(readFileSync(join(root, folder, name), "utf8")),
      )
      .map((name) => `${folder}/${name}`),
  );
  expect(readers).toEqual(["mesh/paths.ts", "ops/exec/environment.ts"]);
});
