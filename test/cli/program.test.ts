import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Output, report } from "../../cli/command";
import { program } from "../../cli/program";
import { project } from "../synth/project";
import { mesh } from "./run";

describe("in a project", () => {
  let leave: () => void;
  beforeEach(async () => {
    ({ leave } = await project());
  });
  afterEach(() => leave());

  test("synth writes, says what changed and what is missing, and ends with 0", async () => {
    const { code, result, notes } = await mesh("synth");
    expect(code).toBe(0);
    expect(result).toContain("+ dist/main0/0000-namespaces.k8s.yaml");
    expect(result).toContain("main0 (primary), remote0 (remote)");
    expect(notes).toContain("missing: the address of main0's istio-eastwestgateway");
    expect((await mesh("synth")).result).toContain("dist: unchanged");
  });

  test("synth warns about an Istio release with a fault and a line near its end, and still writes the output", async () => {
    const before = readFileSync("mesh.yaml", "utf8");
    writeFileSync("mesh.yaml", `istio: { line: "1.30", version: 1.30.3 }\n${before}`);
    const { code, notes } = await mesh("synth");
    expect(code).toBe(0);
    expect(notes).toMatch(
      /^warning: mesh\.yaml: istio\.version: Istio 1\.30\.3 loses .*\n {2}fix: set istio\.version to 1\.30\.5/m,
    );
    const { warnings } = JSON.parse((await mesh("synth", "-o", "json")).result);
    expect(warnings).toContainEqual(expect.stringContaining("istio#61043"));
    expect(readFileSync("dist/RUNBOOK.md", "utf8")).toMatch(
      /Istio 1\.30\.3 loses .* restart istiod:\n\n```bash\nkubectl --context aks-main rollout restart/,
    );
    writeFileSync("mesh.yaml", `istio: { line: "1.30" }\n${before}`);
    expect((await mesh("synth")).notes).not.toContain("istio#61043");
    expect(readFileSync("dist/RUNBOOK.md", "utf8")).not.toContain("rollout restart");
  });

  test("synth -o json prints one document", async () => {
    const { result } = await mesh("synth", "-o", "json");
    expect(JSON.parse(result)).toMatchObject({
      changes: expect.arrayContaining([{ action: "added", file: "dist/RUNBOOK.md" }]),
      missing: [{ files: ["dist/remote0/istio/control-plane.yaml"] }],
    });
  });

  test("apply refuses every wrong value of an option at once, and does nothing", async () => {
    const { code, notes } = await mesh("apply", "--until", "remote", "--timeout", "5x");
    expect(code).toBe(2);
    expect(notes).toContain(
      'invalid value "remote" for --until: expected one of namespaces, services, control-plane, address, exposure, ' +
        'remotes, sample, routing, hand-over, addons, removals, extension\n  fix: did you mean "remotes"? ',
    );
    expect(notes).toContain('invalid value "5x" for --timeout: expected a duration from 1s to 24h');
    expect(notes).toContain("2 problems; nothing was done");
    expect(existsSync("dist")).toBe(false);
  });

  test.each([[[]], [["--dry-run"]]])("apply --only of an unknown cluster is refused, %j", async (more) => {
    const { code, notes } = await mesh("apply", "--only", "main1", ...more);
    expect(code).toBe(2);
    expect(notes).toContain(
      'invalid value "main1" for --only: expected one of main0, remote0\n  fix: did you mean "main0"? use one of these, or leave --only out',
    );
    expect(notes).toContain("1 problem; nothing was done");
    expect(existsSync("dist")).toBe(false);
  });

  test.each(["0", "-3", "", "1e9", "3000000", "86401"])("apply refuses a timeout of %j", async (timeout) => {
    expect(await mesh("apply", `--timeout=${timeout}`)).toMatchObject({
      code: 2,
      notes: expect.stringContaining(
        `invalid value ${JSON.stringify(timeout)} for --timeout: expected a duration from 1s to 24h, such as 90s, 5m or 1h`,
      ),
    });
  });

  test.each([
    [["--until=remotes"], "'--until <phase>'"],
    [["--timeout=3"], "'--timeout <duration>'"],
  ])("a dry run shows all changes, and refuses %j", async (more, option) => {
    const { code, notes } = await mesh("apply", "--dry-run", ...more);
    expect(code).toBe(2);
    expect(notes).toContain(`option '--dry-run' cannot be used with option ${option}`);
    expect(existsSync("dist")).toBe(false);
  });

  test.each(["-y", "--yes"])("apply asks nothing: %s is refused with a hint to --prune", async (flag) => {
    expect(await mesh("apply", flag)).toMatchObject({
      code: 2,
      notes: expect.stringContaining(
        "mesh apply asks no question, so it has no --yes; did you mean --prune?",
      ),
    });
    expect(existsSync("dist")).toBe(false);
  });

  test("diff ends with 1 where a synth would change something, and with 0 where not", async () => {
    expect(await mesh("diff")).toMatchObject({
      code: 1,
      result: expect.stringMatching(/\d+ to add, 0 to change, 0 to remove$/),
    });
    await mesh("synth");
    expect(await mesh("diff")).toMatchObject({ code: 0, result: expect.stringContaining("no difference") });
    expect(JSON.parse((await mesh("diff", "-o", "json")).result)).toEqual({ changes: [] });
  });

  test("ca creates nothing a second time", async () => {
    const before = readFileSync("mesh.ca/root-cert.pem", "utf8");
    const { code, result } = await mesh("ca");
    expect(code).toBe(0);
    expect(result.split("\n").map((line) => line.split(/ +/).slice(0, 2))).toEqual([
      ["exists", "root"],
      ["exists", "main0"],
      ["exists", "remote0"],
    ]);
    expect(readFileSync("mesh.ca/root-cert.pem", "utf8")).toBe(before);
  });

  test("bad input ends with 2, counts the problems, and writes nothing", async () => {
    writeFileSync(
      "mesh.yaml",
      readFileSync("mesh.yaml", "utf8").replace("network2", "network1").replace("main0", "Main0"),
    );
    const { code, notes } = await mesh("synth");
    expect(code).toBe(2);
    expect(notes).toMatch(/mesh\.yaml:5:11: clusters\[0\]\.name: invalid value "Main0"/);
    expect(notes).toMatch(/\d problems?; nothing was done/);
    expect(existsSync("dist")).toBe(false);
  });

  test("-f names another mesh, and so does MESH_FILE", async () => {
    expect(await mesh("synth", "-f", "other.yaml")).toMatchObject({
      code: 2,
      notes: expect.stringContaining("other.yaml: file not found"),
    });
    process.env.MESH_FILE = "third.yaml";
    try {
      expect((await mesh("synth")).notes).toContain("third.yaml: file not found");
    } finally {
      delete process.env.MESH_FILE;
    }
  });

  test("init never overwrites", async () => {
    const before = readFileSync("mesh.yaml", "utf8");
    expect(await mesh("init")).toMatchObject({
      code: 0,
      notes: expect.stringContaining("\nkept: mesh.yaml\n"),
    });
    expect(readFileSync("mesh.yaml", "utf8")).toBe(before);
  });
});

describe("in an empty folder", () => {
  const here = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mesh-cli-"));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(here);
    rmSync(folder, { recursive: true, force: true });
  });

  test("init writes a mesh that synth accepts, and keeps keys out of Git", async () => {
    expect((await mesh("init")).code).toBe(0);
    expect(readFileSync(".gitignore", "utf8")).toMatch(/^\*\.ca\/$/m);
    expect(await mesh("synth")).toMatchObject({
      code: 0,
      notes: expect.stringContaining("missing: a certificate authority"),
    });
  });

  test("a folder that does not exist, or is a file, is named", async () => {
    expect(await mesh("init", "-f", "nowhere/mesh.yaml")).toMatchObject({
      code: 2,
      notes: expect.stringMatching(
        /nowhere\/mesh.yaml: there is no folder nowhere\n {2}fix: create it, or name another/,
      ),
    });
    await mesh("init");
    writeFileSync("mesh.ca", "");
    for (const command of ["ca", "synth"])
      expect(await mesh(command)).toMatchObject({
        code: 2,
        notes: expect.stringMatching(
          /^mesh\.ca: is not a folder: expected the folder of the CA\n {2}fix: move it away\n/,
        ),
      });
    rmSync("mesh.ca");
    writeFileSync("dist", "");
    expect(await mesh("synth")).toMatchObject({
      code: 1,
      notes: expect.stringMatching(/dist: a file is where a folder belongs; move it away/),
    });
  });

  test("a lost CA is not created again while dist has manifests of the first, nor is one in an empty mount point", async () => {
    await mesh("init");
    expect((await mesh("ca")).code).toBe(0);
    expect((await mesh("synth")).code).toBe(0);
    renameSync("mesh.ca", "backup");
    const lost = {
      code: 1,
      notes: expect.stringMatching(
        /^error: mesh\.ca no longer has the CA in dist\/main0\/0001-cacerts\.k8s\.yaml/,
      ),
    };
    expect(await mesh("ca")).toMatchObject(lost);
    mkdirSync("mesh.ca");
    expect(await mesh("ca")).toMatchObject(lost);
    expect(readdirSync("mesh.ca")).toEqual([]);
    rmSync("dist", { recursive: true });
    expect((await mesh("ca")).code).toBe(0);
  });

  test("init accepts existing clusters", async () => {
    expect((await mesh("init", "--context", "kind-one", "kind-two")).code).toBe(0);
    const { code, result } = await mesh("synth");
    expect({ code, result }).toEqual({
      code: 0,
      result: expect.stringContaining("main0 (primary), remote0 (remote)"),
    });
    expect(existsSync("cdktf.out/stacks")).toBe(false);
  });

  test("init refuses an invalid context", async () => {
    expect(await mesh("init", "--context", "two\nlines")).toMatchObject({
      code: 2,
      notes: expect.stringMatching(/context: invalid value "two\\nlines": expected /),
    });
    expect(existsSync("mesh.yaml")).toBe(false);
  });

  test("without mesh.yaml, synth points to init", async () => {
    expect(await mesh("synth")).toMatchObject({
      code: 2,
      notes: expect.stringContaining("create it with `mesh init`"),
    });
  });
});

test("every command explains itself with an example", async () => {
  for (const { name } of program(() => {}).commands.map((command) => ({ name: command.name() }))) {
    const { code, result } = await mesh(name, "--help");
    expect({ name, code, result }).toEqual({
      name,
      code: 0,
      result: expect.stringMatching(/Examples?:\n {2}mesh /),
    });
  }
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
  expect(await mesh("--version")).toMatchObject({ code: 0, result: expect.stringContaining(version) });
});

test.each([
  ["a mistyped command", ["snyth"], /Did you mean synth\?/],
  ["a mistyped option", ["synth", "--fil", "x"], /unknown option '--fil'/],
  [
    "an unknown output format",
    ["diff", "-o", "xml"],
    /invalid value "xml" for --output: expected one of text, json\n {2}fix: use one of these, or leave --output out/,
  ],
  [
    "a file without a name",
    ["synth", "-f", ""],
    /invalid value "" for --file: expected the name of a file\n {2}fix: leave --file out for the default/,
  ],
  [
    "a file named twice",
    ["synth", "-f", "a.yaml", "--file=b.yaml"],
    /'-f, --file <file>' is given 2 times, expected once/,
  ],
  ["a duration named twice", ["verify", "--wait=1", "--wait"], /--wait \[duration\]' is given 2 times/],
  ["an argument too many", ["synth", "main0"], /too many arguments/],
])("%s ends with 2 and advice", async (_, args, says) => {
  expect(await mesh(...args)).toMatchObject({ code: 2, notes: expect.stringMatching(says) });
});

test("a folder that cannot be created is reported by its parent, not by a temporary name", () => {
  const notes: string[] = [];
  const output: Output = { result: () => {}, note: (text) => notes.push(text), warning: () => {} };
  const about = { code: "EACCES", syscall: "mkdtemp", path: "conf/mesh.ca.tmp-XXXXXX" };
  expect(report(Object.assign(new Error("EACCES"), about), output)).toBe(1);
  expect(notes.join()).toContain(
    "cannot create a folder in conf: no permission; change the owner or the mode",
  );
});

test("a full disk is reported as such", async () => {
  const notes: string[] = [];
  const output: Output = { result: () => {}, note: (text) => notes.push(text), warning: () => {} };
  const error = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write", path: "dist/x" });
  expect(report(error, output)).toBe(1);
  expect(notes.join()).toMatch(/cannot write dist\/x: the disk is full/);
});
