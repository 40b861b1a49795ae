import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { commandLine } from "../../mesh/shell-quote";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { bundledTool, hasTerminal } from "./bundled";

// Questions, on a terminal that `script` makes (util-linux).

const onTerminal = hasTerminal ? describe : describe.skip;

onTerminal("on a terminal", () => {
  const tool = bundledTool();
  let leave: () => void;
  let path: FakePath;
  beforeEach(async () => {
    ({ leave } = await project());
    path = fakePath();
    path.add("kubectl", `case "$*" in "config get-contexts"*) exit 0;; *) exit 1;; esac`);
    path.add("az", "exit 1");
  });
  afterEach(() => {
    leave();
    path.remove();
  });
  const mesh = (answer: string, ...args: string[]) => {
    const line = commandLine(process.execPath, [tool.file, ...args]);
    const { status, stdout } = spawnSync("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
      env: { ...path.env, TERM: "xterm", NO_COLOR: "1" },
      input: answer,
      encoding: "utf8",
      timeout: 25_000,
    });
    return { code: status, said: stdout };
  };
  const terraformCalls = () => path.calls().filter((call) => / (plan|apply|destroy) /.test(call));

  test("destroy lists the clusters and what it deletes, and without a yes changes nothing", () => {
    const { code, said } = mesh("n\n", "destroy", "--infra", "--crds");
    expect(said).toContain("from main0 (context aks-main), remote0 (context aks-remote):");
    expect(said).toContain("every Istio resource in these clusters, also those of others");
    expect(said).toContain(
      "the AKS clusters aks-main, aks-remote with all that runs on them, and the resource group rg-demo",
    );
    expect(said).toContain("nothing was removed");
    expect(code).toBe(1);
    expect(path.calls()).toEqual([]);
  });

  test("up shows the plan, and applies that plan after a yes", () => {
    path.add(
      "terraform",
      `case "$*" in *" plan "*) echo "Plan: 3 to add"; exit 2;; *" show "*) echo "{}";; *" output "*) exit 1;; esac`,
    );
    const { said } = mesh("yes\n", "up");
    expect(said).toMatch(/Plan: 3 to add[\s\S]*Do this on Azure\? \[y\/N\]/);
    const plan = `${process.cwd()}/.mesh/terraform.plan`;
    expect(terraformCalls()).toEqual([
      `terraform -chdir=cdktf.out/stacks/rg-demo plan -input=false -no-color -detailed-exitcode -out=${plan}`,
      `terraform -chdir=cdktf.out/stacks/rg-demo apply -input=false -no-color ${plan}`,
    ]);
  });

  test("up without a yes does not change Azure and does not keep the plan", () => {
    path.add(
      "terraform",
      `case "$*" in *" plan "*) for last; do :; done; touch "\${last#-out=}"; exit 2;; *" show "*) echo "{}";; esac`,
    );
    const { code, said } = mesh("\n", "up");
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining("nothing was changed") });
    expect(terraformCalls()).toHaveLength(1);
    expect(existsSync(".mesh/terraform.plan")).toBe(false);
  });

  test("up asks nothing where Terraform finds nothing to do", () => {
    path.add("terraform", `case "$*" in *" output "*) exit 1;; esac`);
    const { said } = mesh("", "up");
    expect(said).not.toContain("[y/N]");
    expect(said).toContain("no credentials for main0");
    expect(terraformCalls()).toHaveLength(1);
    expect(existsSync(".mesh/kubeconfig")).toBe(false);
  });
});
