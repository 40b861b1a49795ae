import { aksProfiles } from "./aks-profiles";
import type { MeshConfig } from "./config";
import { weekOfWindows } from "./maintenance-window";
import type { Aks, AksSettings, Cluster } from "./mesh";
import { type FieldProblem, type Path, quote } from "./problem";
import { type Rule, type RuleRow, repeats } from "./rule";

/** What Azure refuses of one AKS cluster's settings: said at synth, with the line in mesh.yaml. */

interface Created {
  readonly cluster: Cluster;
  readonly aks: Aks;
  readonly index: number;
}

export const created = (clusters: readonly Cluster[]): Created[] =>
  clusters.flatMap((cluster, index) => (cluster.aks ? [{ cluster, aks: cluster.aks, index }] : []));

/** Where a setting is written: in the cluster, or else in the azure section, even if a profile has the value. */
export function pathOf(config: MeshConfig, index: number, key: keyof AksSettings): Path {
  const own = config.clusters[index]?.[key];
  return own === undefined ? ["azure", key] : ["clusters", index, key];
}

/** A field of the azure section is one problem, however many clusters inherit it. */
export function uniqueByPath(findings: readonly FieldProblem[]): FieldProblem[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding.path), finding])).values()];
}

const policyOfTheDataPlane: Rule = (config, { clusters }) =>
  uniqueByPath(
    created(clusters).flatMap(({ aks: { networkDataPlane, networkPolicy }, index }) =>
      (networkDataPlane === "cilium") === (networkPolicy === "cilium")
        ? []
        : [
            {
              path: pathOf(config, index, "networkPolicy"),
              message: `invalid value ${networkPolicy} with networkDataPlane ${networkDataPlane}: AKS has the policy cilium on the data plane cilium alone`,
              fix:
                networkDataPlane === "cilium"
                  ? "use cilium, or set networkDataPlane: azure as well"
                  : "use none, azure or calico, or set networkDataPlane: cilium as well",
            },
          ],
    ),
  );

// https://learn.microsoft.com/azure/aks/long-term-support, read 2026-11-30
const longTermSupportIsPremium: Rule = (config, { clusters }) =>
  uniqueByPath(
    created(clusters).flatMap(({ aks: { supportPlan, skuTier }, index }) =>
      supportPlan === "AKSLongTermSupport" && skuTier !== "Premium"
        ? [
            {
              path: pathOf(config, index, "supportPlan"),
              message: `invalid value ${supportPlan} with skuTier ${skuTier}: long-term support needs the tier Premium`,
              fix: "set skuTier: Premium as well",
            },
          ]
        : [],
    ),
  );

const groupsWhereThereAreNoLocalAccounts: Rule = (config, { azure, clusters }) => {
  const without = created(clusters).find(({ aks }) => aks.localAccountDisabled);
  if (!without || !azure || azure.adminGroupObjectIds.length > 0) return [];
  return [
    {
      path: ["azure", "adminGroupObjectIds"],
      message: `required field is missing, since ${without.cluster.name} has no local accounts${config.azure?.profile === "production" ? " in the production profile" : ""}: expected the object IDs of the administrators' Entra groups`,
      fix: "add adminGroupObjectIds with what `az ad group show --group NAME --query id` prints, or set localAccountDisabled: false",
    },
  ];
};

/** Sizes of version 4 and later have a temporary disk only with a d in their letters. https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions, read 2026-11-23 */
const withoutTemporaryDisk = /^[a-z]+_[a-z]+\d+(?:-\d+)?[a-ce-z]*_v[4-9]$/i;

const ephemeralDisksFit: Rule = (config, { clusters }) =>
  uniqueByPath(
    created(clusters).flatMap(({ aks, index }) =>
      (["nodePool", "systemNodePool"] as const)
        .filter((key) => {
          const pool = aks[key];
          return pool?.osDiskType === "Ephemeral" && withoutTemporaryDisk.test(pool.vmSize);
        })
        // The system pool's size is that of nodePool, which is one problem.
        .filter((key, at) => at === 0 || aks[key]!.vmSize !== aks.nodePool.vmSize)
        .map((key) => ({
          path: pathOf(config, index, key),
          message: `invalid value ${quote(aks[key]!.vmSize)} for vmSize with osDiskType Ephemeral: this size has no temporary disk`,
          fix: `use a size with a temporary disk, for example ${aksProfiles.production.aks.nodePool.vmSize}, or set osDiskType: Managed`,
        })),
    ),
  );

