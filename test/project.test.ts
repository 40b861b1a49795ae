import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { terraform } from "../cli/init/ci-scripts";
import { defaultIstioLine } from "../mesh/istio-lines";
import { sharedCa } from "./synth/project";

// A project from the packed package: from `mesh init --ci github` in an empty folder to a pull request.

const root = join(__dirname, "..");
/** npm's installations take most of the time. */
const timeout = 900_000;

/** README's commands in an empty folder with the package. */
const [, example] = /<!-- project -->\n```bash\n([\s\S]*?)\n```/.exec(
  readFileSync(join(root, "README.md"), "utf8"),
)!;
const shown = example!.split("\n");

let folder: string;
let project: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "mesh-project-")));
  project = join(folder, "project");
  mkdirSync(project);
  const [packed] = JSON.parse(expectRun(root, "npm", "pack", "--json", "--pack-destination", project));
  expectRun(project, "git", "init", "-q", "-b", "main");
  for (const [key, value] of [
    ["user.name", "test"],
    ["user.email", "test@example.com"],
  ])
    expectRun(project, "git", "config", key!, value!);
  expect(shown.at(-1)).toBe("npm test");
  expect(shown[0]).toContain(`./${packed.filename} `);
  const npm = { npm_config_yes: "true", npm_config_prefer_offline: "true", npm_config_audit: "false" };
  for (const command of shown.slice(0, -1))
    expect({ command, ...runIn(project, npm, "bash", "-c", command) }).toMatchObject({ command, status: 0 });
  expectRun(project, "git", "add", ".");
  expectRun(project, "git", "commit", "-q", "-m", "A project");
}, timeout);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly said: string;
}

/** Programs of the test come first on the PATH. CI is not set: a person runs it. */
function runIn(cwd: string, env: NodeJS.ProcessEnv, program: string, ...args: string[]): Ran {
  const { CI: _, ...own } = process.env;
  const path = `${join(folder, "bin")}:${process.env.PATH}`;
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...own, PATH: path, FORCE_COLOR: "0", ...env },
    encoding: "utf8",
  });
  return { status, stdout, said: stdout + stderr };
}

const run = (cwd: string, ...command: [string, ...string[]]) => runIn(cwd, {}, ...command);

function expectRun(cwd: string, ...command: [string, ...string[]]): string {
  const { status, stdout, said } = run(cwd, ...command);
  if (status !== 0) throw new Error(`${command.join(" ")}: ${said}`);
  return stdout;
}

