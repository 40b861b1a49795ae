import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { attributeChanges } from "../../synth/diff/azurerm-changes";
import { consequencesOf } from "../../synth/diff/consequences";

const cluster = "azurerm_kubernetes_cluster";
const pool = "azurerm_kubernetes_cluster_node_pool";

/** The object with a value at a path. */
const at = (path: string, value: unknown): Record<string, unknown> =>
  path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Record<
    string,
    unknown
  >;
const effectsOf = (type: string, was: unknown, is: unknown) =>
  attributeChanges(type, was, is).map(({ path, effect }) => `${path}: ${effect}`);

test.each([
  ["sku_tier", "Free", "Standard", "updated"],
  ["api_server_access_profile.authorized_ip_ranges", ["10.0.0.0/8"], [], "updated"],
  ["api_server_access_profile.subnet_id", "", "b", "updated"],
  ["api_server_access_profile.subnet_id", "a", undefined, "replaced"],
  ["location", "centralus", "westeurope", "replaced"],
  ["private_cluster_enabled", false, true, "replaced"],
  ["network_profile.outbound_type", "loadBalancer", "userAssignedNATGateway", "updated"],
  ["network_profile.network_policy", undefined, "cilium", "updated"],
  ["network_profile.network_policy", "calico", "cilium", "replaced"],
  ["network_profile.network_data_plane", undefined, "cilium", "replaced"],
  ["network_profile.network_plugin_mode", undefined, "overlay", "updated"],
  ["network_profile.network_plugin_mode", "overlay", undefined, "replaced"],
  ["network_profile.load_balancer_profile.idle_timeout_in_minutes", 30, 4, "updated"],
  ["default_node_pool.max_count", 3, 5, "updated"],
  ["default_node_pool.zones", ["1"], ["1", "2"], "rotated"],
  ["default_node_pool.only_critical_addons_enabled", undefined, true, "rotated"],
  ["default_node_pool.kubelet_config.container_log_max_line", 2, 3, "rotated"],
  ["default_node_pool.os_sku", "Ubuntu", "AzureLinux3", "updated"],
  ["default_node_pool.os_sku", "Ubuntu", "Windows2022", "rotated"],
  ["default_node_pool.upgrade_settings.drain_timeout_in_minutes", 30, undefined, "replaced"],
  ["default_node_pool.upgrade_settings.drain_timeout_in_minutes", 0, 30, "updated"],
  ["default_node_pool.upgrade_settings.drain_timeout_in_minutes", 0, undefined, "updated"],
  ["default_node_pool.upgrade_settings.undrainable_node_behavior", "Cordon", undefined, "updated"],
])("%s from %j to %j is %s", (path, was, is, effect) => {
  const other = { extra: 1 };
  const block = path.split(".").slice(0, -1).join(".");
  const [one, two] = [was, is].map((value) => {
    const filled = at(path, value);
    // The block exists before and after.
    const inner = block
      .split(".")
      .reduce<Record<string, unknown>>((o, k) => (k ? (o[k] as never) : o), filled);
    Object.assign(inner, other);
    return filled;
  });
  expect(effectsOf(cluster, one, two)).toEqual([`${path}: ${effect}`]);
});

test("a block that is added or removed does what the most destructive attribute in it does", () => {
  expect(effectsOf(cluster, {}, at("microsoft_defender.log_analytics_workspace_id", "w"))).toEqual([
    "microsoft_defender: updated",
  ]);
  expect(
    effectsOf(cluster, at("network_profile.nat_gateway_profile.idle_timeout_in_minutes", 4), {
      network_profile: { x: 1 },
    }),
  ).toEqual(["network_profile.nat_gateway_profile: replaced", "network_profile.x: updated"]);
  expect(effectsOf(cluster, {}, at("network_profile.pod_cidr", "10.0.0.0/16"))).toEqual([
    "network_profile: replaced",
  ]);
});

test("a block is the same as an object and as a list of one, and what is not set the same in each form", () => {
  const one = { default_node_pool: { vm_size: "a", node_taints: [], pod_subnet_id: "" }, tags: null };
  expect(effectsOf(cluster, one, { default_node_pool: [{ vm_size: "a", pod_subnet_id: null }] })).toEqual([]);
});

test("Terraform's own arguments and other types are no changes of a cluster", () => {
  expect(
    effectsOf(cluster, {}, { lifecycle: { prevent_destroy: true }, provider: "x", depends_on: [1] }),
  ).toEqual([]);
  expect(effectsOf("azurerm_public_ip", {}, { location: "x" })).toEqual([]);
});

/** What forces a new resource or rotates a pool, from the stand-in for azurerm. */
const facts = resolve(__dirname, "../../../shared/terraform/provider/facts.txt");
const isMissing = !existsSync(facts);

test.each([cluster, pool])(
  `${isMissing ? "skipped, the stand-in for azurerm is not beside the checkout: " : ""}every fact about %s is known`,
  (type) => {
    if (isMissing) return;
    let block = "";
    const known = readFileSync(facts, "utf8")
      .split(/\n(?=\S)/)
      .find((part) => part.startsWith(`${type}\n`))!;
    const unexpected = known.split("\n").flatMap((line) => {
      const [verb, ...words] = line.trim().split(/\s+/);
      if (verb === "in") block = `${words[0]}.`;
      const effect = { new: "replaced", rotates: "rotated" }[verb!];
      // With a condition: the table above.
      return (effect ? words.filter((word) => !word.includes("=")) : [])
        .map((word) => `${block}${word}`)
        .filter((path) => path !== "network_profile")
        .filter((path) => !effectsOf(type, at(path, "a"), at(path, "b")).includes(`${path}: ${effect}`));
    });
    expect(unexpected).toEqual([]);
  },
);

const terraform = (resource: string, body: object) =>
  ({ kind: "terraform", scope: "terraform", resource, text: JSON.stringify(body) }) as const;
const means = (type: string, before: object, after: object) =>
  consequencesOf(
    terraform(`${type}.a`, { name: "aks-main", ...before }),
    terraform(`${type}.a`, { name: "aks-main", ...after }),
  );

test("fields with the same consequence are one sentence, with azurerm's name where mesh.yaml has no other", () => {
  expect(
    means(
      cluster,
      { sku_tier: "Free", dns_prefix: "a", default_node_pool: { vm_size: "D2", zones: ["1"] } },
      {
        sku_tier: "Standard",
        local_account_disabled: true,
        dns_prefix: "b",
        default_node_pool: { vm_size: "D4", zones: ["1", "2"] },
      },
    ),
  ).toEqual([
    "sku_tier Free -> Standard, local_account_disabled (unset) -> true: updated in place",
    "dns_prefix a -> b: new cluster: `mesh up` refuses it without `--replace aks-main`; nothing carries its traffic over, see docs/azure.md",
    "vmSize D2 -> D4, default_node_pool.zones: rotates the node pool through a temporary one: every pod of it restarts on a new node, nodes are not drained gracefully; needs quota for a second pool",
  ]);
});

test("a node pool beside the default one has its own consequences", () => {
  expect(
    means(
      pool,
      { os_type: "Linux", orchestrator_version: "1.35" },
      { os_type: "Windows", orchestrator_version: "1.36" },
    ),
  ).toEqual([
    "os_type Linux -> Windows: new node pool: Terraform deletes the old one first, so its pods need room in another pool",
    "kubernetesVersion 1.35 -> 1.36: upgraded in place: the control plane, then node by node; every pod restarts",
  ]);
});
