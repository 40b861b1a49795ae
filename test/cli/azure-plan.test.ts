import { AzurePlan } from "../../cli/azure-plan";
import { parseMesh } from "../../mesh/load";
import type { PlannedChange } from "../../ops/azure/planned-changes";
import { noChanges, type Plan } from "../../ops/azure/terraform";
import { twoClusters } from "../synth/project";

const mesh = parseMesh(twoClusters, "mesh.yaml");
const planned = (
  effects: readonly PlannedChange[],
  replace: readonly string[] = [],
  plan: Partial<Plan> = {},
) => new AzurePlan({ ...noChanges, changes: true, effects, ...plan }, { mesh, file: "mesh.yaml", replace });

const lost = (aks: string): PlannedChange => ({
  aks,
  does: "replaced",
  attributes: ["dns_prefix"],
});
const both = [lost("aks-main"), lost("aks-remote")];
const firstWords = (refusals: readonly string[]) => refusals.map((text) => text.split(":")[0]);

describe("--replace", () => {
  test.each<[string[], string[]]>([
    [[], ["main0 (AKS aks-main)", "remote0 (AKS aks-remote)"]],
    [["main0"], ["remote0 (AKS aks-remote)"]],
    [["aks-remote"], ["main0 (AKS aks-main)"]],
    [["main0", "aks-remote"], []],
  ])("%j of two clusters leaves refused: %j", (replace, refused) => {
    expect(firstWords(planned(both, replace).refusals())).toEqual(refused);
  });

  test("a cluster that the plan does not replace is a note", () => {
    const plan = planned([lost("aks-main")], ["remote0"]);
    plan.requireKnownNames();
    expect(firstWords(plan.refusals())).toEqual(["main0 (AKS aks-main)"]);
    expect(plan.notes()[0]).toBe("--replace remote0: the plan does not replace this cluster");
  });

  test("an unknown cluster is refused, with the names that are expected", () => {
    const plan = planned([lost("aks-old")], ["main", "aks-old"]);
    expect(() => plan.requireKnownNames()).toThrow(
      'invalid value "main" for --replace: expected one of main0, remote0, aks-old, aks-main, aks-remote',
    );
  });

  test("a name in the mesh means this cluster, not the AKS cluster with the same name", () => {
    // The AKS cluster is called like another cluster of the mesh.
    const effects = [lost("remote0")];
    expect(firstWords(planned(effects, ["remote0"]).refusals())).toEqual(["AKS remote0"]);
    const formerNames = new Map([["remote0", "old"]]);
    expect(planned(effects, ["old"], { formerNames }).refusals()).toEqual([]);
  });

  test("the former name means a cluster that left mesh.yaml, unless a lost one has this name now", () => {
    const formerNames = new Map([["aks-old", "main0"]]);
    const effects = [lost("aks-old")];
    expect(planned(effects, ["main0"], { formerNames }).refusals()).toEqual([]);
    const refusals = planned([...effects, lost("aks-main")], ["main0"], { formerNames }).refusals();
    expect(firstWords(refusals)).toEqual(["main0 (AKS aks-old)"]);
    expect(refusals[0]).toMatch(/mesh up --replace aks-old$/);
  });
});

test.each<[Partial<PlannedChange>, string, string]>([
  [
    { attributes: ["dns_prefix", "location"] },
    "replaces this cluster and everything on it: azurerm cannot change dns_prefix, location in place",
    "undo the change in mesh.yaml or mesh.extend.ts",
  ],
  [
    { attributes: ["a"], drifted: ["a"] },
    "replaces this cluster and everything on it: azurerm cannot change a in place, and a was changed outside of Terraform",
    "undo the change on Azure, or set the same value for the cluster in mesh.extend.ts",
  ],
  [
    { attributes: ["a", "b"], drifted: ["b"] },
    "replaces this cluster and everything on it: azurerm cannot change a, b in place, and b was changed outside of Terraform",
    "undo the change in mesh.yaml or mesh.extend.ts, and undo the change on Azure, or set the same value for the cluster in mesh.extend.ts",
  ],
  [
    { attributes: [], cause: { tainted: "azurerm_kubernetes_cluster._1" } },
    "replaces this cluster and everything on it: its creation did not complete (tainted)",
    "if it is healthy, run `terraform untaint azurerm_kubernetes_cluster._1` in the stack's folder",
  ],
  [
    { does: "destroyed", attributes: [], cause: "removed" },
    "destroys this cluster and everything on it: it is not in mesh.yaml",
    "add it to mesh.yaml again",
  ],
  [
    { does: "destroyed", attributes: [], cause: { holder: "azurerm_subnet.aks" } },
    "destroys this cluster and everything on it: it destroys azurerm_subnet.aks, which contains the cluster",
    "undo the change of azurerm_subnet.aks in mesh.yaml or mesh.extend.ts",
  ],
])("a refusal says cause and fix: %j", (effect, because, fix) => {
  const [refusal] = planned([{ ...lost("aks-main"), ...effect }]).refusals();
  expect(refusal).toBe(
    `main0 (AKS aks-main): the plan ${because}\n  fix: ${fix}\n` +
      "  or, to lose the cluster: move its traffic to another one first (docs/azure.md), then mesh up --replace main0",
  );
});

test("what the plan does, by cluster and node pool", () => {
  const pool = { aks: "aks-main", pool: "user" };
  const effects: PlannedChange[] = [
    { aks: "aks-new", does: "created", attributes: [] },
    { aks: "aks-main", does: "updated", attributes: ["sku_tier", "tags"] },
    { aks: "aks-main", pool: "default", does: "rotated", attributes: ["zones"], temporary: "spare" },
    { ...lost("aks-remote") },
    { aks: "aks-old", does: "destroyed", attributes: [] },
    { ...pool, does: "created", attributes: [] },
    { ...pool, does: "replaced", attributes: ["os_type"] },
    { ...pool, does: "destroyed", attributes: [] },
  ];
  expect(planned(effects).notes()).toEqual([
    "clusters and node pools:",
    "  AKS aks-new: new cluster",
    "  main0 (AKS aks-main): updated in place (sku_tier, tags)",
    "  node pool default of main0 (AKS aks-main): replaced through the temporary pool spare (zones): its pods move to new nodes, and nodes are not drained gracefully. This needs quota for a second pool beside the first; without it azurerm leaves the pool spare alone behind",
    "  remote0 (AKS aks-remote): cluster replaced (dns_prefix): everything on it is lost",
    "  AKS aks-old: cluster destroyed: everything on it is lost",
    "  node pool user of main0 (AKS aks-main): new node pool",
    "  node pool user of main0 (AKS aks-main): node pool replaced (os_type): its nodes are deleted before new ones exist; drain them first",
    "  node pool user of main0 (AKS aks-main): node pool destroyed: its pods need room in another pool; drain its nodes first",
  ]);
});
