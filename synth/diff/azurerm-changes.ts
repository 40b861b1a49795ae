/** What azurerm does to a cluster or a node pool to apply a change. From harmless to destructive. */
export const effects = ["updated", "rotated", "replaced"] as const;
export type Effect = (typeof effects)[number];

/** A changed attribute of a resource. */
export interface AttributeChange {
  /** For example `default_node_pool.vm_size`; a whole block if it is added or removed. */
  readonly path: string;
  readonly was: unknown;
  readonly is: unknown;
  readonly effect: Effect;
}

interface Row {
  readonly path: string;
  readonly effect: Effect;
  /** @default - every change */
  readonly when?: (was: unknown, is: unknown) => boolean;
  /** Also of everything in the block. */
  readonly deep?: true;
}

const replaced = (...paths: string[]): Row[] => paths.map((path) => ({ path, effect: "replaced" }));
const rotated = (...paths: string[]): Row[] => paths.map((path) => ({ path, effect: "rotated", deep: true }));
const within = (block: string, rows: readonly Row[]): Row[] =>
  rows.map((row) => ({ ...row, path: `${block}.${row.path}` }));

const wasSet = (was: unknown) => isSet(was);
const isRemoved = (was: unknown, is: unknown) => isSet(was) && was !== 0 && (!isSet(is) || is === 0);
/** azurerm updates the nodes between these two in place. */
const isInPlaceOs = (sku: unknown) => !isSet(sku) || /^(Ubuntu|AzureLinux)/.test(String(sku));

/** Of both kinds of node pools. */
const poolRows: readonly Row[] = [
  ...rotated(
    "fips_enabled",
    "host_encryption_enabled",
    "kubelet_config",
    "kubelet_disk_type",
    "linux_os_config",
    "max_pods",
    "node_public_ip_enabled",
    "os_disk_size_gb",
    "os_disk_type",
    "pod_subnet_id",
    "snapshot_id",
    "ultra_ssd_enabled",
    "vm_size",
    "vnet_subnet_id",
    "zones",
  ),
  { path: "os_sku", effect: "rotated", when: (was, is) => !isInPlaceOs(was) || !isInPlaceOs(is) },
  ...replaced(
    "name",
    "capacity_reservation_group_id",
    "gpu_driver",
    "gpu_instance",
    "host_group_id",
    "node_network_profile.node_public_ip_tags",
    "node_public_ip_prefix_id",
    "proximity_placement_group_id",
  ),
];

/**
 * Attributes whose change is more than an update in place, by Terraform's type: ForceNew, CustomizeDiff and
 * `cycleNodePoolProperties` of azurerm 4.55.0.
 * https://github.com/hashicorp/terraform-provider-azurerm/tree/v4.55.0/internal/services/containers (read 2026-11-30)
 */
const rows: Readonly<Record<string, readonly Row[]>> = {
  azurerm_kubernetes_cluster: [
    ...replaced(
      "name",
      "location",
      "resource_group_name",
      "disk_encryption_set_id",
      "dns_prefix",
      "dns_prefix_private_cluster",
      "edge_zone",
      "kubelet_identity.client_id",
      "kubelet_identity.object_id",
      "kubelet_identity.user_assigned_identity_id",
      "linux_profile.admin_username",
      "linux_profile.ssh_key.key_data",
      "node_resource_group",
      "private_cluster_enabled",
      "private_dns_zone_id",
      "role_based_access_control_enabled",
      "windows_profile.admin_username",
    ),
    { path: "api_server_access_profile.subnet_id", effect: "replaced", when: isRemoved },
    ...within("network_profile", [
      ...replaced(
        "dns_service_ip",
        "ip_versions",
        "load_balancer_profile",
        "load_balancer_sku",
        "nat_gateway_profile",
        "network_data_plane",
        "network_mode",
        "network_plugin",
        "pod_cidr",
        "pod_cidrs",
        "service_cidr",
        "service_cidrs",
      ),
      { path: "network_plugin_mode", effect: "replaced", when: (_, is) => is !== "overlay" },
      { path: "network_policy", effect: "replaced", when: wasSet },
      { path: "advanced_networking", effect: "replaced", when: isRemoved },
    ]),
    ...within("default_node_pool", [
      ...poolRows,
      ...rotated("only_critical_addons_enabled"),
      ...replaced("type"),
      // https://github.com/Azure/azure-rest-api-specs/issues/27373 (read 2026-11-30)
      { path: "upgrade_settings.drain_timeout_in_minutes", effect: "replaced", when: isRemoved },
    ]),
  ],
  azurerm_kubernetes_cluster_node_pool: [
    ...poolRows,
    ...replaced(
      "eviction_policy",
      "kubernetes_cluster_id",
      "os_type",
      "priority",
      "spot_max_price",
      "windows_profile",
      "windows_profile.outbound_nat_enabled",
    ),
  ],
};

/** Terraform's own arguments, which every resource has. */
const metaArguments = ["//", "depends_on", "lifecycle", "provider", "timeouts"];

/** The attributes in which two states of a cluster or a node pool differ; [] for any other type. */
export function attributeChanges(type: string, before: unknown, after: unknown): AttributeChange[] {
  const known = rows[type];
  if (!known) return [];
  return differences(before, after).map((difference) => {
    const { path, was, is } = difference;
    // A whole block does what the most destructive of its attributes does.
    const leaves = [difference, ...(isObject(was) || isObject(is) ? leavesOf(difference) : [])];
    const ranks = leaves.map((leaf) => effects.indexOf(effectOf(known, leaf)));
    return { path, was, is, effect: effects[Math.max(...ranks)]! };
  });
}

type Difference = Omit<AttributeChange, "effect">;

function effectOf(known: readonly Row[], { path, was, is }: Difference): Effect {
  const row = known.find(
    (one) =>
      (one.path === path || (one.deep && path.startsWith(`${one.path}.`))) && (one.when?.(was, is) ?? true),
  );
  return row?.effect ?? "updated";
}

function differences(before: unknown, after: unknown, path = ""): Difference[] {
  const [was, is] = [single(before), single(after)];
  if (isObject(was) && isObject(is)) return inside(was, is, path);
  if (!isSet(was) && !isSet(is)) return [];
  return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ path, was, is }];
}

function inside(was: Fields, is: Fields, path: string): Difference[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names
    .filter((name) => path !== "" || !metaArguments.includes(name))
    .flatMap((name) => differences(was[name], is[name], path ? `${path}.${name}` : name));
}

/** Of a block that is added or removed. */
function leavesOf({ path, was, is }: Difference): Difference[] {
  return inside(isObject(was) ? was : {}, isObject(is) ? is : {}, path).flatMap((inner) =>
    isObject(inner.was) || isObject(inner.is) ? [inner, ...leavesOf(inner)] : [inner],
  );
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Terraform has a block that may occur once as a list. */
const single = (value: unknown) =>
  Array.isArray(value) && value.length === 1 && isObject(value[0]) ? value[0] : value;

/** azurerm's state has an empty text or list for an attribute that is not set. */
const isSet = (value: unknown) =>
  value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
