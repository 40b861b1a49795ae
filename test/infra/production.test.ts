import fc from "fast-check";
import { aksProfiles } from "../../mesh/aks-profiles";
import { containerRegistryId, subnetId } from "../../mesh/names";
import { azure as demo, main0, remote0, stack } from "./synthesize";

const group = "00000000-0000-0000-0000-000000000000";
const production = {
  ...demo,
  profile: "production",
  authorizedIpRanges: ["198.51.100.0/24"],
  adminGroupObjectIds: [group],
};
const remote1 = { name: "remote1", network: "network3", aks: "aks-remote1" };

// biome-ignore lint/suspicious/noExplicitAny: Terraform's JSON, see synthesize.ts
const resources = (written: object): any => stack({ azure: production, ...written }).resource;
const egress = (aks: string) => `\${azurerm_public_ip_prefix.${aks}.ip_prefix}`;

describe("the production profile", () => {
  const made = resources({});
  const cluster = made.azurerm_kubernetes_cluster["aks-main"];

  // A row of the facts, and what says it in the stack.
  test.each<[row: string, has: object]>([
    ["SLA tier", { sku_tier: "Standard" }],
    ["zones of the system pool", { default_node_pool: { zones: ["1", "2", "3"] } }],
    ["egress through a NAT gateway", { network_profile: { outbound_type: "userAssignedNATGateway" } }],
    [
      "identity of its own",
      { identity: { type: "UserAssigned", identity_ids: ["${azurerm_user_assigned_identity.aks-main.id}"] } },
    ],
    [
      "Entra ID with Azure RBAC",
      {
        azure_active_directory_role_based_access_control: {
          azure_rbac_enabled: true,
          admin_group_object_ids: [group],
        },
      },
    ],
    ["no local accounts", { local_account_disabled: true }],
    ["no run command", { run_command_enabled: false }],
    ["patches and node images", { automatic_upgrade_channel: "patch", node_os_upgrade_channel: "NodeImage" }],
    ["a tainted system pool", { default_node_pool: { only_critical_addons_enabled: true, name: "system" } }],
    ["ephemeral OS disks", { default_node_pool: { os_disk_type: "Ephemeral", os_sku: "AzureLinux" } }],
    ["Cilium", { network_profile: { network_data_plane: "cilium", network_policy: "cilium" } }],
    ["Azure Policy", { azure_policy_enabled: true }],
    [
      "Container Insights",
      {
        oms_agent: {
          log_analytics_workspace_id: "${azurerm_log_analytics_workspace.mesh.id}",
          msi_auth_for_monitoring_enabled: true,
        },
      },
    ],
    [
      "Defender",
      { microsoft_defender: { log_analytics_workspace_id: "${azurerm_log_analytics_workspace.mesh.id}" } },
    ],
    ["Managed Prometheus", { monitor_metrics: {} }],
    ["Key Vault secrets, rotated", { key_vault_secrets_provider: { secret_rotation_enabled: true } }],
    ["workload identity", { oidc_issuer_enabled: true, workload_identity_enabled: true }],
    ["image cleaner", { image_cleaner_enabled: true }],
    [
      "an autoscaler that removes nodes of a mesh",
      { auto_scaler_profile: { skip_nodes_with_local_storage: false } },
    ],
    ["no deletion by Terraform", { lifecycle: { prevent_destroy: true } }],
  ])("has %s", (_, has) => {
    expect(cluster).toMatchObject(has);
  });

  test("has a user pool over three zones", () => {
    expect(made.azurerm_kubernetes_cluster_node_pool["aks-main"]).toMatchObject({
      mode: "User",
      zones: ["1", "2", "3"],
      os_disk_type: "Ephemeral",
      auto_scaling_enabled: true,
      vnet_subnet_id: "${azurerm_subnet.aks-main.id}",
      lifecycle: { ignore_changes: ["node_count", "upgrade_settings", "orchestrator_version"] },
    });
  });

  test("has a network, a NAT gateway and addresses for each cluster", () => {
    for (const type of [
      "azurerm_virtual_network",
      "azurerm_subnet",
      "azurerm_nat_gateway",
      "azurerm_public_ip_prefix",
      "azurerm_nat_gateway_public_ip_prefix_association",
      "azurerm_subnet_nat_gateway_association",
      "azurerm_subnet_network_security_group_association",
    ])
      expect(Object.keys(made[type])).toEqual(["aks-main", "aks-remote0"]);
  });

  test("gives a cluster's identity its role before the cluster, and the way out before the nodes", () => {
    expect(made.azurerm_role_assignment["aks-main_subnet_"]).toMatchObject({
      scope: "${azurerm_subnet.aks-main.id}",
      role_definition_name: "Network Contributor",
      principal_id: "${azurerm_user_assigned_identity.aks-main.principal_id}",
    });
    expect(cluster.depends_on).toEqual([
      "azurerm_role_assignment.aks-main_subnet_",
      "azurerm_subnet_network_security_group_association.aks-main",
      "azurerm_nat_gateway_public_ip_prefix_association.aks-main",
      "azurerm_subnet_nat_gateway_association.aks-main",
    ]);
  });

  test("has one workspace for the logs and one for the metrics of all clusters, and audit logs", () => {
    expect(Object.keys(made.azurerm_log_analytics_workspace)).toEqual(["mesh"]);
    expect(Object.keys(made.azurerm_monitor_workspace)).toEqual(["mesh"]);
    expect(Object.keys(made.azurerm_monitor_data_collection_rule_association).sort()).toEqual([
      "aks-main-logs",
      "aks-main-metrics",
      "aks-remote0-logs",
      "aks-remote0-metrics",
    ]);
    expect(made.azurerm_monitor_diagnostic_setting["aks-main"].enabled_log).toEqual([
      { category: "kube-audit-admin" },
      { category: "guard" },
    ]);
  });

  test("locks each cluster against deletion", () => {
    expect(made.azurerm_management_lock["aks-remote0"]).toMatchObject({
      lock_level: "CanNotDelete",
      scope: "${azurerm_kubernetes_cluster.aks-remote0.id}",
    });
  });

  // Azure refuses to delete what is part of a locked cluster, too: Terraform deletes the lock before it.
  test("makes the lock of a cluster after all that is part of it", () => {
    expect(made.azurerm_management_lock["aks-main"].depends_on).toEqual([
      "azurerm_kubernetes_cluster_node_pool.aks-main",
      "azurerm_monitor_data_collection_rule_association.aks-main-logs",
      "azurerm_monitor_data_collection_rule_association.aks-main-metrics",
      "azurerm_monitor_diagnostic_setting.aks-main",
    ]);
  });

  test("has a system pool like the user pool where mesh.yaml says nothing else", () => {
    const nodePool = { zones: [], vmSize: "Standard_D8ds_v5", maxNodes: 20 };
    const { azurerm_kubernetes_cluster: clusters } = resources({
      azure: { ...production, nodePool },
      clusters: [main0, { ...remote0, systemNodePool: { vmSize: "Standard_D4ds_v5" } }],
    });
    const systemPool = clusters["aks-main"].default_node_pool;
    expect(systemPool).toMatchObject({ vm_size: "Standard_D8ds_v5", min_count: 3, max_count: 6 });
    expect(systemPool.zones).toBeUndefined();
    expect(clusters["aks-remote0"].default_node_pool.vm_size).toBe("Standard_D4ds_v5");
  });

  test("has no kubeconfig in the outputs", () => {
    expect(Object.keys(stack({ azure: production }).output)).toEqual([
      "clusters",
      "egress_ranges",
      "resource_group",
    ]);
  });

  test("lets clusters pull from a registry", () => {
    const { azurerm_role_assignment } = resources({
      azure: { ...production, containerRegistryId: containerRegistryId.example },
    });
    expect(azurerm_role_assignment["aks-main_pull_"]).toMatchObject({
      scope: containerRegistryId.example,
      role_definition_name: "AcrPull",
      principal_id: "${azurerm_kubernetes_cluster.aks-main.kubelet_identity[0].object_id}",
    });
  });

  const { nodePool: _, systemNodePool: __, ...settings } = aksProfiles.production.aks;

  test.each(Object.keys(settings))(
    "%s of the demo profile, for all or for one cluster, takes it away",
    (key) => {
      const demoValue = (aksProfiles.demo.aks as unknown as Record<string, unknown>)[key];
      // A data plane and its policy belong together.
      const beside = key.startsWith("network") ? { networkPolicy: "none", networkDataPlane: "azure" } : {};
      const own = { [key]: demoValue, ...beside };
      const before = { ...resources({}) };
      const forAll = resources({ azure: { ...production, ...own } });
      const forOne = resources({ clusters: [main0, { ...remote0, ...own }] });
      expect(forAll).not.toEqual(key === "supportPlan" || key === "nodeOsUpgradeChannel" ? {} : before);
      expect(forOne.azurerm_kubernetes_cluster["aks-main"]).toEqual(cluster);
      expect(forOne.azurerm_kubernetes_cluster["aks-remote0"]).toEqual(
        forAll.azurerm_kubernetes_cluster["aks-remote0"],
      );
    },
  );
});

