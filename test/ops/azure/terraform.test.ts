import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseMesh } from "../../../mesh/load";
import { terraformFor } from "../../../ops/azure/terraform";
import { createPrograms } from "../../../ops/programs/programs";
import { twoClusters } from "../../synth/project";
import { type FakePath, fakePath } from "../programs/fake-programs";

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
    await terraform().apply(undefined, {});
    await createPrograms({ env: path.env }).run("kubectl", []);
  } finally {
    expect(process.umask(before)).toBe(0o022);
  }
  expect([statSync(file).mode & 0o777, statSync(`${file}.yaml`).mode & 0o777]).toEqual([0o600, 0o644]);
});

test("a plan says whether there is something to do", async () => {
  path.add("terraform", 'echo "Plan: 3 to add"; exit 2');
  expect(await terraform().plan("/tmp/plan", {})).toEqual({ changes: true, text: "Plan: 3 to add" });
  path.add("terraform", 'echo "No changes."');
  expect(await terraform().plan("/tmp/plan", {})).toEqual({ changes: false, text: "No changes." });
  path.add("terraform", "exit 1");
  await expect(terraform().plan("/tmp/plan", {})).rejects.toThrow("ended with 1");
});

test("on Ctrl-C Terraform is asked as by a terminal, and finishes what it is at", async () => {
  const done = join(path.folder, "state");
  path.add(
    "terraform",
    `trap 'sleep 4; touch "${done}"; exit 1' INT\necho begun\nwhile true; do sleep 0.1; done`,
  );
  const controller = new AbortController();
  const run = terraform(controller.signal).apply(undefined, { onOutput: () => controller.abort() });
  await expect(run).rejects.toThrow("interrupted");
  expect(existsSync(done)).toBe(true);
});

test("without state there are no kubeconfigs, and that is no failure", async () => {
  path.add("terraform", "echo 'Output \"kubeconfigs\" not found' >&2; exit 1");
  expect(await terraform().kubeconfigs()).toEqual({});
});
