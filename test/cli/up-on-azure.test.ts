import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { mirror, Terraform } from "../infra/terraform";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

// `mesh up` with plans of the real Terraform, against a stand-in for azurerm that reports changes made on Azure. No
// cluster exists, so every run that continues ends at its first query to one. The tests share a state.

const terraform = existsSync(mirror)
  ? Terraform.find()
  : "the stand-in for azurerm is not beside the checkout";
const isMissing = typeof terraform === "string";
const onTerraform = (name: string, run: () => Promise<void>) =>
  isMissing ? test.skip(`skipped, ${terraform}: ${name}`, run) : test(name, run, 240_000);

const environment = { ...process.env };
let leave: () => void;
let path: FakePath;
let twoClusters: string;

beforeAll(async () => {
  ({ leave } = await project());
  twoClusters = readFileSync("mesh.yaml", "utf8");
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
  configure();
  if (!isMissing) expect((await mesh("up", "--yes")).notes).toContain(goesOn);
}, 240_000);
beforeEach(() => {
  configure();
  onAzure({});
});
afterAll(() => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  leave();
  path.remove();
});

const goesOn = "reachable.api of main0: https://c: no cluster\n";
const applied = /terraform apply +done/;

function configure(...edits: (readonly [from: string, to: string])[]): void {
  const version = ["aks: aks-main", "aks: aks-main\n    kubernetesVersion: 1.35"] as const;
  const text = [version, ...edits].reduce((text, [from, to]) => text.replace(from, to), twoClusters);
  writeFileSync("mesh.yaml", text);
}
/** @param drift by AKS name */
const onAzure = (drift: Record<string, object>) =>
  writeFileSync(
    "drift.json",
    JSON.stringify(
      Object.fromEntries(
        Object.entries(drift).map(([aks, changes]) => [`azurerm_kubernetes_cluster.${aks}`, changes]),
      ),
    ),
  );
const upgradedTo = (version: string) => ({
  "aks-main": { kubernetes_version: version, default_node_pool: { orchestrator_version: version } },
});

onTerraform("a patch that Azure has installed is no change", async () => {
  onAzure(upgradedTo("1.35.6"));
  const { notes } = await mesh("up", "--yes");
  expect(notes).toContain("main0 (AKS aks-main) runs Kubernetes 1.35.6, a patch of 1.35: no change\n");
  expect(notes).not.toContain("terraform apply");
  expect(notes).toContain(goesOn);
});

onTerraform("a patch goes along with other changes", async () => {
  onAzure({ "aks-main": { ...upgradedTo("1.35.6")["aks-main"], sku_tier: "Standard" } });
  const { notes } = await mesh("up", "--yes");
  expect(notes).toContain("  main0 (AKS aks-main): updated in place (sku_tier)\n");
  expect(notes).toMatch(applied);
});

onTerraform(
  "another location replaces every cluster: each is refused unless --replace names it",
  async () => {
    configure(["location: centralus", "location: westeurope"]);
    const { code, notes } = await mesh("up", "--yes", "--replace", "aks-main");
    expect(code).toBe(1);
    expect(notes).toContain(
      "error: remote0 (AKS aks-remote): the plan replaces this cluster and everything on it: azurerm cannot change location in place\n" +
        "  fix: undo the change in mesh.yaml or mesh.extend.ts\n" +
        "  or, to lose the cluster: move its traffic to another one first (docs/azure.md), then mesh up --replace remote0\n" +
        "nothing was changed\n",
    );
    expect(notes).not.toContain("main0 (AKS aks-main)");
    expect(notes).not.toContain("terraform apply");
  },
);

onTerraform(
  "a renamed AKS cluster and a change on Azure that Terraform would undo are refused together",
  async () => {
    configure(["aks: aks-main", "aks: aks-new"]);
    onAzure({ "aks-remote": { private_cluster_enabled: true } });
    const { code, notes } = await mesh("up", "--yes");
    expect(code).toBe(1);
    expect(notes).toContain(
      "main0 (AKS aks-main): the plan destroys this cluster and everything on it: main0 is AKS aks-new in mesh.yaml, which is a new cluster\n" +
        "  fix: write aks: aks-main for main0 into mesh.yaml\n",
    );
    expect(notes).toContain(
      "remote0 (AKS aks-remote): the plan replaces this cluster and everything on it: azurerm cannot change private_cluster_enabled in place, and private_cluster_enabled was changed outside of Terraform\n" +
        "  fix: undo the change on Azure, or set the same value for the cluster in mesh.extend.ts\n",
    );
    expect(notes).not.toContain("terraform apply");
  },
);

// Which version is newer: test/ops/azure/upgraded-clusters.test.ts.
onTerraform("a newer minor version on Azure is refused until mesh.yaml has it", async () => {
  onAzure(upgradedTo("1.36"));
  const { code, notes } = await mesh("up", "--yes");
  expect(code).toBe(1);
  expect(notes).toContain(
    "error: main0 (AKS aks-main) runs Kubernetes 1.36, newer than 1.35 in mesh.yaml: it was upgraded on Azure, and AKS does not downgrade\n" +
      "  fix: write kubernetesVersion: 1.36 for main0 into mesh.yaml, under clusters or under azure\nnothing was changed",
  );
  expect(notes).not.toContain("terraform apply");
  configure(["kubernetesVersion: 1.35", "kubernetesVersion: 1.36"]);
  // Its outputs take the version over, once.
  expect((await mesh("up", "--yes")).notes).toContain(goesOn);
  const again = (await mesh("up", "--yes")).notes;
  expect(again).toContain(goesOn);
  expect(again).not.toContain("terraform apply");
});

onTerraform("a cluster that mesh.yaml no longer has is destroyed only with --replace", async () => {
  configure(
    ["kubernetesVersion: 1.35", "kubernetesVersion: 1.36"],
    ["  - name: remote0\n    network: network2\n    aks: aks-remote\n", ""],
    ["sample:\n  weights: { v1: 50, v2: 50 }\n", ""],
  );
  const refused = await mesh("up", "--yes");
  expect(refused.code).toBe(1);
  expect(refused.notes).toContain(
    "remote0 (AKS aks-remote): the plan destroys this cluster and everything on it: it is not in mesh.yaml\n" +
      "  fix: add it to mesh.yaml again\n",
  );
  expect(refused.notes).not.toContain("terraform apply");
  const { notes } = await mesh("up", "--yes", "--replace", "remote0");
  expect(notes).toContain("  remote0 (AKS aks-remote): cluster destroyed: everything on it is lost\n");
  expect(notes).toMatch(applied);
});

onTerraform("a protected cluster that a change would replace stays, and the way out is named", async () => {
  configure(["aks: aks-main", "aks: aks-main\n    preventDestroy: true\n    resourceGroup: rg-other"]);
  const { notes, code } = await mesh("up", "--yes");
  expect(code).not.toBe(0);
  expect(notes).toContain("set preventDestroy: false for it and name it with --replace");
  expect(notes).not.toMatch(applied);
});
