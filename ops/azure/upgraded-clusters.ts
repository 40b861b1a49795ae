import {
  aksNameOf,
  clusterType,
  defaultPool,
  deletes,
  isIgnored,
  isPatchOf,
  knownAfterApply,
  type PlannedResource,
  poolType,
  type ResourceChange,
  type ShownPlan,
  updatesOf,
} from "./shown-plan";

/** A cluster that Azure has upgraded past mesh.yaml. */
export interface UpgradedCluster {
  /** AKS name. */
  readonly aks: string;
  /** The version that it runs: of its control plane or of nodes. */
  readonly runs: string;
  /** The version in mesh.yaml. */
  readonly wanted: string;
}

/** Clusters that a plan would downgrade. Azure rejects that. */
export const upgradedClusters = (plan: ShownPlan) =>
  newerClusters(plan, ({ runs, wanted }) => !isPatchOf(runs, wanted));

/** Clusters that run a patch of the minor version in mesh.yaml. */
export const patchedClusters = (plan: ShownPlan) =>
  newerClusters(plan, ({ runs, wanted }) => isPatchOf(runs, wanted));

function newerClusters(
  { resource_changes = [] }: ShownPlan,
  matches: (versions: Versions) => boolean,
): UpgradedCluster[] {
  const found = resource_changes.flatMap((resource) => {
    const newer = versionsOf(resource).find((one) => isNewer(one.runs, one.wanted) && matches(one));
    return newer ? [{ aks: aksNameOf(resource), ...newer }] : [];
  });
  // The control plane and each pool have a version.
  return found.filter(({ aks }, index) => found.findIndex((one) => one.aks === aks) === index);
}

/** The plan changes nothing but patches to their minor version, which AKS ignores. */
export function changesOnlyPatches(plan: ShownPlan): boolean {
  const { resource_changes = [], output_changes = {} } = plan;
  const outputs = Object.values(output_changes).flatMap(({ actions }) => actions);
  return (
    patchedClusters(plan).length > 0 &&
    outputs.every((action) => action === "no-op") &&
    resource_changes.every(isPatchOnly)
  );
}

function isPatchOnly(resource: ResourceChange) {
  const { actions } = resource.change;
  if (actions.every((action) => action === "no-op" || action === "read")) return true;
  // What is known only after apply follows from other changes.
  const changed = updatesOf(resource).filter(({ is }) => is !== knownAfterApply);
  return changed.length > 0 && changed.every(isIgnored);
}

interface Versions {
  readonly runs: string;
  readonly wanted: string;
}

/** Of the control plane and the nodes, where the plan knows both. */
function versionsOf(resource: ResourceChange): Versions[] {
  const { before, after } = resource.change;
  if (![clusterType, poolType].includes(resource.type) || deletes(resource)) return [];
  const versions = (one: PlannedResource | null) => [
    one?.kubernetes_version,
    defaultPool(one).orchestrator_version,
    one?.orchestrator_version,
  ];
  const wanted = versions(after);
  return versions(before).flatMap((runs, index) => {
    const other = wanted[index];
    return runs && other ? [{ runs, wanted: other }] : [];
  });
}

/** 1.35.4 is newer than 1.35.2, and than 1.35. */
function isNewer(one: string, other: string): boolean {
  const [numbers, others] = [one, other].map((version) => version.split(".").map(Number)) as [
    number[],
    number[],
  ];
  const at = numbers.findIndex((number, index) => number !== others[index]);
  return at >= 0 && numbers[at]! > (others[at] ?? -1);
}
