import { plannedChanges } from "../../../ops/azure/planned-changes";
import { formerNames } from "../../../ops/azure/shown-plan";
import { ofCluster, ofPool, planOf, resource } from "./plan-of";

const group = "/subscriptions/s/resourceGroups/rg-demo";
const subnet = `${group}/providers/Microsoft.Network/virtualNetworks/v/subnets/aks`;
const cluster = (pool: object = {}, more: object = {}) => ({
  id: `${group}/providers/Microsoft.ContainerService/managedClusters/aks-main`,
  name: "aks-main",
  ...more,
  default_node_pool: [
    {
      name: "default",
      temporary_name_for_rotation: "rotation",
      vm_size: "Standard_D2s_v5",
      vnet_subnet_id: subnet,
      upgrade_settings: [{ max_surge: "10%" }],
      ...pool,
    },
  ],
});
const userPool = (more: object = {}) => ({
  id: `${cluster().id}/agentPools/user`,
  name: "user",
  kubernetes_cluster_id: cluster().id,
  temporary_name_for_rotation: "spare",
  ...more,
});
const aks = "aks-main";

test("an update, in place and of the default node pool", () => {
  const before = cluster({}, { sku_tier: "Free", kube_config_raw: "secret" });
  const after = cluster({ vm_size: "Standard_D4s_v5", max_count: 5 }, { sku_tier: "Standard" });
  expect(
    plannedChanges(planOf(ofCluster({ before, after, after_unknown: { kube_config_raw: true } }))),
  ).toEqual([
    { aks, does: "updated", attributes: ["sku_tier", "default_node_pool.max_count"] },
    {
      aks,
      pool: "default",
      does: "rotated",
      attributes: ["default_node_pool.vm_size"],
      temporary: "rotation",
    },
  ]);
});

test("a version that AKS ignores, and what follows from other changes, are no updates", () => {
  const before = cluster({ orchestrator_version: "1.35.6" }, { kubernetes_version: "1.35.6" });
  const after = cluster({ orchestrator_version: "1.35" }, { kubernetes_version: "1.35" });
  const after_unknown = { current_kubernetes_version: true };
  expect(plannedChanges(planOf(ofCluster({ before, after, after_unknown })))).toEqual([]);
  expect(plannedChanges(planOf(ofCluster({ before: after, after: before })))).toMatchObject([
    { does: "updated", attributes: ["kubernetes_version", "default_node_pool.orchestrator_version"] },
  ]);
});

test("a subnet that is replaced rotates the pool: its ID is known only after apply", () => {
  const change = { before: cluster(), after: cluster({ vnet_subnet_id: null }) };
  const after_unknown = { default_node_pool: [{ vnet_subnet_id: true, upgrade_settings: [{}] }] };
  expect(plannedChanges(planOf(ofCluster({ ...change, after_unknown })))).toMatchObject([
    { pool: "default", does: "rotated", attributes: ["default_node_pool.vnet_subnet_id"] },
  ]);
});

test("a pool that a failed rotation left under its temporary name is rotated", () => {
  const change = { before: cluster({ name: "rotation" }), after: cluster() };
  expect(plannedChanges(planOf(ofCluster(change)))).toMatchObject([
    { pool: "rotation", does: "rotated", attributes: ["default_node_pool.name"] },
  ]);
});

test("a replaced cluster names the attributes that force it, and those that changed outside of Terraform", () => {
  const drain = "default_node_pool.upgrade_settings.drain_timeout_in_minutes";
  const drained = cluster({ upgrade_settings: [{ max_surge: "10%", drain_timeout_in_minutes: 30 }] });
  const replaced = ofCluster({
    actions: ["delete", "create"],
    action_reason: "replace_because_cannot_update",
    before: drained,
    after: cluster({}, { location: "westeurope" }),
    replace_paths: [
      ["default_node_pool", 0, "upgrade_settings", 0, "drain_timeout_in_minutes"],
      ["location"],
    ],
  });
  const drift = [
    ofCluster({ before: cluster(), after: drained }),
    ofCluster({
      address: "azurerm_kubernetes_cluster.other",
      before: cluster({}, { location: "a" }),
      after: cluster({}, { location: "b" }),
    }),
  ];
  expect(plannedChanges({ ...planOf(replaced), resource_drift: drift })).toEqual([
    { aks, does: "replaced", attributes: [drain, "location"], drifted: [drain] },
  ]);
});

