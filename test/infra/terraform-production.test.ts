import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { subnetId } from "../../mesh/names";
import { azure as demo, main0, remote0, stack, type Written } from "./synthesize";
import { type Plan, Terraform } from "./terraform";

// Real Terraform with the stand-in of azurerm, which keeps resources in the state. Azure's addresses are composed.

const found = Terraform.find();
if (typeof found === "string" && process.env.MESH_LAB === "required") throw new Error(found);
const terraform = found as Terraform;
const [describeTerraform, title] =
  typeof found === "string" ? [describe.skip, `production (skipped: ${found})`] : [describe, "production"];

jest.setTimeout(120_000);

const production = {
  ...demo,
  profile: "production",
  subscription: "00000000-0000-0000-0000-000000000000",
  authorizedIpRanges: ["198.51.100.0/24"],
  adminGroupObjectIds: ["00000000-0000-0000-0000-000000000000"],
};
const west = { location: "westeurope", resourceGroup: "rg-west" };

const meshes: Readonly<Record<string, Written>> = {
  "one region": { azure: production },
  "two regions and subscriptions": {
    azure: production,
    clusters: [main0, { ...remote0, ...west, subscription: "11111111-1111-1111-1111-111111111111" }],
  },
  "existing networks and groups": {
    azure: { ...production, existingResourceGroup: true },
    clusters: [
      { ...main0, vnetSubnetId: subnetId.example, egressRanges: ["203.0.113.8/31"] },
      {
        ...remote0,
        vnetSubnetId: subnetId.example,
        outboundType: "userDefinedRouting",
        egressRanges: ["203.0.113.10/32"],
      },
    ],
  },
  "peered networks": {
    azure: { ...production, network: "peered" },
    clusters: [
      { ...main0, addressSpace: "10.1.0.0/16" },
      { ...remote0, addressSpace: "10.2.0.0/16" },
    ],
  },
};

describeTerraform(title, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mesh-production-"));
    write(stack(meshes["one region"]));
    terraform.run(place(), "init", "-input=false");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Actions of a plan other than no-op, by address. */
  function changes(plan: Plan): Record<string, readonly string[]> {
    return Object.fromEntries(
      plan.resource_changes
        .map(({ address, change }) => [address, change.actions] as const)
        .filter(([, actions]) => actions[0] !== "no-op" && actions[0] !== "read"),
    );
  }

  // The local state is three folders above the stack.
  const place = () => join(folder, "cdktf.out", "stacks", "rg-mesh");

  function write(json: unknown): void {
    mkdirSync(place(), { recursive: true });
    writeFileSync(join(place(), "cdk.tf.json"), JSON.stringify(json));
  }

  /** Each mesh has a state of its own. */
  const stateOf = (name: string) => `-state=${join(folder, `${name.replaceAll(" ", "-")}.tfstate`)}`;

  function planned(name: string): Plan {
    terraform.run(place(), "plan", "-input=false", stateOf(name), "-out=plan");
    return JSON.parse(terraform.run(place(), "show", "-json", "plan"));
  }

  test.each(Object.entries(meshes))("%s: applied, and a second plan finds nothing", (name, mesh) => {
    write(stack(mesh));
    terraform.run(place(), "apply", "-input=false", "-auto-approve", stateOf(name));
    // Ends with 2, an error here, where the plan has changes.
    expect(terraform.run(place(), "plan", "-input=false", "-detailed-exitcode", stateOf(name))).toContain(
      "No changes",
    );
  });

  test("one more cluster adds its own resources, and changes only who may reach the others", () => {
    const remote1 = { name: "remote1", network: "network3", aks: "aks-remote1" };
    write(stack({ azure: production, clusters: [remote1, main0, remote0] }));
    const changed = Object.entries(changes(planned("one region")));
    const own = changed.filter(([address]) => address.includes(".aks-remote1"));
    expect(own.length).toBeGreaterThan(15);
    expect(own.every(([, actions]) => actions.join() === "create")).toBe(true);
    expect(Object.fromEntries(changed.filter((one) => !own.includes(one)))).toEqual({
      "azurerm_network_security_rule.aks-main-east-west": ["update"],
      "azurerm_network_security_rule.aks-remote0-east-west": ["update"],
    });
  });

  test("tags that a policy adds, the autoscaler and patches of AKS plan nothing", () => {
    write(stack({ azure: { ...production, ignoreTags: ["cost-centre"] } }));
    const drift = join(folder, "drift.json");
    writeFileSync(
      drift,
      JSON.stringify({
        "azurerm_kubernetes_cluster.aks-main": {
          tags: { "cost-centre": "4711" },
          kubernetes_version: "1.36.4",
          default_node_pool: {
            node_count: 5,
            orchestrator_version: "1.36.4",
            upgrade_settings: { drain_timeout_in_minutes: 30 },
          },
        },
        "azurerm_virtual_network.aks-main": { tags: { "cost-centre": "4711" } },
        "azurerm_kubernetes_cluster_node_pool.user": { node_count: 7, orchestrator_version: "1.36.4" },
      }),
    );
    terraform.env.AZURERM_DRIFT = drift;
    try {
      expect(changes(planned("one region"))).toEqual({});
      write(stack({ azure: production }));
      expect(Object.keys(changes(planned("one region")))).toEqual([
        "azurerm_kubernetes_cluster.aks-main",
        "azurerm_virtual_network.aks-main",
      ]);
    } finally {
      delete terraform.env.AZURERM_DRIFT;
    }
  });

  test("Terraform refuses to replace a cluster", () => {
    write(stack({ azure: { ...production, location: "northeurope" } }));
    expect(() => planned("one region")).toThrow(/prevent_destroy/);
  });
});
