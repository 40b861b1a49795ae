import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageSpecOf } from "../../cli/init/package-file";
import { devDependencies, version } from "../../package.json";
import { mesh } from "./run";

// The project that `mesh init` writes around mesh.yaml. test/project.test.ts installs and runs it.

const here = process.cwd();
let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "mesh-project-")));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

const read = (file: string) => readFileSync(file, "utf8");
const files = () =>
  readdirSync(".", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();

const projectFiles = [
  ".gitignore",
  "README.md",
  "mesh.yaml",
  "package.json",
  "test/mesh.test.ts",
  "tsconfig.json",
];

test("an empty folder becomes a project, with the tools in the versions of this package's own tests", async () => {
  const { code, notes } = await mesh("init");
  expect({ code, notes }).toEqual({
    code: 0,
    notes: [
      "written: mesh.yaml, package.json, tsconfig.json, test/mesh.test.ts, README.md",
      "change the names in mesh.yaml; next: npm install && mesh ca && mesh synth",
    ].join("\n"),
  });
  expect(files()).toEqual(projectFiles);
  expect(read("test/mesh.test.ts")).toBe(
    'import { describeMesh } from "istio-aks-mesh/jest";\n\ndescribeMesh("mesh.yaml");\n',
  );
  const { private: isPrivate, scripts, devDependencies: tools } = JSON.parse(read("package.json"));
  expect(isPrivate).toBe(true);
  expect(scripts).toEqual({
    lint: "tsc --noEmit",
    synth: "mesh synth",
    test: "jest",
    "test:update": "jest --updateSnapshot",
  });
  const { "istio-aks-mesh": own, ...others } = tools;
  expect(own).toBe(version);
  expect(Object.keys(others)).toContain("jest");
  for (const [name, range] of Object.entries(others))
    expect([name, range]).toEqual([name, devDependencies[name as keyof typeof devDependencies]]);
});

test("no file is overwritten, and what is missing is added to a mesh.yaml that exists", async () => {
  mkdirSync("test");
  for (const file of ["README.md", "tsconfig.json", "test/mesh.test.ts"]) writeFileSync(file, "mine");
  expect((await mesh("init")).notes).toMatch(
    /^written: mesh.yaml, package.json\nkept: tsconfig.json, test\/mesh.test.ts, README.md\n/,
  );
  for (const file of ["README.md", "tsconfig.json", "test/mesh.test.ts"]) expect(read(file)).toBe("mine");
  rmSync("tsconfig.json");
  const before = Object.fromEntries(files().map((file) => [file, read(file)]));
  expect(await mesh("init")).toMatchObject({
    code: 0,
    notes: expect.stringMatching(
      /^written: tsconfig.json\nkept: mesh.yaml, .*\nnext: mesh ca && mesh synth$/,
    ),
  });
  for (const [file, text] of Object.entries(before)) expect([file, read(file)]).toEqual([file, text]);
});

test("contexts for a mesh.yaml that exists are refused: they would have no effect", async () => {
  await mesh("init");
  expect(await mesh("init", "--context", "one")).toMatchObject({
    code: 2,
    notes: expect.stringContaining("mesh.yaml: exists already, and is not overwritten"),
  });
});

test("another project gets mesh.yaml and .gitignore alone, which leaves its tests as they are", async () => {
  writeFileSync("package.json", '{ "name": "shop", "dependencies": { "express": "5" } }');
  expect(await mesh("init", "--context", "one", "two")).toMatchObject({
    code: 0,
    notes: [
      "written: mesh.yaml",
      "package.json belongs to another project; mesh init in an empty folder also writes snapshot tests",
      "change the names in mesh.yaml; next: mesh ca && mesh synth",
    ].join("\n"),
  });
  expect(files()).toEqual([".gitignore", "mesh.yaml", "package.json"]);
  expect(await mesh("init")).toMatchObject({ code: 2, notes: expect.stringContaining("exists already") });
});

test("where npm has installed the package already, init says which commands complete package.json", async () => {
  await mesh("init");
  const complete = JSON.parse(read("package.json"));
  const existing =
    '{ "devDependencies": { "istio-aks-mesh": "0.1.0", "jest": "^30.0.0" }, "scripts": { "test": "jest --ci" } }';
  rmSync("README.md");
  writeFileSync("package.json", existing);
  const { notes } = await mesh("init");
  expect(read("package.json")).toBe(existing);
  expect(existsSync("README.md")).toBe(true);
  const commands = notes.split("\n").filter((line) => line.startsWith("  "));
  expect(notes).toContain(
    "package.json lacks parts of a mesh's project; these commands add them:\n  npm pkg set ",
  );
  expect(commands.at(-1)).toMatch(/^ {2}npm install --save-dev '?@swc\/core@/);
  expect(commands.at(-1)).not.toMatch(/ jest@|istio-aks-mesh/);
  for (const command of commands.slice(0, -1)) execFileSync("bash", ["-c", command]);
  const { scripts, jest } = JSON.parse(read("package.json"));
  expect(scripts).toEqual({ ...complete.scripts, test: "jest --ci" });
  expect(jest).toEqual(complete.jest);
});

test("the test that npm init writes is replaced: it only fails", async () => {
  execFileSync("npm", ["init", "-y"]);
  execFileSync("npm", ["pkg", "set", `devDependencies.istio-aks-mesh=${version}`]);
  const { notes } = await mesh("init");
  expect(notes).toMatch(/^ {2}npm pkg set .* scripts.test=jest /m);
});

test("a package.json that is not JSON is refused before anything is written", async () => {
  writeFileSync("package.json", "{");
  expect(await mesh("init")).toMatchObject({
    code: 2,
    notes: expect.stringContaining("package.json: is not a JSON object\n  fix: repair it, or move it away"),
  });
  expect(files()).toEqual(["package.json"]);
});

test("a project names the package as npm has installed it: by version, or by the path of a tarball", () => {
  const installed = (project: string, spec: string) => {
    mkdirSync(join(project, "node_modules/istio-aks-mesh"), { recursive: true });
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ dependencies: { "istio-aks-mesh": spec } }),
    );
    return packageSpecOf(join(folder, project, "node_modules/istio-aks-mesh"));
  };
  expect(installed("a", "^0.1.0")).toBe(version);
  expect(installed(".", "file:mesh.tgz")).toBe("file:mesh.tgz");
  // As npx does.
  expect(installed("cache/_npx/1", "file:../../../mesh.tgz")).toBe("file:mesh.tgz");
  expect(packageSpecOf(join(folder, "checkout"))).toBe(version);
});