const zonesOnce: Rule = (config) =>
  [
    { at: ["azure"] as Path, of: config.azure },
    ...config.clusters.map((cluster, index) => ({ at: ["clusters", index] as Path, of: cluster })),
  ].flatMap(({ at, of }) =>
    (["nodePool", "systemNodePool"] as const).flatMap((key) =>
      repeats(of?.[key]?.zones ?? []).map(({ index, value }) => ({
        path: [...at, key, "zones", index],
        message: `duplicate value ${value}`,
        fix: "remove it",
      })),
    ),
  );

const oneWindowAtATime: Rule = (_, { clusters }) => {
  const withWindow = created(clusters).flatMap(({ aks: { maintenanceWindow: window }, ...rest }) =>
    window ? [{ ...rest, window, text: `${window.day} ${window.startTime}` }] : [],
  );
  const taken = withWindow.map(({ text }) => text);
  const free = weekOfWindows.filter(({ day, startTime }) => !taken.includes(`${day} ${startTime}`));
  return repeats(taken).map(({ index, first, value }, at) => ({
    path: ["clusters", withWindow[index]!.index, "maintenanceWindow"],
    message: `the maintenance window of ${withWindow[index]!.cluster.name}, ${value} UTC, is that of ${withWindow[first]!.cluster.name} too: two clusters must not be upgraded at once`,
    fix: free[at]
      ? `set another one: maintenanceWindow: { day: ${free[at].day}, startTime: "${free[at].startTime}" }`
      : `a week has ${weekOfWindows.length} windows: split the mesh`,
  }));
};

const groupsAreConsistent: Rule = (config, { azure, clusters }) =>
  config.clusters.flatMap((written, index): FieldProblem[] => {
    const aks = clusters[index]?.aks;
    if (!aks || !azure) return [];
    if (written.existingResourceGroup !== undefined && written.resourceGroup === undefined)
      return [
        {
          path: ["clusters", index, "existingResourceGroup"],
          message: "not used without resourceGroup beside it",
          fix: "add resourceGroup, or set azure.existingResourceGroup",
        },
      ];
    const group = aks.resourceGroup;
    const others = [
      { whose: "azure", group: azure.resourceGroup, subscription: azure.subscription },
      ...created(clusters.slice(0, index)).map(({ cluster, aks: other }) => ({
        whose: cluster.name,
        group: other.resourceGroup,
        subscription: other.subscription,
      })),
    ];
    const same = others.find(
      (other) =>
        other.group.name.toLowerCase() === group.name.toLowerCase() &&
        other.subscription === aks.subscription,
    );
    if (!same || written.resourceGroup === undefined) return [];
    const path: Path = ["clusters", index, "resourceGroup"];
    if (same.group.name !== group.name)
      return [
        {
          path,
          message: `invalid value ${quote(group.name)}: ${same.whose} writes it ${quote(same.group.name)}, and names are case-insensitive`,
          fix: `use ${same.group.name}`,
        },
      ];
    if (same.group.existing !== group.existing)
      return [
        {
          path,
          message: `the resource group ${group.name} exists already for one of ${same.whose} and this cluster, and not for the other`,
          fix: "set existingResourceGroup to the same value in both places",
        },
      ];
    return same.group.location === group.location || group.existing || same.whose === "azure"
      ? []
      : [
          {
            path,
            message: `the resource group ${group.name} would be in ${same.group.location} (${same.whose}) and in ${group.location}`,
            fix: "use a resource group for each region, azure.resourceGroup, or one that exists already",
          },
        ];
  });

export const aksRules: readonly RuleRow[] = [
  [policyOfTheDataPlane, "azure.profile", "azure.networkDataPlane", "clusters[].networkDataPlane"],
  [longTermSupportIsPremium, "azure.skuTier", "clusters[].skuTier"],
  [groupsWhereThereAreNoLocalAccounts, "azure.profile", "azure.localAccountDisabled"],
  [ephemeralDisksFit, "azure.profile", "azure.nodePool", "azure.systemNodePool"],
  [zonesOnce],
  [oneWindowAtATime, "clusters[].aks", "azure.profile"],
  [
    groupsAreConsistent,
    "clusters[].resourceGroup",
    "azure.resourceGroup",
    "azure.location",
    "clusters[].aks",
    "clusters[].location",
  ],
];
