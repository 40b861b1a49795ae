import { type AttributeChange, attributeChanges } from "../../synth/diff/azurerm-changes";

/**
 * The part of a plan that is read here, as `terraform show -json` prints it. Values are secret: only names, paths of
 * attributes and versions of Kubernetes may be shown.
 * https://developer.hashicorp.com/terraform/internals/json-format (read 2026-11-30)
 */
export interface ShownPlan {
  readonly resource_changes?: readonly ResourceChange[];
  /** What changed outside of Terraform since its last run. */
  readonly resource_drift?: readonly ResourceChange[];
  readonly output_changes?: Readonly<
    Record<string, { readonly actions: readonly string[]; readonly before?: unknown }>
  >;
}

export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly action_reason?: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: PlannedResource | null;
    readonly after: PlannedResource | null;
    /** `true` in place of each value that is known only after apply. */
    readonly after_unknown?: unknown;
    /** Paths of the attributes that force a replacement. */
    readonly replace_paths?: readonly (readonly (string | number)[])[];
  };
}

/** Attributes that are read, of clusters and node pools. */
export interface PlannedResource {
  readonly id?: string;
  readonly name?: string;
  readonly kubernetes_version?: string;
  readonly orchestrator_version?: string;
  readonly kubernetes_cluster_id?: string;
  readonly temporary_name_for_rotation?: string;
  readonly default_node_pool?: readonly DefaultPool[];
}

interface DefaultPool {
  readonly name?: string;
  readonly orchestrator_version?: string;
  readonly temporary_name_for_rotation?: string;
  readonly vnet_subnet_id?: string;
}

export const clusterType = "azurerm_kubernetes_cluster";
export const poolType = "azurerm_kubernetes_cluster_node_pool";

export const defaultPool = (resource: PlannedResource | null): DefaultPool =>
  resource?.default_node_pool?.[0] ?? {};

/** AKS name of a cluster, or of the cluster that a node pool belongs to. */
export function aksNameOf({ address, type, change }: ResourceChange): string {
  const { name, kubernetes_cluster_id: cluster } = change.before ?? change.after ?? {};
  const known = type === poolType ? (cluster ?? change.before?.id?.split("/agentPools/")[0]) : name;
  // A cluster that the plan creates has no ID yet.
  return known?.split("/").at(-1) ?? address.split(".").at(-1)!;
}

export const deletes = ({ change: { actions } }: ResourceChange) => actions.includes("delete");

/** In place of values that are known only after apply. */
export const knownAfterApply = "(known after apply)";

/** Attributes of a cluster or a node pool that an update changes. */
export function updatesOf({
  type,
  change: { actions, before, after, after_unknown: unknown },
}: ResourceChange) {
  return actions.includes("update") ? attributeChanges(type, before, withUnknown(after, unknown)) : [];
}

/**
 * A version that AKS ignores, because the cluster runs a patch of it, for example 1.35 of 1.35.6. The change comes back
 * with every plan: https://github.com/hashicorp/terraform-provider-azurerm/issues/26946 (read 2026-11-30)
 */
export const isIgnored = ({ path, was, is }: AttributeChange) =>
  /(^|\.)(kubernetes|orchestrator)_version$/.test(path) && isPatchOf(was, is);

export const isPatchOf = (runs: unknown, wanted: unknown) => String(runs).startsWith(`${wanted}.`);

function withUnknown(value: unknown, unknown: unknown): unknown {
  if (unknown === true) return knownAfterApply;
  if (typeof unknown !== "object" || unknown === null) return value;
  if (Array.isArray(unknown))
    return unknown.map((inner, index) => withUnknown((value as unknown[] | null)?.[index], inner));
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const filled = Object.entries(unknown).map(([name, inner]) => [name, withUnknown(fields[name], inner)]);
  return { ...fields, ...Object.fromEntries(filled) };
}

/** Names of clusters in the mesh at the last apply, by AKS name: mesh.yaml may no longer have them. */
export function formerNames({ output_changes = {} }: ShownPlan): ReadonlyMap<string, string> {
  const before = (output_changes.clusters?.before ?? {}) as Readonly<Record<string, { name?: string }>>;
  return new Map(Object.entries(before).flatMap(([name, { name: aks }]) => (aks ? [[aks, name]] : [])));
}
