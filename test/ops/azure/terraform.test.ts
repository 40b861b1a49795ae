import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseMesh } from "../../../mesh/load";
import { noChanges, terraformFor } from "../../../ops/azure/terraform";
import { createPrograms } from "../../../ops/exec/programs";
import { twoClusters } from "../../synth/project";
import { type FakePath, fakePath } from "../exec/fake-programs";

const mesh = parseMesh(twoClusters.replace("rg-demo", "rg-demo(1)"), "mesh.yaml");
let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());
const terraform = (signal?: AbortSignal) =>
  terraformFor(createPrograms({ env: path.env, signal }), mesh, "cdktf.out");

test("the stack's folder is one argument, whatever is in its name", async () => {
  path.add("terraform", `printf '%s' "$1"> '${path.folder}/first'`);
  await terraform().init({});
  expect(readFileSync(join(path.folder, "first"), "utf8")).toBe("-chdir=cdktf.out/stacks/rg-demo(1)");
});

test("state and plans are readable by their owner alone, and other programs' files are as the user has them", async () => {
  const file = join(path.folder, "written");
  path.add("terraform", `touch '${file}'`);
  path.add("kubectl", `touch '${file}.yaml'`);
  const before = process.umask(0o022);
  try {
    await terraform().apply("/tmp/plan", {});
    await createPrograms({ env: path.env }).run("kubectl", []);
  } finally {
    expect(process.umask(before)).toBe(0o022);
  }
  expect([statSync(file).mode & 0o777, statSync(`${file}.yaml`).mode & 0o777]).toEqual([0o600, 0o644]);
});

test("a plan reports whether it has changes", async () => {
  path.add("terraform", `case "$*" in *" show "*) echo '{}';; *) echo "Plan: 3 to add"; exit 2;; esac`);
  expect(await terraform().plan("/tmp/plan", {})).toEqual({
    ...noChanges,
    changes: true,
    text: "Plan: 3 to add",
  });
  path.add("terraform", 'echo "No changes."');
  expect(await terraform().plan("/tmp/plan", {})).toEqual({
    ...noChanges,
    text: "No changes.",
  });
  path.add("terraform", "exit 1");
  await expect(terraform().plan("/tmp/plan", {})).rejects.toThrow("ended with 1");
});

test("on Ctrl-C Terraform gets SIGINT, and finishes its operations", async () => {
  const done = join(path.folder, "state");
  path.add(
    "terraform",
    `trap 'sleep 4; touch "${done}"; exit 1' INT\necho begun\nwhile true; do sleep 0.1; done`,
  );
  const controller = new AbortController();
  const run = terraform(controller.signal).apply("/tmp/plan", { onOutput: () => controller.abort() });
  await expect(run).rejects.toThrow("interrupted");
  expect(existsSync(done)).toBe(true);
});

test("without state there are no kubeconfigs, which is no failure", async () => {
  path.add("terraform", "echo 'Output \"kubeconfigs\" not found' >&2; exit 1");
  expect(await terraform().kubeconfigs()).toEqual({});
});

describe("a terraform that is not Terraform's own", () => {
  const kubeconfigs = (env: NodeJS.ProcessEnv = {}) =>
    terraformFor(createPrograms({ env: { ...path.env, ...env } }), mesh, "cdktf.out").kubeconfigs();
  const answer = `echo '{"main0":"apiVersion: v1"}'`;

  test.each([
    ["before", `echo "[command]/opt/terraform-bin $*"; ${answer}`],
    [
      "after",
      `${answer}; echo; echo '::debug::Terraform exited with code 0.'; echo '::set-output name=x::{}'`,
    ],
    ["before, and pretty-printed JSON", `echo "[command]x"; printf '{\n  "main0": "apiVersion: v1"\n}\n'`],
  ])("a wrapper's own lines are read past: %s", async (_, script) => {
    path.add("terraform", script);
    expect(await kubeconfigs()).toEqual({ main0: "apiVersion: v1" });
  });

  test("output that is not JSON is reported with the cause, without the output", async () => {
    path.add("terraform", "echo 'kubeconfigs = token: abc'");
    const error: Error = await kubeconfigs().catch((thrown) => thrown);
    expect(error.message).toContain("its output is not JSON: a wrapper on the PATH changes it");
    expect(error.message).toContain("`terraform_wrapper: false`");
    expect(error.message).not.toContain("abc");
  });

  test.each([
    ["setup-terraform", "terraform", "TERRAFORM_CLI_PATH"],
    ["setup-opentofu", "tofu", "TOFU_CLI_PATH"],
  ])(
    "behind the wrapper of %s the program itself is run: the wrapper publishes what it prints",
    async (_, name, variable) => {
      path.add(name, "echo published");
      path.add(`${name}-bin`, answer);
      const env = { [variable]: path.folder, TERRAFORM_BINARY_NAME: name };
      expect(await kubeconfigs(env)).toEqual({ main0: "apiVersion: v1" });
      expect(path.calls()[0]).toMatch(new RegExp(`^${name}-bin `));
    },
  );

  test("TERRAFORM_BINARY_NAME is run in its place, as cdktf does, and named where it is missing", async () => {
    path.add("terraform", "exit 9");
    path.add("tofu", answer);
    expect(await kubeconfigs({ TERRAFORM_BINARY_NAME: "tofu" })).toEqual({ main0: "apiVersion: v1" });
    await expect(kubeconfigs({ TERRAFORM_BINARY_NAME: "tofu-1.9" })).rejects.toThrow(
      "tofu-1.9 is not on the PATH",
    );
    await expect(kubeconfigs({ TERRAFORM_BINARY_NAME: "" })).rejects.toThrow("terraform '-chdir");
  });

  test("variables that add flags to every command, or requests to the output, do not reach it", async () => {
    path.add("terraform", `env | grep ^TF_ | sort > '${path.folder}/seen'`);
    const env = {
      TF_LOG: "DEBUG",
      TF_LOG_PROVIDER: "TRACE",
      TF_CLI_ARGS: "-input=false",
      TF_CLI_ARGS_plan: "-json",
      TF_CLI_ARGS_init: "-backend-config=key=x",
      TF_DATA_DIR: "elsewhere",
    };
    await terraformFor(createPrograms({ env: { ...path.env, ...env } }), mesh, "cdktf.out").init({});
    expect(readFileSync(join(path.folder, "seen"), "utf8")).toBe(
      "TF_CLI_ARGS_init=-backend-config=key=x\nTF_DATA_DIR=elsewhere\n",
    );
  });
});
