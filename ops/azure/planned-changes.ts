import { attributeChanges } from "../../synth/diff/azurerm-changes";
import {
  aksNameOf,
  clusterType,
  defaultPool,
  deletes,
  isIgnored,
  knownAfterApply,
  poolType,
  type ResourceChange,
  type ShownPlan,
  updatesOf,
} from "./shown-plan";

/** What a plan does to an AKS cluster or to one of its node pools. */
export interface PlannedChange {
  /** AKS name. */
  readonly aks: string;
  /** Name of the node pool; undefined: the cluster. */
  readonly pool?: string;
  readonly does: "created" | "updated" | "rotated" | "replaced" | "destroyed";
  /** Paths of the attributes that cause it, as azurerm names them; without those that only follow from it. */
  readonly attributes: readonly string[];
  /** Those of them that changed outside of Terraform @default - none */
  readonly drifted?: readonly string[];
  /** Name of the pool through which a pool is rotated. */
  readonly temporary?: string;
  /** A cause besides attributes; `holder` and `tainted` are addresses in Terraform. */
  readonly cause?: "removed" | "other" | { readonly holder: string } | { readonly tainted: string };
}

/** Everything that a plan does to clusters and node pools: clusters first. */
export function plannedChanges(plan: ShownPlan): PlannedChange[] {
  const { resource_changes: all = [] } = plan;
  const clusters = all.filter(({ type }) => type === clusterType).flatMap((one) => changesOf(one, plan));
  const gone = new Set(clusters.filter(losesCluster).map(({ aks }) => aks));
  const pools = all.filter((one) => one.type === poolType && !gone.has(aksNameOf(one)));
  return [...clusters, ...pools.flatMap((one) => changesOf(one, plan))];
}

/** The cluster and everything on it is lost. */
export const losesCluster = ({ pool, does }: PlannedChange) =>
  pool === undefined && (does === "replaced" || does === "destroyed");

function changesOf(resource: ResourceChange, plan: ShownPlan): PlannedChange[] {
  const { before, after } = resource.change;
  const isPool = resource.type === poolType;
  const cluster = { aks: aksNameOf(resource) };
  const of = isPool ? { ...cluster, pool: (before ?? after)?.name ?? resource.address } : cluster;
  const whole = wholeChange(resource, plan);
  if (whole) return [{ ...of, ...whole }];
  const changed = updatesOf(resource);
  // A pool with the name of the temporary one is left from a rotation that failed; azurerm rotates it once more.
  const rotates = changed.filter(
    ({ path, effect }) => effect === "rotated" || path === (isPool ? "name" : "default_node_pool.name"),
  );
  const inPlace = changed.filter(
    (one) => !rotates.includes(one) && !isIgnored(one) && one.is !== knownAfterApply,
  );
  const { name: pool = "default" } = defaultPool(before);
  const { temporary_name_for_rotation: temporary } = (isPool ? after : defaultPool(after)) ?? {};
  const changes: PlannedChange[] = [
    { ...of, does: "updated", attributes: paths(inPlace) },
    { pool, ...of, does: "rotated", attributes: paths(rotates), ...(temporary ? { temporary } : {}) },
  ];
  return changes.filter(({ attributes }) => attributes.length > 0);
}

const paths = (changes: readonly { readonly path: string }[]) => changes.map(({ path }) => path);

/** What happens to the resource as a whole; undefined if it only changes. */
function wholeChange(
  resource: ResourceChange,
  plan: ShownPlan,
): Pick<PlannedChange, "does" | "attributes" | "drifted" | "cause"> | undefined {
  const { actions, replace_paths = [] } = resource.change;
  if (!deletes(resource)) {
    if (actions.includes("create")) return { does: "created", attributes: [] };
    const holder = deletedHolder(resource, plan);
    return holder === undefined ? undefined : { does: "destroyed", attributes: [], cause: { holder } };
  }
  const does = actions.includes("create") ? "replaced" : "destroyed";
  const attributes = replace_paths.map((path) => path.filter((part) => typeof part === "string").join("."));
  if (attributes.length > 0) return { does, attributes, drifted: driftedOf(attributes, resource, plan) };
  return { does, attributes, cause: causeOf(resource) };
}

function causeOf({ address, action_reason: reason }: ResourceChange): PlannedChange["cause"] {
  if (reason === "replace_because_tainted") return { tainted: address };
  return reason === "delete_because_no_resource_config" ? "removed" : "other";
}

/** Attributes that changed outside of Terraform since its last run. */
function driftedOf(
  attributes: readonly string[],
  { address, type }: ResourceChange,
  { resource_drift: drift = [] }: ShownPlan,
): string[] {
  const drifted = drift
    .filter((one) => one.address === address)
    .flatMap(({ change }) => attributeChanges(type, change.before, change.after))
    .map(({ path }) => path);
  return attributes.filter((path) =>
    drifted.some((other) => other === path || other.startsWith(`${path}.`) || path.startsWith(`${other}.`)),
  );
}

/** A resource group or a network of a cluster that the plan deletes. */
function deletedHolder({ type, change: { before } }: ResourceChange, plan: ShownPlan): string | undefined {
  if (type !== clusterType) return undefined;
  const ids = [before?.id, defaultPool(before).vnet_subnet_id];
  const within = ids.flatMap((id) => (id ? [`${id}/`.toLowerCase()] : []));
  return plan.resource_changes?.find((one) => {
    const holder = one.change.before?.id;
    if (!deletes(one) || !holder) return false;
    return within.some((id) => id.startsWith(`${holder}/`.toLowerCase()));
  })?.address;
}