test.each([
  ["created", { actions: ["create"], after: cluster() }, { does: "created" }],
  [
    "tainted",
    { actions: ["delete", "create"], before: cluster(), action_reason: "replace_because_tainted" },
    { does: "replaced", cause: { tainted: "azurerm_kubernetes_cluster.aks-main" } },
  ],
  [
    "replaced on request, created first",
    { actions: ["create", "delete"], before: cluster(), action_reason: "replace_by_request" },
    { does: "replaced", cause: "other" },
  ],
  [
    "removed from mesh.yaml",
    { actions: ["delete"], before: cluster(), action_reason: "delete_because_no_resource_config" },
    { does: "destroyed", cause: "removed" },
  ],
])("a cluster that is %s", (_, change, does) => {
  expect(plannedChanges(planOf(ofCluster(change)))).toEqual([{ aks, attributes: [], ...does }]);
});

test.each([
  ["azurerm_resource_group", "mesh", group.toUpperCase(), ["delete"]],
  ["azurerm_virtual_network", "v", subnet.replace("/subnets/aks", ""), ["delete", "create"]],
  ["azurerm_subnet", "aks", subnet, ["delete"]],
])("a deleted %s destroys the cluster in it", (type, name, id, actions) => {
  const same = ofCluster({ actions: ["no-op"], before: cluster(), after: cluster() });
  const holder = resource(type, name, { actions, before: { id } });
  expect(plannedChanges(planOf(holder, same))).toEqual([
    { aks, does: "destroyed", attributes: [], cause: { holder: `${type}.${name}` } },
  ]);
  expect(plannedChanges(planOf(resource(type, name, { actions, before: { id: `${id}2` } }), same))).toEqual(
    [],
  );
});

test("node pools, unless their cluster goes with them", () => {
  const pool = { aks, pool: "user" };
  const changes = [
    ofPool({
      before: userPool({ zones: ["1"], max_count: 2 }),
      after: userPool({ zones: ["1", "2"], max_count: 3 }),
    }),
    ofPool({
      actions: ["create"],
      after: { name: "user" },
      address: "azurerm_kubernetes_cluster_node_pool.aks-main",
    }),
    ofPool({ actions: ["delete"], before: userPool(), action_reason: "delete_because_no_resource_config" }),
    ofPool({
      actions: ["delete", "create"],
      before: userPool(),
      after: userPool(),
      replace_paths: [["os_type"]],
    }),
  ];
  expect(plannedChanges(planOf(...changes))).toEqual([
    { ...pool, does: "updated", attributes: ["max_count"] },
    { ...pool, does: "rotated", attributes: ["zones"], temporary: "spare" },
    { ...pool, does: "created", attributes: [] },
    { ...pool, does: "destroyed", attributes: [], cause: "removed" },
    { ...pool, does: "replaced", attributes: ["os_type"], drifted: [] },
  ]);
  const gone = ofCluster({ actions: ["delete"], before: cluster() });
  expect(plannedChanges(planOf(...changes, gone)).filter(({ pool }) => pool)).toEqual([]);
});

test("nothing for other resources, and for clusters that stay", () => {
  const same = { actions: ["no-op"], before: cluster(), after: cluster() };
  expect(
    plannedChanges(planOf(ofCluster(same), resource("azurerm_public_ip", "a", { actions: ["delete"] }))),
  ).toEqual([]);
  expect(plannedChanges({})).toEqual([]);
});

test("the names in the mesh at the last apply", () => {
  const before = { main0: { name: "aks-main", context: "c" }, remote0: {} };
  expect(formerNames({ output_changes: { clusters: { actions: ["update"], before } } })).toEqual(
    new Map([["aks-main", "main0"]]),
  );
  expect(formerNames({})).toEqual(new Map());
});
