import { changesOnlyPatches, patchedClusters, upgradedClusters } from "../../../ops/azure/upgraded-clusters";
import { ofCluster, ofPool, planOf, resource } from "./plan-of";

const cluster = (version: string | undefined, pool = version) => ({
  name: "aks-main",
  ...(version && { kubernetes_version: version }),
  default_node_pool: [{ ...(pool && { orchestrator_version: pool }) }],
});
const from = (before: ReturnType<typeof cluster> | null, after: ReturnType<typeof cluster> | null) =>
  planOf(ofCluster({ before, after }));
const poolOf = (version: string) => ({
  id: "/x/managedClusters/aks-main/agentPools/user",
  kubernetes_cluster_id: "/x/managedClusters/aks-main",
  orchestrator_version: version,
});

test.each([
  ["an older patch", from(cluster("1.35.4"), cluster("1.35.2")), "1.35.4", "1.35.2"],
  ["an older patch of two digits", from(cluster("1.35.10"), cluster("1.35.9")), "1.35.10", "1.35.9"],
  ["an older minor version", from(cluster("1.36"), cluster("1.35.2")), "1.36", "1.35.2"],
  ["an older minor version without a patch", from(cluster("1.36.1"), cluster("1.35")), "1.36.1", "1.35"],
  ["1.3 for 1.35", from(cluster("1.35"), cluster("1.3")), "1.35", "1.3"],
  ["nodes alone", from(cluster("1.35", "1.36.1"), cluster("1.35")), "1.36.1", "1.35"],
  ["a node pool alone", planOf(ofPool({ before: poolOf("1.36"), after: poolOf("1.35") })), "1.36", "1.35"],
])("a downgrade: %s", (_, plan, runs, wanted) => {
  expect(upgradedClusters(plan)).toEqual([{ aks: "aks-main", runs, wanted }]);
  expect(patchedClusters(plan)).toEqual([]);
  expect(changesOnlyPatches(plan)).toBe(false);
});

test.each([
  ["an upgrade to a patch", from(cluster("1.35"), cluster("1.35.4"))],
  ["an upgrade to a minor version", from(cluster("1.35.9"), cluster("1.36"))],
  ["versions that only Azure knows", from(cluster("1.36"), cluster(undefined))],
  ["no change of a resource", {}],
  ["a new cluster", planOf(ofCluster({ actions: ["create"], after: cluster("1.35") }))],
  ["a cluster that is deleted", planOf(ofCluster({ actions: ["delete"], before: cluster("1.36") }))],
  [
    "a cluster that is replaced",
    planOf(ofCluster({ actions: ["delete", "create"], before: cluster("1.36"), after: cluster("1.35") })),
  ],
  [
    "another type",
    planOf(resource("azurerm_kubernetes_fleet", "f", { before: cluster("1.36"), after: cluster("1.35") })),
  ],
])("no downgrade, and no patch: %s", (_, plan) => {
  expect(upgradedClusters(plan)).toEqual([]);
  expect(patchedClusters(plan)).toEqual([]);
  expect(changesOnlyPatches(plan)).toBe(false);
});

test.each([
  ["control plane and nodes", from(cluster("1.35.6"), cluster("1.35"))],
  ["the control plane alone", from(cluster("1.35.6", "1.35"), cluster("1.35"))],
  ["nodes alone", from(cluster("1.35", "1.35.6"), cluster("1.35"))],
  ["a node pool alone", planOf(ofPool({ before: poolOf("1.35.6"), after: poolOf("1.35") }))],
])("a patch that Azure installed is no change: %s", (_, plan) => {
  expect(patchedClusters(plan)).toEqual([{ aks: "aks-main", runs: "1.35.6", wanted: "1.35" }]);
  expect(upgradedClusters(plan)).toEqual([]);
  expect(changesOnlyPatches(plan)).toBe(true);
});

const patched = ofCluster({ before: cluster("1.35.6"), after: cluster("1.35") });
test.each([
  [
    "another field of the cluster",
    planOf(
      ofCluster({
        before: { ...cluster("1.35.6"), sku_tier: "Free" } as object,
        after: { ...cluster("1.35"), sku_tier: "Standard" } as object,
      }),
    ),
  ],
  ["another resource", planOf(patched, resource("azurerm_resource_group", "mesh", {}))],
  ["a new resource", planOf(patched, resource("azurerm_public_ip", "a", { actions: ["create"] }))],
  ["an output", { ...planOf(patched), output_changes: { clusters: { actions: ["update"] } } }],
])("beside a patch, a change: %s", (_, plan) => {
  expect(changesOnlyPatches(plan)).toBe(false);
});

test("beside a patch, what changes nothing: other resources, outputs, values that azurerm computes", () => {
  const computed = { oidc_issuer_url: "https://x" };
  const plan = planOf(
    ofCluster({
      before: { ...cluster("1.35.6"), ...computed } as object,
      after: cluster("1.35"),
      after_unknown: { oidc_issuer_url: true, default_node_pool: [{}] },
    }),
    resource("azurerm_resource_group", "mesh", { actions: ["no-op"] }),
  );
  expect(changesOnlyPatches({ ...plan, output_changes: { clusters: { actions: ["no-op"] } } })).toBe(true);
});