describe("regions", () => {
  const west = { location: "westeurope", resourceGroup: "rg-west" };
  const other = "11111111-1111-1111-1111-111111111111";

  test("a cluster and all that belongs to it are in its region, group and subscription", () => {
    const text = stack({
      azure: production,
      clusters: [main0, { ...remote0, ...west, subscription: other }],
    });
    const alias = `subscription-${other}`;
    expect(text.provider.azurerm).toContainEqual({ alias, features: [{}], subscription_id: other });
    const own = Object.entries<Record<string, Record<string, unknown>>>(text.resource).flatMap(
      ([type, all]) =>
        Object.entries(all)
          .filter(([name]) => name.startsWith("aks-remote0"))
          .map(([, resource]) => ({ type, resource })),
    );
    expect(own.length).toBeGreaterThan(15);
    for (const { type, resource } of own) {
      expect([type, resource.provider]).toEqual([type, `azurerm.${alias}`]);
      if (resource.location) expect([type, resource.location]).toEqual([type, "westeurope"]);
      if (resource.resource_group_name)
        expect([type, resource.resource_group_name]).toEqual([
          type,
          `\${azurerm_resource_group.rg-west-${alias}.name}`,
        ]);
    }
    expect(text.resource.azurerm_resource_group[`rg-west-${alias}`]).toMatchObject({
      location: "westeurope",
      name: "rg-west",
    });
  });

  test("groups whose names are alike in Terraform stay apart", () => {
    const names = ["rg-mesh", "mesh", "rg.a", "rg_a", "rg(a"];
    const { azurerm_resource_group: groups } = resources({
      clusters: names.map((resourceGroup, index) => ({
        ...(index === 0 ? main0 : { name: `remote${index}`, network: `n${index}`, aks: `aks-${index}` }),
        resourceGroup,
      })),
    });
    expect(
      Object.values<{ name: string }>(groups)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names.sort());
    expect(groups).toMatchObject({ mesh: { name: "rg-mesh" }, rg_a: { name: "rg_a" } });
  });

  test("subscriptions are the same in upper and lower case", () => {
    const subscription = "aaaaaaaa-0000-0000-0000-000000000000";
    const { provider, resource } = stack({
      azure: { ...production, subscription },
      clusters: [main0, { ...remote0, subscription: subscription.toUpperCase() }],
    });
    expect(provider.azurerm).toHaveLength(1);
    expect(Object.keys(resource.azurerm_resource_group)).toEqual(["mesh"]);
  });

  test("a resource group that exists is read, not made", () => {
    const { data, resource } = stack({
      azure: { ...demo, existingResourceGroup: true },
      clusters: [main0, { ...remote0, ...west, existingResourceGroup: true }],
    });
    expect(resource.azurerm_resource_group).toBeUndefined();
    expect(data.azurerm_resource_group).toMatchObject({
      mesh: { name: "rg-mesh" },
      "rg-west": { name: "rg-west" },
    });
    expect(resource.azurerm_kubernetes_cluster["aks-main"].location).toBe("centralus");
  });
});

