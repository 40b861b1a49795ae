import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

// Folders import in one direction: docs/architecture.md draws it.

const root = join(__dirname, "..");

/** Folder -> the folders that it may import, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  mesh: [],
  ca: ["mesh"],
  infra: ["mesh"],
  imports: [],
  k8s: ["mesh", "ca", "imports"],
  synth: ["mesh", "ca", "infra", "k8s"],
  checks: ["mesh", "ca", "k8s", "ops"],
  ops: ["mesh", "ca", "k8s", "synth", "checks"],
  cli: ["mesh", "ca", "infra", "k8s", "synth", "checks", "ops"],
};

const folders = Object.keys(mayImport).filter((folder) => {
  try {
    return readdirSync(join(root, folder)).length > 0;
  } catch {
    return false;
  }
});

/** `folder/file imports folder/file`, for every import of another folder. */
function crossings(folder: string): { file: string; imported: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const file = join(folder, name);
      const text = readFileSync(join(root, file), "utf8");
      return [...text.matchAll(/(?:from|import\(|require\()\s*"(\.[^"]+)"/g)].map(([, path]) => ({
        file,
        imported: relative(root, join(root, dirname(file), path!)),
      }));
    })
    .filter(({ imported }) => imported.split("/")[0] !== folder && imported !== "package.json");
}

test.each(folders)("%s imports only what lies below it", (folder) => {
  const allowed = mayImport[folder]!;
  expect(crossings(folder).filter(({ imported }) => !allowed.includes(imported.split("/")[0]!))).toEqual([]);
});

test("mesh has no CDK, no processes and no clock", () => {
  const texts = readdirSync(join(root, "mesh"), { encoding: "utf8" }).map((name) =>
    readFileSync(join(root, "mesh", name), "utf8"),
  );
  for (const text of texts)
    expect(text).not.toMatch(/from "(cdk|constructs|node:child_process)|Date\.now|new Date\(/);
});

test("settings are read from the environment in one place", () => {
  const readers = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter(
        (name) =>
          name.endsWith(".ts") && /process\.env[.[]/.test(readFileSync(join(root, folder, name), "utf8")),
      )
      .map((name) => `${folder}/${name}`),
  );
  expect(readers).toEqual(["mesh/paths.ts"]);
});