/** A program in place of one that needs the network or Azure. */
function fake(name: string, script: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin", name), `#!/usr/bin/env bash\n${script}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

function edit(from: string, to: string): void {
  const file = join(project, "mesh.yaml");
  const before = readFileSync(file, "utf8");
  expect(before).toContain(from);
  writeFileSync(file, before.replace(from, to));
}

test(
  "npm test writes the first snapshots, shows a change as YAML, and passes again after npm run test:update",
  () => {
    expect(run(project, "npm", "run", "lint")).toMatchObject({ status: 0 });
    expect(run(project, "npm", "test")).toMatchObject({
      status: 0,
      said: expect.stringMatching(/Snapshots: +\d+ written/),
    });
    expectRun(project, "git", "add", ".");
    expectRun(project, "git", "commit", "-q", "-m", "Snapshots");
    const committed = expectRun(project, "git", "ls-files").split("\n");
    expect(committed).toContain("test/snapshots/mesh/main0/0005-routing.k8s.yaml");
    expect(committed.filter((file) => /^(node_modules|dist|mesh\.ca|cdktf\.out)\//.test(file))).toEqual([]);

    edit("v1: 50, v2: 50", "v1: 90, v2: 10");
    const { status, said } = run(project, "npm", "test");
    expect(status).toBe(1);
    expect(said.match(/^ +[-+] +weight.*$/gm)!.map((line) => line.trim())).toEqual([
      "-           weight: 50",
      "+           weight: 90",
      "-           weight: 50",
      "+           weight: 10",
    ]);
    expect(said).toContain("Tests:       1 failed, 16 passed");
    expect(run(project, "npm", "run", "test:update")).toMatchObject({ status: 0 });
    expect(run(project, "npm", "test")).toMatchObject({ status: 0 });
  },
  timeout,
);

/** The commands of the job `check` in a clone with the last two commits, as GitHub runs them. */
function checkPullRequest() {
  const clone = mkdtempSync(join(folder, "clone-"));
  expectRun(folder, "git", "clone", "-q", "--depth", "2", `file://${project}`, clone);
  const { env, jobs } = load(readFileSync(join(clone, ".github/workflows/mesh.yml"), "utf8")) as {
    env: Record<string, string>;
    jobs: { check: { steps: { run?: string }[] } };
  };
  const summary = join(folder, "summary.md");
  writeFileSync(summary, "");
  const given = { ...env, CI: "true", GITHUB_STEP_SUMMARY: summary, npm_config_prefer_offline: "true" };
  const results = jobs.check.steps.flatMap(({ run: command }) =>
    command === undefined
      ? []
      : [{ command, ...runIn(clone, given, "bash", "-eo", "pipefail", "-c", command) }],
  );
  const left = expectRun(clone, "git", "status", "--short") + expectRun(clone, "git", "worktree", "list");
  rmSync(clone, { recursive: true });
  return {
    failed: results.filter(({ status }) => status !== 0).map(({ command, said }) => ({ command, said })),
    commands: results.map(({ command }) => command),
    summary: readFileSync(summary, "utf8"),
    left,
  };
}

test(
  "the checks of a pull request pass in a fresh clone without keys, and the summary shows what it changes",
  () => {
    expectRun(project, "git", "commit", "-q", "-a", "-m", "90/10");
    const { failed, commands, summary, left } = checkPullRequest();
    expect(failed).toEqual([]);
    expect(commands).toEqual([
      "npm ci",
      "npm run lint",
      "npm test -- --ci",
      "test ! -e dist/RUNBOOK.md || npx mesh synth --check",
      'bash ci/diff.sh | tee -a "$GITHUB_STEP_SUMMARY"',
    ]);
    expect(summary).toMatch(
      /^### mesh diff\n\n```diff\n[\s\S]*~ main0: VirtualService sample\/helloworld\n[\s\S]*\+ +weight: 90\n[\s\S]*0 to add, 2 to change, 0 to remove\n```\n$/,
    );
    expect(left.split("\n").filter(Boolean)).toHaveLength(1);
  },
  timeout,
);

test(
  "a pull request without its snapshots fails, and says why",
  () => {
    edit("v1: 90, v2: 10", "v1: 20, v2: 80");
    expectRun(project, "git", "commit", "-q", "-a", "-m", "20/80 without snapshots");
    const { failed } = checkPullRequest();
    expect(failed.map(({ command }) => command)).toEqual(["npm test -- --ci"]);
    expect(failed[0]!.said).toMatch(/-\s+weight: 90\n\s+\+\s+weight: 20\n/);
    expectRun(project, "npm", "run", "test:update");
    expectRun(project, "git", "commit", "-q", "-a", "-m", "Snapshots");
  },
  timeout,
);

test("ci/diff.sh fails where mesh.yaml is not valid", () => {
  edit("role: primary", "role: first");
  expectRun(project, "git", "commit", "-q", "-a", "-m", "A mistake");
  const { status, said } = run(project, "bash", "ci/diff.sh");
  expectRun(project, "git", "reset", "-q", "--hard", "HEAD~");
  expect(status).not.toBe(0);
  expect(said).toContain('invalid value "first"');
}, 120_000);

test("what ci/store-ca.sh stores, ci/fetch-ca.sh restores on a runner: the same CA without the root's key", async () => {
  fake(
    "az",
    // Secrets are files of the vault's folder; a secret has at most 25 kB.
    `[ "$1 $2" = "keyvault secret" ] || exit 2
verb=$3
while [ $# -gt 0 ]; do case $1 in --vault-name) vault=$2;; --name) name=$2;; --file) file=$2;; esac; shift; done
case $verb in
  set) [ "$(stat -c %a "$file")" = 600 ] && [ "$(stat -c %s "$file")" -lt 25000 ] && mkdir -p "${folder}/$vault" && cp "$file" "${folder}/$vault/$name" ;;
  show) cat "${folder}/$vault/$name" ;;
esac`,
  );
  const ca = join(project, "mesh.ca");
  cpSync(await sharedCa(), ca, { recursive: true });
  rmSync(join(ca, "remote1"), { recursive: true });
  const before = Object.fromEntries(filesOf(ca));
  const vault = { KEY_VAULT: "team" };
  expect(runIn(project, vault, "bash", "ci/store-ca.sh")).toMatchObject({
    status: 0,
    stdout: "mesh.ca/main0: stored as mesh1-main0\nmesh.ca/remote0: stored as mesh1-remote0\n",
  });
  rmSync(ca, { recursive: true });
  expect(runIn(project, vault, "bash", "ci/fetch-ca.sh")).toMatchObject({ status: 0 });
  const clusterFiles = Object.entries(before).filter(([file]) => /^(main0|remote0)\//.test(file));
  expect(Object.fromEntries(filesOf(ca))).toEqual(Object.fromEntries(clusterFiles));
  for (const file of ["main0", ...clusterFiles.map(([name]) => name)])
    expect([file, statSync(join(ca, file)).mode & 0o077]).toEqual([file, 0]);
  expect(run(project, "npx", "mesh", "ca")).toMatchObject({ status: 0 });
  rmSync(join(folder, "team/mesh1-remote0"));
  expect(runIn(project, vault, "bash", "ci/fetch-ca.sh").status).not.toBe(0);
  rmSync(ca, { recursive: true });
}, 120_000);

function filesOf(directory: string): [string, string][] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".pem"))
    .map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file.slice(directory.length + 1), readFileSync(file, "utf8")];
    });
}