describe("a closed network", () => {
  const clustersOf = (count: number, primary: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: `c${index}`,
      network: `n${index}`,
      aks: `aks-${index}`,
      role: index === primary ? "primary" : "remote",
      // The names' own windows may collide.
      maintenanceWindow: { day: "Monday", startTime: "04:00" },
    })).map((cluster, index) => ({
      ...cluster,
      maintenanceWindow: {
        day: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][index],
        startTime: "04:00",
      },
    }));

  test("API servers admit operators, the primary and their own cluster, gateways the other clusters alone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 6).chain((count) => fc.tuple(fc.constant(count), fc.nat(count - 1))),
        ([count, primary]) => {
          const made = resources({ clusters: clustersOf(count, primary) });
          for (const index of Array.from({ length: count }, (_, at) => at)) {
            const ranges = made.azurerm_kubernetes_cluster[`aks-${index}`].api_server_access_profile;
            expect(ranges.authorized_ip_ranges).toEqual([
              ...new Set(["198.51.100.0/24", egress(`aks-${primary}`), egress(`aks-${index}`)]),
            ]);
            const rule = made.azurerm_network_security_rule?.[`aks-${index}-east-west`];
            const others = Array.from({ length: count }, (_, at) => at).filter((at) => at !== index);
            expect(rule?.source_address_prefixes ?? []).toEqual(others.map((at) => egress(`aks-${at}`)));
            if (rule) expect(rule.destination_port_ranges).toEqual(["15021", "15443", "15012", "15017"]);
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  test("admits the written ranges of clusters and subnets that exist already", () => {
    const made = resources({
      clusters: [
        main0,
        { ...remote0, vnetSubnetId: subnetId.example, egressRanges: ["203.0.113.8/31"] },
        { name: "old", network: "n3", context: "old", egressRanges: ["203.0.113.16/32"] },
      ],
    });
    expect(made.azurerm_network_security_rule["aks-main-east-west"].source_address_prefixes).toEqual([
      "203.0.113.8/31",
      "203.0.113.16/32",
    ]);
    expect(made.azurerm_kubernetes_cluster["aks-remote0"]).toMatchObject({
      default_node_pool: { vnet_subnet_id: subnetId.example },
      api_server_access_profile: {
        authorized_ip_ranges: ["198.51.100.0/24", egress("aks-main"), "203.0.113.8/31"],
      },
    });
    expect(Object.keys(made.azurerm_virtual_network)).toEqual(["aks-main"]);
  });

  test("the ingress gateway is open to the internet, or to the ranges that may reach it", () => {
    expect(resources({}).azurerm_network_security_rule["aks-main-ingress"]).toMatchObject({
      source_address_prefix: "Internet",
      destination_port_ranges: ["80", "443"],
    });
    const gateways = { allowedSourceRanges: ["198.51.100.0/24"] };
    expect(resources({ gateways }).azurerm_network_security_rule["aks-main-ingress"]).toMatchObject({
      source_address_prefixes: ["198.51.100.0/24"],
    });
    expect(resources({ gateways: { ingress: false } }).azurerm_network_security_rule).not.toHaveProperty(
      "aks-main-ingress",
    );
  });

  test("peered networks are connected both ways, with a range each", () => {
    const made = resources({
      azure: { ...production, network: "peered" },
      clusters: [main0, remote0, remote1].map((cluster, index) => ({
        ...cluster,
        addressSpace: `10.${index + 1}.0.0/16`,
      })),
    });
    expect(Object.keys(made.azurerm_virtual_network_peering)).toHaveLength(6);
    expect(made.azurerm_virtual_network_peering["aks-main--aks-remote1"]).toMatchObject({
      virtual_network_name: "${azurerm_virtual_network.aks-main.name}",
      remote_virtual_network_id: "${azurerm_virtual_network.aks-remote1.id}",
    });
    expect(made.azurerm_subnet["aks-remote0"].address_prefixes).toEqual(["10.2.0.0/17"]);
    // Gateways are internal: nothing reaches them from the internet, and peered networks are admitted by default.
    expect(made.azurerm_network_security_rule).toBeUndefined();
  });
});

test("two resources with one address in Terraform are an error, not one lost resource", () => {
  const clusters = ["a", "a--b", "b", "b--b"].map((aks, index) => ({
    name: `c${index}`,
    network: `n${index}`,
    aks,
    addressSpace: `10.${index + 1}.0.0/16`,
    ...(index === 0 ? { role: "primary" } : {}),
  }));
  // a--b + b, and a + b--b.
  expect(() => resources({ azure: { ...production, network: "peered" }, clusters })).toThrow(
    "two resources would have the Terraform address azurerm_virtual_network_peering.a--b--b: rename a cluster",
  );
});

test("adding, removing and moving clusters changes nothing of the others", () => {
  const at = (...clusters: readonly { readonly aks: string }[]) => {
    const made: Record<string, Record<string, unknown>> = resources({ clusters });
    return Object.fromEntries(
      Object.entries(made).flatMap(([type, all]) =>
        Object.entries(all)
          .filter(([name]) => /^aks-(main|remote0)([-_]|$)/.test(name) && !name.endsWith("-east-west"))
          .map(([name, resource]) => [`${type}.${name}`, resource]),
      ),
    );
  };
  const two = at(main0, remote0);
  expect(at(remote1, remote0, main0)).toEqual(two);
  expect(at(main0, remote0, remote1)).toEqual(two);
});
