import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mesh } from "./cli/run";
import { fixtureText } from "./fixtures";

const readme = readFileSync(join(__dirname, "../README.md"), "utf8");
const here = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-readme-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

test("README's steps from mesh.yaml to a mesh include everything that must run before the clusters are used", async () => {
  const [, section] = /## From mesh\.yaml to a running mesh\n([\s\S]*?)\n\|/.exec(readme)!;
  const commands = [...section!.matchAll(/^\d+\. .*?`npx mesh (\w+)`/gm)].map(([, command]) => command!);
  const beforeClusters = commands.slice(0, commands.indexOf("up"));
  expect(beforeClusters).toEqual(["ca", "synth", "diff"]);
  writeFileSync("mesh.yaml", fixtureText("default"));
  let notes = "";
  for (const command of beforeClusters) {
    const said = await mesh(command);
    expect({ command, code: said.code }).toEqual({ command, code: 0 });
    notes += said.notes;
  }
  // The one gap that is left is filled by the gateway.
  expect(notes.match(/missing: .*?,/g)).toEqual([expect.stringContaining("the address of main0's")]);
});