test("ci/plan.sh prints the plan without the state's lock, and refuses a mesh without a backend", () => {
  fake(
    "terraform",
    `echo "$@" >> "${folder}/terraform.log"
[ "$1" != show ] || echo "Plan: 3 to add, 0 to change, 0 to destroy."`,
  );
  expect(run(project, "bash", "ci/plan.sh")).toMatchObject({
    status: 0,
    stdout: "### terraform plan\n\n```text\nPlan: 3 to add, 0 to change, 0 to destroy.\n```\n",
  });
  expect(readFileSync(join(folder, "terraform.log"), "utf8").split("\n").slice(0, 2)).toEqual([
    "init -input=false -no-color",
    expect.stringMatching(/^plan -input=false -no-color -lock=false -out=\//),
  ]);
  const mesh = readFileSync(join(project, "mesh.yaml"), "utf8");
  writeFileSync(join(project, "mesh.yaml"), mesh.replace(/ {2}backend:[\s\S]*?\n\n/, "\n"));
  const { status, said } = run(project, "bash", "ci/plan.sh");
  expect({ status, said }).toEqual({
    status: 1,
    said: expect.stringContaining(
      "error: mesh.yaml has no azure.backend: a runner would lose Terraform's state",
    ),
  });
  writeFileSync(join(project, "mesh.yaml"), mesh);
}, 120_000);

test("ci/programs.sh installs the versions of the mesh, and nothing whose checksum is wrong", () => {
  const downloads = join(folder, "downloads");
  mkdirSync(downloads);
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  const { version: istio, kubernetes } = defaultIstioLine;
  const patch = `v${kubernetes.default}.7`;
  const script = `
    cd "${downloads}"
    for program in istioctl kubectl terraform; do echo "echo $program" > $program; done
    tar -czf istioctl-${istio}-linux-${arch}.tar.gz istioctl
    sha256sum istioctl-${istio}-linux-${arch}.tar.gz > istioctl-${istio}-linux-${arch}.tar.gz.sha256
    echo ${patch} > stable-${kubernetes.default}.txt
    sha256sum kubectl | cut -d ' ' -f 1 > kubectl.sha256
    echo terraform > terraform_${terraform}_linux_${arch}.zip
    sha256sum terraform_${terraform}_linux_${arch}.zip > terraform_${terraform}_SHA256SUMS`;
  expectRun(folder, "bash", "-ec", script);
  fake(
    "curl",
    `url=\${@: -1}; echo "$url" >> "${folder}/curl.log"
case "$*" in *--remote-name*) cp "${downloads}/$(basename "$url")" . ;; *) cat "${downloads}/$(basename "$url")" ;; esac`,
  );
  fake("unzip", `cp "${downloads}/terraform" .`);
  const bin = join(folder, "programs");
  expect(run(project, "bash", "ci/programs.sh", bin)).toMatchObject({ status: 0 });
  expect(readdirSync(bin).sort()).toEqual(["istioctl", "kubectl", "terraform"]);
  for (const file of readdirSync(bin)) expect(statSync(join(bin, file)).mode & 0o777).toBe(0o755);
  const asked = readFileSync(join(folder, "curl.log"), "utf8").split("\n");
  expect(asked).toContain(`https://dl.k8s.io/release/${patch}/bin/linux/${arch}/kubectl`);
  expect(asked).toContain(
    `https://github.com/istio/istio/releases/download/${istio}/istioctl-${istio}-linux-${arch}.tar.gz`,
  );

  for (const file of [
    `istioctl-${istio}-linux-${arch}.tar.gz`,
    "kubectl",
    `terraform_${terraform}_linux_${arch}.zip`,
  ]) {
    rmSync(bin, { recursive: true, force: true });
    const good = readFileSync(join(downloads, file));
    writeFileSync(join(downloads, file), "other");
    expect([file, run(project, "bash", "ci/programs.sh", bin).status]).toEqual([file, 1]);
    expect(existsSync(join(bin, "kubectl"))).toBe(false);
    writeFileSync(join(downloads, file), good);
  }
}, 120_000);
