import fc from "fast-check";
import { aksName } from "../../mesh/names";
import { aksResource, azure, main0, remote0, stack } from "./synthesize";

test("an AKS cluster is the walk-through's, in azurerm v4's terms", () => {
  const cluster = aksResource({});
  expect(cluster).toMatchObject({
    name: "aks-main",
    identity: { type: "SystemAssigned" },
    default_node_pool: { auto_scaling_enabled: true, node_count: 3, min_count: 1, max_count: 3 },
    network_profile: {
      network_plugin: "azure",
      network_plugin_mode: "overlay",
      load_balancer_sku: "standard",
    },
  });
  // --no-ssh-key
  expect(cluster).not.toHaveProperty("linux_profile");
});

test("node pool and Kubernetes version come from the cluster, then from the Azure section", () => {
  const written = {
    azure: { ...azure, kubernetesVersion: "1.34", nodePool: { vmSize: "Standard_D4s_v5", maxNodes: 5 } },
    clusters: [
      { ...main0, kubernetesVersion: "1.36", nodePool: { nodes: 4, minNodes: 2, maxNodes: 9 } },
      remote0,
    ],
  };
  expect(aksResource(written)).toMatchObject({
    kubernetes_version: "1.36",
    default_node_pool: { vm_size: "Standard_D4s_v5", node_count: 4, min_count: 2, max_count: 9 },
  });
  expect(aksResource(written, "aks-remote0")).toMatchObject({
    kubernetes_version: "1.34",
    default_node_pool: { vm_size: "Standard_D4s_v5", node_count: 3, min_count: 1, max_count: 5 },
  });
});

describe("drift", () => {
  test("Terraform ignores the autoscaler's node count", () => {
    expect(aksResource({}).lifecycle).toEqual({
      ignore_changes: ["default_node_pool[0].node_count", "default_node_pool[0].upgrade_settings"],
    });
  });

  test("the configuration has what AKS enables by default", () => {
    expect(aksResource({})).toMatchObject({
      oidc_issuer_enabled: true,
      node_os_upgrade_channel: "NodeImage",
      default_node_pool: { upgrade_settings: { max_surge: "10%" } },
    });
  });

  test("the Kubernetes version moves only with mesh.yaml, the nodes with the control plane", () => {
    const cluster = aksResource({});
    expect(cluster).not.toHaveProperty("automatic_upgrade_channel");
    expect(cluster.default_node_pool.orchestrator_version).toBe(cluster.kubernetes_version);
  });
});

test("any AKS name results in a valid resource name and DNS prefix", () => {
  fc.assert(
    fc.property(fc.stringMatching(aksName.pattern), (aks) => {
      // The short group leaves room for 63 characters in the name of the nodes' own group.
      const written = { azure: { ...azure, resourceGroup: "rg" }, clusters: [{ ...main0, aks }] };
      const clusters = stack(written).resource.azurerm_kubernetes_cluster;
      const [[name, cluster]] = Object.entries<{ dns_prefix: string }>(clusters) as [
        [string, { dns_prefix: string }],
      ];
      expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_-]*$/);
      // azurerm 4.55.0, internal/services/containers/validate/kubernetes.go
      expect(cluster.dns_prefix).toMatch(/^[a-zA-Z\d]([-a-zA-Z\d]{0,52}[a-zA-Z\d])?$/);
    }),
    { numRuns: 50, examples: [["a".repeat(63)], [`${"a".repeat(53)}-b`], [`${"a".repeat(53)}_b`]] },
  );
});
