import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

test("a new .gitignore has no leading blank line, and additions to an existing one follow a blank line", async () => {
  await mesh("init");
  const fresh = readFileSync(".gitignore", "utf8");
  expect(fresh).toMatch(
    /^# mesh: CA keys.*\ncdktf\.out\/\n[\s\S]*\n\n# mesh: generated manifests\. .*\ndist\/\n\n# mesh: gateway addresses .*\n\*\.addresses\.yaml\n\n# mesh: packages.*\nnode_modules\/\n$/,
  );
  writeFileSync(".gitignore", "logs/\n");
  await mesh("init", "-f", "other.yaml");
  expect(readFileSync(".gitignore", "utf8")).toBe(`logs/\n\n${fresh}`);
});

test.each(["*.addresses.yaml", "dist/"])(
  "the line %s is not added again after it was removed",
  async (line) => {
    await mesh("init");
    const shared = readFileSync(".gitignore", "utf8").replace(`\n${line}\n`, "\n");
    expect(shared.split("\n")).not.toContain(line);
    writeFileSync(".gitignore", shared);
    await mesh("init", "-f", "other.yaml");
    expect(readFileSync(".gitignore", "utf8")).toBe(shared);
  },
);

const schemaLine = (file: string) =>
  /^# yaml-language-server: \$schema=(.*)\n/.exec(readFileSync(file, "utf8"))?.[1];

test("the file names the schema of the package that is installed in the project", async () => {
  mkdirSync("node_modules");
  symlinkSync(join(__dirname, "../.."), "node_modules/istio-aks-mesh");
  mkdirSync("conf/prod", { recursive: true });
  await mesh("init");
  await mesh("init", "-f", "conf/prod/mesh.yaml");
  expect(schemaLine("mesh.yaml")).toBe("./node_modules/istio-aks-mesh/mesh.schema.json");
  expect(schemaLine("conf/prod/mesh.yaml")).toBe("../../node_modules/istio-aks-mesh/mesh.schema.json");
});

test("in a new project the file names the schema of the package that npm will install", async () => {
  mkdirSync("conf");
  await mesh("init", "-f", "conf/mesh.yaml");
  expect(schemaLine("conf/mesh.yaml")).toBe("../node_modules/istio-aks-mesh/mesh.schema.json");
});

test("in another project without an installation, mesh.yaml names no schema, nor another tool's", async () => {
  writeFileSync("package.json", "{}");
  writeFileSync("mesh.schema.json", "{}");
  await mesh("init");
  expect(readFileSync("mesh.yaml", "utf8")).toMatch(/^azure:/);
});

test("the next commands name the file where it is not mesh.yaml", async () => {
  expect((await mesh("init")).notes).toMatch(/next: npm install && mesh ca && mesh synth$/);
  const { notes } = await mesh("init", "-f", "shop.yaml");
  expect(notes).toMatch(/next: mesh ca -f shop\.yaml && mesh synth -f shop\.yaml$/);
  expect((await mesh("synth", "-f", "shop.yaml")).notes).toContain("`mesh ca -f shop.yaml` creates it");
  expect((await mesh("apply", "-f", "shop.yaml")).notes).toContain("fix: run `mesh ca -f shop.yaml` first");
  expect((await mesh("synth", "-f", "none.yaml")).notes).toContain(
    "fix: create it with `mesh init -f none.yaml`",
  );
});

test("the current folder's .gitignore is written once", async () => {
  for (const file of ["mesh.yaml", "./other.yaml", join(folder, "third.yaml")]) {
    expect((await mesh("init", "-f", file)).code).toBe(0);
  }
  expect(readFileSync(".gitignore", "utf8").match(/^\*\.ca\/$/gm)).toHaveLength(1);
});

test("can be repeated after .gitignore could not be written: there is no mesh.yaml yet", async () => {
  // A name that is there and leads nowhere can be read as absent, and not be written.
  symlinkSync(join(folder, "gone", "away"), ".gitignore");
  expect((await mesh("init")).code).toBe(1);
  expect(existsSync("mesh.yaml")).toBe(false);
  rmSync(".gitignore");
  expect((await mesh("init")).code).toBe(0);
  expect(readFileSync(".gitignore", "utf8")).toContain("*.tfstate");
});

test("Git ignores the folders of docs/ca.md, and key files in any other", async () => {
  execFileSync("git", ["init", "-q"]);
  await mesh("init");
  for (const file of [
    "own-ca/main0/ca-cert.pem",
    "certs/main0/ca-key.pem",
    "certs/root-key.pem",
    "certs/tls.key",
  ]) {
    expect([file, spawnSync("git", ["check-ignore", "-q", file]).status]).toEqual([file, 0]);
  }
});

describe("in a folder below a mesh.yaml", () => {
  beforeEach(async () => {
    await mesh("init");
    mkdirSync("sub/folder", { recursive: true });
    process.chdir("sub/folder");
  });

  test("init writes no second one, and names the first", async () => {
    expect(await mesh("init")).toMatchObject({
      code: 2,
      notes: expect.stringContaining(
        "mesh.yaml: ../../mesh.yaml exists already, and this folder is below it\n  fix: run the commands there: cd ../..; for another mesh here: mesh init -f ./mesh.yaml",
      ),
    });
    expect(readdirSync(".")).toEqual([]);
    expect((await mesh("init", "-f", "./mesh.yaml")).code).toBe(0);
    expect(existsSync("mesh.yaml")).toBe(true);
  });

  test.each(["synth", "ca", "diff", "status", "doctor", "apply", "verify"])(
    "%s says where it is",
    async (command) => {
      expect(await mesh(command)).toMatchObject({
        code: 2,
        notes: expect.stringContaining(
          "mesh.yaml: file not found; ../../mesh.yaml exists\n  fix: run the command there: cd ../..",
        ),
      });
    },
  );
});
