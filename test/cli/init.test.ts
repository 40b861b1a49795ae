import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mesh } from "./run";

const here = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-init-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

test("nothing is written where .gitignore is a folder", async () => {
  mkdirSync(".gitignore");
  expect(await mesh("init")).toMatchObject({
    code: 2,
    notes: expect.stringMatching(
      /\.gitignore: is not a file\n.*fix: it has to keep the CA's keys out of Git/,
    ),
  });
  expect(existsSync("mesh.yaml")).toBe(false);
});

test("keys beside mesh.yaml and state in the current folder are both kept out of Git", async () => {
  mkdirSync("conf");
  writeFileSync(".gitignore", "node_modules/\n.mesh/\n");
  expect((await mesh("init", "-f", "conf/mesh.yaml")).code).toBe(0);
  for (const file of ["conf/.gitignore", ".gitignore"]) {
    const lines = readFileSync(file, "utf8").split("\n");
    for (const line of ["*.ca/", "*.tfstate", "cdktf.out/", ".mesh/"]) {
      expect([file, line, lines.filter((one) => one === line).length]).toEqual([file, line, 1]);
    }
  }
});

test("the current folder's .gitignore is written once", async () => {
  for (const file of ["mesh.yaml", "./other.yaml", join(folder, "third.yaml")]) {
    expect((await mesh("init", "-f", file)).code).toBe(0);
  }
  expect(readFileSync(".gitignore", "utf8").match(/^\*\.ca\/$/gm)).toHaveLength(1);
});
