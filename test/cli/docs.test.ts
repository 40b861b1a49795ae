import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cliDocument } from "../../cli/docs";
import { program } from "../../cli/program";

const mesh = program(() => {});
const file = readFileSync(join(__dirname, "../../docs/cli.md"), "utf8");

test("docs/cli.md is current; `npm run docs` writes it", () => {
  expect(file).toBe(cliDocument(mesh));
});

test.each(mesh.commands.map((command) => [command.name(), command] as const))(
  "docs/cli.md has every option of mesh %s, and no hidden one",
  (name, { options }) => {
    const [, section] = file.split(`### mesh ${name}\n`);
    const rows = section!.split("\n### ")[0]!.split("\n");
    for (const { flags, hidden } of options)
      expect({ flags, shown: rows.some((row) => row.startsWith(`| \`${flags}\``)) }).toEqual({
        flags,
        shown: !hidden,
      });
  },
);

test.each(mesh.commands.map((command) => [command.name(), command.description()]))(
  "mesh %s is described in the imperative: %s",
  (_, description) => {
    expect(description).toMatch(/^[A-Z][a-z]+ .*[^.]$/);
    expect(description).not.toMatch(/^\w+s /);
  },
);