test("a mesh below the project, or with another name, has a test of its name", async () => {
  mkdirSync("conf");
  await mesh("init", "-f", "conf/shop.yaml");
  expect(read("test/shop.test.ts")).toContain('describeMesh("conf/shop.yaml");');
  expect(read("README.md")).toContain("`npx mesh synth -f conf/shop.yaml`");
});

describe("--ci", () => {
  test.each([
    ["github", ".github/workflows/mesh.yml"],
    ["azure-pipelines", "azure-pipelines.yml"],
  ])(
    "%s adds the pipeline, its scripts and its set-up to a new or existing project",
    async (system, file) => {
      await mesh("init");
      expect((await mesh("init", "--ci", system)).notes).toMatch(
        /warning: mesh.yaml has no azure.backend: a runner/,
      );
      expect(files()).toEqual(
        [
          ...projectFiles,
          file,
          ...["README.md", "diff.sh", "fetch-ca.sh", "plan.sh", "programs.sh", "store-ca.sh"].map(
            (name) => `ci/${name}`,
          ),
        ].sort(),
      );
      for (const name of ["mesh.yaml", "README.md"]) rmSync(name);
      expect((await mesh("init", "--ci", system)).notes).not.toContain("warning");
      expect(read("mesh.yaml")).toContain("  backend:");
      expect(read("README.md")).toContain("[ci/README.md](ci/README.md)");
    },
  );

  test("another project gets a mesh's project as well, because the pipeline runs its scripts", async () => {
    writeFileSync("package.json", '{ "name": "shop" }');
    const { notes } = await mesh("init", "--ci", "github");
    expect(notes).toContain("package.json lacks parts of a mesh's project");
    expect(files()).toContain("test/mesh.test.ts");
  });

  test("github is refused below the top of a repository, where GitHub would not read the workflow", async () => {
    mkdirSync(".git");
    mkdirSync("sub");
    process.chdir("sub");
    expect(await mesh("init", "--ci", "github")).toMatchObject({
      code: 2,
      notes: expect.stringContaining("fix: run it there: cd .. && mesh init --ci github -f sub/mesh.yaml"),
    });
    expect(readdirSync(".")).toEqual([]);
    expect((await mesh("init", "--ci", "azure-pipelines")).code).toBe(0);
  });

  test("is refused in the checkout of this package", async () => {
    cpSync(join(here, "package.json"), "package.json");
    expect(await mesh("init", "--ci", "github")).toMatchObject({
      code: 2,
      notes: expect.stringContaining("this is the checkout of istio-aks-mesh"),
    });
    expect(files()).toEqual(["package.json"]);
    await mesh("init");
    expect(files()).toEqual([".gitignore", "mesh.yaml", "package.json"]);
  });
});
