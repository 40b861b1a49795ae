import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformApp } from "../../infra/app";
import { parseMesh } from "../../mesh/load";
import { fixtureText } from "../fixtures";
import { azure, main0, remote0, stack } from "./synthesize";
import { type Plan, Terraform } from "./terraform";

const found = Terraform.find();
// As with clusters for the end-to-end tests: where the lab is required, a skip is a failure.
if (typeof found === "string" && process.env.MESH_LAB === "required") throw new Error(found);
const terraform = found as Terraform;
const [describeTerraform, title] =
  typeof found === "string" ? [describe.skip, `terraform (skipped: ${found})`] : [describe, "terraform"];

jest.setTimeout(90_000);

const defaultMesh = fixtureText("default");

describeTerraform(title, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mesh-terraform-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (json: unknown, ...path: string[]) => {
    mkdirSync(join(folder, ...path), { recursive: true });
    writeFileSync(join(folder, ...path, "cdk.tf.json"), JSON.stringify(json));
  };

  test("creates the default mesh, then an empty plan, even after the autoscaler has changed the node count", () => {
    write(stack(defaultMesh));
    write(withoutIgnoreChanges(stack(defaultMesh)), "without-ignore-changes");
    write(withoutIgnoreChanges(stack(defaultMesh), 2), "autoscaled");
    const clusters = "clusters:\n  - { name: remote1, network: network3, aks: aks-remote1 }\n";
    write(stack(defaultMesh.replace("clusters:\n", clusters)), "one-more-cluster");
    mkdirSync(join(folder, "tests"));
    copyFileSync(join(__dirname, "mesh.tftest.hcl"), join(folder, "tests", "mesh.tftest.hcl"));

    terraform.run(folder, "init", "-backend=false");
    terraform.run(folder, "validate");
    const plans = terraform.test(folder);
    expect(changes(plans.planned_again!)).toEqual({});
    expect(nodeCounts(plans.planned_after_autoscaling!)).toEqual([2, 2]);
    expect(changes(plans.planned_after_autoscaling!)).toEqual({});
    expect(changes(plans.planned_without_ignore_changes!)).toEqual({
      "azurerm_kubernetes_cluster.aks-istiodemo-main-centralus": ["update"],
      "azurerm_kubernetes_cluster.aks-istiodemo-remote0-centralus": ["update"],
    });
    expect(changes(plans.planned_with_one_more_cluster!)).toEqual({
      "azurerm_kubernetes_cluster.aks-remote1": ["create"],
      "output.clusters": ["update"],
      "output.kubeconfigs": ["update"],
    });
  });

  test("takes every option: a static address, names and tags at their limits, a backend", () => {
    const everything = {
      name: "shop",
      azure: {
        ...azure,
        subscription: "00000000-1111-2222-3333-444444444444",
        kubernetesVersion: "1.36",
        nodePool: { vmSize: "Standard_D4s_v5", nodes: 4, minNodes: 2, maxNodes: 6 },
        tags: { plain: "$5, 7 EUR", "a${b}": "${c}", twice: "$${d}", markers: "${TfToken[TOKEN.0]}" },
        backend: { azurerm: { container_name: "state", key: "shop.tfstate", use_azuread_auth: true } },
      },
      clusters: [
        { ...main0, aks: `9_${"a-".repeat(25)}z` },
        { ...remote0, aks: "A" },
      ],
      gateways: { address: "static" },
    };
    write(stack(everything));
    mkdirSync(join(folder, "tests"));
    // The role's scope is checked for being an ID, which the mock's random text is not.
    const defaults = { id: `/subscriptions/${everything.azure.subscription}/resourceGroups/rg-mesh` };
    const test = {
      mock_provider: { azurerm: { mock_resource: { azurerm_resource_group: { defaults } } } },
      run: [{ made: {} }, { planned_again: { command: "plan" } }],
    };
    writeFileSync(join(folder, "tests", "everything.tftest.json"), JSON.stringify(test));

    terraform.run(folder, "init", "-backend=false");
    terraform.run(folder, "validate");
    const { planned_again } = terraform.test(folder);
    expect(changes(planned_again!)).toEqual({});
    const group = planned_again!.resource_changes.find(({ type }) => type === "azurerm_resource_group");
    expect(group?.change.after.tags).toEqual({ "istio-mesh": "shop", ...everything.azure.tags });
  });

  test("keeps the local state beside mesh.yaml when cdktf.out is deleted", () => {
    const cdktfOut = join(folder, "cdktf.out");
    terraformApp(parseMesh(defaultMesh, "mesh.yaml"), cdktfOut).app.synth();
    const stackFolder = join(cdktfOut, "stacks", "rg-istiodemo-centralus");
    const state = { version: 4, terraform_version: "1.11.0", serial: 1, lineage: "test", outputs: {} };
    writeFileSync(join(folder, "pushed.json"), JSON.stringify(state));

    terraform.run(stackFolder, "init");
    terraform.run(stackFolder, "state", "push", join(folder, "pushed.json"));
    rmSync(cdktfOut, { recursive: true });
    const kept = readFileSync(join(folder, "terraform.rg-istiodemo-centralus.tfstate"), "utf8");
    expect(JSON.parse(kept)).toMatchObject({ lineage: "test", serial: 1 });
  });
});

/** The same stack as if nothing had been said about the autoscaler; with `nodes`, as the autoscaler left it. */
// biome-ignore lint/suspicious/noExplicitAny: Terraform's JSON, see synthesize.ts
function withoutIgnoreChanges(json: any, nodes = 3): unknown {
  const clusters = json.resource.azurerm_kubernetes_cluster;
  for (const name of Object.keys(clusters)) {
    delete clusters[name].lifecycle;
    clusters[name].default_node_pool.node_count = nodes;
  }
  return json;
}

/** What a plan would do, by address; what it leaves alone is left out. */
function changes({ resource_changes, output_changes }: Plan): Record<string, readonly string[]> {
  const outputs = Object.entries(output_changes).map(
    ([name, { actions }]) => [`output.${name}`, actions] as const,
  );
  const resources = resource_changes.map(({ address, change }) => [address, change.actions] as const);
  return Object.fromEntries([...resources, ...outputs].filter(([, actions]) => actions[0] !== "no-op"));
}

function nodeCounts({ resource_changes }: Plan): number[] {
  return resource_changes
    .filter(({ type }) => type === "azurerm_kubernetes_cluster")
    .map(({ change }) => change.after.default_node_pool[0].node_count);
}
