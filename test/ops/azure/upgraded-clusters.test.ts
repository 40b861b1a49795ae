import { upgradedClusters } from "../../../ops/azure/upgraded-clusters";

const cluster = (version: string | undefined, pool = version) => ({
  name: "aks-main",
  ...(version && { kubernetes_version: version }),
  default_node_pool: [{ ...(pool && { orchestrator_version: pool }) }],
});
const planOf = (
  before: ReturnType<typeof cluster> | null,
  after: ReturnType<typeof cluster> | null,
  type = "azurerm_kubernetes_cluster",
) => ({ resource_changes: [{ type, change: { before, after } }] });

test.each([
  ["a patch, where mesh.yaml has the minor version", cluster("1.35.4"), cluster("1.35"), "1.35.4"],
  ["a newer patch", cluster("1.35.4"), cluster("1.35.2"), "1.35.4"],
  ["a newer patch of two digits", cluster("1.35.10"), cluster("1.35.9"), "1.35.10"],
  ["a newer minor version", cluster("1.36"), cluster("1.35.2"), "1.36"],
  ["nodes alone", cluster("1.35", "1.35.4"), cluster("1.35"), "1.35.4"],
])("%s is newer than mesh.yaml", (_, before, after, runs) => {
  expect(upgradedClusters(planOf(before, after))).toEqual([
    { aks: "aks-main", runs, wanted: after.kubernetes_version },
  ]);
});

test.each([
  ["an upgrade to a patch", planOf(cluster("1.35"), cluster("1.35.4"))],
  ["an upgrade to a minor version", planOf(cluster("1.35.9"), cluster("1.36"))],
  ["the same version", planOf(cluster("1.35"), cluster("1.35"))],
  ["a new cluster", planOf(null, cluster("1.35"))],
  ["a cluster that goes", planOf(cluster("1.36"), null)],
  ["versions that only Azure knows", planOf(cluster("1.36"), cluster(undefined))],
  ["another type", planOf(cluster("1.36"), cluster("1.35"), "azurerm_kubernetes_fleet")],
  ["a plan without changes", {}],
])("%s is not upgraded", (_, plan) => {
  expect(upgradedClusters(plan)).toEqual([]);
});
