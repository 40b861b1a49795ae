import { readFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "../cli/program";
import { parseMesh, readMesh } from "../mesh/load";
import { picture } from "../synth/picture";

const root = join(__dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

test("the README's example of mesh.yaml is one", () => {
  const [, example] = /<!-- example -->\n```yaml\n(.*?)^```/ms.exec(readme) ?? [];
  expect(parseMesh(example!, "README.md").clusters.length).toBeGreaterThan(1);
});

test("the README's picture is that of the default mesh", () => {
  const expected = picture(readMesh(join(root, "mesh.yaml")), {});
  expect(readFileSync(join(root, "docs/mesh.svg"), "utf8")).toBe(expected);
});

test("the README knows every command, and no command that is not there", () => {
  const commands = program(() => {}).commands.map((command) => command.name());
  for (const name of commands) expect(readme).toContain(`mesh ${name}`);
  const named = [...readme.matchAll(/`(?:npx )?mesh ([a-z]+)/g)].map(([, name]) => name!);
  expect(named.filter((name) => !commands.includes(name))).toEqual([]);
});

test("every script that the README names is in package.json", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = [...readme.matchAll(/npm run ([a-z:0-9]+)/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !scripts[name])).toEqual([]);
});
