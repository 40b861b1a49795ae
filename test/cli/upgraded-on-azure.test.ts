import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { mirror, Terraform } from "../infra/terraform";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

// A cluster was upgraded on Azure, outside of this tool. The real Terraform plans against a stand-in for azurerm that reports
// this drift. No cluster exists, so every run ends at its first query to one.

const terraform = existsSync(mirror)
  ? Terraform.find()
  : "the stand-in for azurerm is not beside the checkout";
const isMissing = typeof terraform === "string";
const environment = { ...process.env };
let leave: () => void;
let path: FakePath;

beforeEach(async () => {
  ({ leave } = await project());
  path = fakePath();
  path.add(
    "kubectl",
    `case "$*" in "version --client "*) echo '{"clientVersion":{"gitVersion":"v1.35.1"}}';; "config get-contexts "*) ;; "config view "*) echo '{"contexts":[{"name":"aks-main","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"https://c"}}]}';; *) echo "no cluster" >&2; exit 1;; esac`,
  );
  path.add("istioctl", `echo '{"clientVersion":{"version":"1.31.1"}}'`);
  Object.assign(process.env, isMissing ? {} : terraform.env, {
    PATH: `${path.folder}${delimiter}${environment.PATH}`,
    ARM_SUBSCRIPTION_ID: "00000000-0000-0000-0000-000000000000",
    AZURERM_DRIFT: resolve("drift.json"),
  });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  leave();
  path.remove();
});

const configured = (version: string) =>
  writeFileSync(
    "mesh.yaml",
    readFileSync("mesh.yaml", "utf8")
      .replace(/\n {4}kubernetesVersion: .*/, "")
      .replace("aks: aks-main", `aks: aks-main\n    kubernetesVersion: ${version}`),
  );
const upgraded = (version: string, pool = version) =>
  writeFileSync(
    "drift.json",
    JSON.stringify({
      "azurerm_kubernetes_cluster.aks-main": {
        kubernetes_version: version,
        default_node_pool: { orchestrator_version: pool },
      },
    }),
  );
const goesOn = "reachable.api of main0: https://c: no cluster\n";

// Which version is newer: test/ops/azure/upgraded-clusters.test.ts.
test.each([["1.35", "1.35.4"]])(
  `${isMissing ? `skipped, ${terraform}: ` : ""}mesh.yaml has %s and Azure %s: up reports the newer version, and continues when mesh.yaml has that version`,
  async (wanted, runs) => {
    if (isMissing) return;
    configured(wanted);
    expect((await mesh("up", "--yes")).notes).toContain(goesOn);
    upgraded(runs);
    const { code, notes } = await mesh("up", "--yes");
    expect(code).toBe(1);
    expect(notes).toContain(
      `error: main0 (AKS aks-main) runs Kubernetes ${runs}, newer than ${wanted} in mesh.yaml: it was upgraded on Azure, and AKS does not downgrade\n` +
        `  fix: write kubernetesVersion: ${runs} for main0 into mesh.yaml, under clusters or under azure\nnothing was changed`,
    );
    expect(notes).not.toContain("terraform apply");
    configured(runs);
    // Its outputs take the version over, once.
    expect((await mesh("up", "--yes")).notes).toContain(goesOn);
    const again = (await mesh("up", "--yes")).notes;
    expect(again).toContain(goesOn);
    expect(again).not.toContain("terraform apply");
  },
  240_000,
);
