import fc from "fast-check";
import { azure, main0, remote0, stack } from "./synthesize";

describe("state", () => {
  test("is a local file in the folder of mesh.yaml, three levels above where Terraform runs", () => {
    expect(stack().terraform.backend).toEqual({ local: { path: "../../../terraform.rg-mesh.tfstate" } });
  });

  test("uses the backend of mesh.yaml, with unchanged settings", () => {
    const backend = {
      azurerm: {
        storage_account_name: "state",
        container_name: "tfstate",
        key: "mesh.tfstate",
        use_azuread_auth: true,
        camelCase: ["kept", { nested_too: 1 }],
      },
    };
    expect(stack({ azure: { ...azure, backend } }).terraform.backend).toEqual(backend);
  });

  test("is local with another path if mesh.yaml sets it", () => {
    const backend = { local: { path: "/srv/state/mesh.tfstate" } };
    expect(stack({ azure: { ...azure, backend } }).terraform.backend).toEqual(backend);
  });
});

test("Terraform and the provider are pinned, the provider to the version of the bindings", () => {
  const { terraform } = stack();
  expect(terraform.required_version).toBe(">= 1.7.0, < 2.0.0");
  expect(terraform.required_providers.azurerm.version).toBe("4.55.0");
});

test("the subscription is from mesh.yaml, or from ARM_SUBSCRIPTION_ID", () => {
  const subscription = "00000000-1111-2222-3333-444444444444";
  expect(stack({ azure: { ...azure, subscription } }).provider.azurerm[0].subscription_id).toBe(subscription);
  expect(stack().provider.azurerm).toEqual([{ features: [{}] }]);
});

test("every resource with tags has the user's tags and the mesh's name", () => {
  const { resource } = stack({
    name: "shop",
    azure: { ...azure, tags: { team: "platform" } },
    gateways: { address: "static" },
  });
  const tagged = ["azurerm_resource_group", "azurerm_kubernetes_cluster", "azurerm_public_ip"]
    .flatMap((type) => Object.values<{ tags: unknown }>(resource[type]))
    .map(({ tags }) => tags);
  expect(tagged).toEqual(Array(4).fill({ "istio-mesh": "shop", team: "platform" }));
});

describe("outputs", () => {
  test("name the group and, by their name in the mesh, the clusters", () => {
    const { output } = stack();
    expect(output.resource_group.value).toBe("${azurerm_resource_group.mesh.name}");
    expect(output.clusters.value.remote0).toEqual({
      name: "${azurerm_kubernetes_cluster.aks-remote0.name}",
      context: "aks-remote0",
      fqdn: "${azurerm_kubernetes_cluster.aks-remote0.fqdn}",
      kubernetes_version: "${azurerm_kubernetes_cluster.aks-remote0.kubernetes_version}",
    });
  });

  test("the kubeconfigs are sensitive, and no other output holds one", () => {
    const { output } = stack({ gateways: { address: "static" } });
    const holdingOne = Object.entries<object>(output).filter(([, value]) =>
      JSON.stringify(value).includes("kube_config"),
    );
    expect(holdingOne).toMatchObject([["kubeconfigs", { sensitive: true }]]);
  });
});

describe("static gateway address", () => {
  const written = { gateways: { address: "static" } };

  test("is a Standard public IP with the primary's role on the group, and an output", () => {
    const { resource, output } = stack(written);
    expect(resource.azurerm_public_ip).toMatchObject({
      "aks-main": { name: "aks-main-gateway", sku: "Standard", allocation_method: "Static" },
    });
    expect(resource.azurerm_role_assignment).toMatchObject({
      "aks-main": {
        scope: "${azurerm_resource_group.mesh.id}",
        role_definition_name: "Network Contributor",
        principal_id: "${azurerm_kubernetes_cluster.aks-main.identity[0].principal_id}",
        principal_type: "ServicePrincipal",
      },
    });
    expect(output.gateway_address.value).toBe("${azurerm_public_ip.aks-main.ip_address}");
  });

  test("is destroyed after the cluster whose load balancer uses it", () => {
    const { azurerm_kubernetes_cluster: clusters } = stack(written).resource;
    expect(clusters["aks-main"].depends_on).toEqual(["azurerm_public_ip.aks-main"]);
    expect(clusters["aks-remote0"].depends_on).toBeUndefined();
  });

  test("is created only if configured", () => {
    const { resource, output } = stack();
    expect(Object.keys(resource).sort()).toEqual(["azurerm_kubernetes_cluster", "azurerm_resource_group"]);
    expect(output.gateway_address).toBeUndefined();
  });
});

test("adding, removing and reordering clusters does not change the others", () => {
  // The second begins with a digit, which a name in Terraform may not; the third has the id of another construct.
  const remotes = ["aks-remote0", "9aks_Remote", "mesh", "azurerm", "clusters"].map((aks, index) => ({
    name: `remote${index}`,
    network: `remote-net${index}`,
    aks,
  }));
  const all = stack({ clusters: [main0, ...remotes] }).resource.azurerm_kubernetes_cluster;
  expect(Object.keys(all)).toHaveLength(6);
  fc.assert(
    fc.property(fc.shuffledSubarray([main0, ...remotes]), (clusters) => {
      const primaryLast = [...clusters.filter((cluster) => cluster !== main0), main0];
      const made = stack({ clusters: primaryLast }).resource.azurerm_kubernetes_cluster;
      expect(Object.keys(made)).toHaveLength(primaryLast.length);
      expect(all).toMatchObject(made);
    }),
    { numRuns: 20 },
  );
});

test("a cluster's name in the mesh can change without touching the cluster on Azure", () => {
  const before = stack({ clusters: [main0, remote0] }).resource;
  const after = stack({ clusters: [main0, { ...remote0, name: "west" }] }).resource;
  expect(after).toEqual(before);
});
