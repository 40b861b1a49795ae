import { aksProfiles } from "../../mesh/aks-profiles";
import { meshJsonSchema } from "../../mesh/config";
import { subnetId } from "../../mesh/names";
import { edited, problemsOf, refuses, twoClusters } from "./two-clusters";

refuses({
  "no azure section for AKS clusters": {
    text: edited(/azure:\n.*\n.*\n/, ""),
    says: /azure: required field is missing, since main0 has aks: expected a mapping/,
  },
  "an azure section that nothing needs": {
    text: "azure: {location: centralus, resourceGroup: rg}\nclusters:\n  - {name: a, role: primary, network: n, context: c}\n",
    says: /azure: not used: every cluster exists already/,
  },
  "a location with spaces": {
    text: edited("centralus", "Central US"),
    says: /^2:13: azure\.location: invalid value "Central US": expected an Azure region's short name.*\n {2}fix: use centralus$/,
  },
  "a region by the name that the portal shows": {
    text: edited("centralus", '"West Europe"'),
    says: /azure\.location: invalid value "West Europe": .*\n {2}fix: use westeurope$/,
  },
  "a location that is like no region": {
    text: edited("centralus", "'$(id)'"),
    says: /azure\.location: invalid value "\$\(id\)": .*\n {2}fix: change the value$/,
  },
  "a location left empty": {
    text: edited("centralus", ""),
    says: /azure\.location: value is empty: .*\n {2}fix: set a value/,
  },
  "a list of locations": {
    text: edited("centralus", "[westeurope, northeurope]"),
    says: /azure\.location: invalid value \(a list of 2\): .*\n {2}fix: change the value$/,
  },
  "a backend of one cluster": {
    text: edited("aks: aks-remote", "aks: aks-remote\n    backend: { azurerm: {} }"),
    says: /^12:5: clusters\[1\]\.backend: belongs to the azure section: it is the same for every cluster\n {2}fix: set azure\.backend instead$/,
  },
  "no location": {
    text: edited("  location: centralus\n", ""),
    says: /azure\.location: required field is missing: expected .*\n {2}fix: add location/,
  },
  "a resource group that ends in a dot": {
    text: edited("rg-demo", "rg-demo."),
    says: /azure\.resourceGroup: invalid value "rg-demo\.": expected .*not ending in '\.'/,
  },
  "a resource group of 91 characters": {
    text: edited("rg-demo", "r".repeat(91)),
    says: /azure\.resourceGroup: invalid value "r+\.\.\.: .*at most 90/,
  },
  "a subscription by name": {
    text: edited("  location", "  subscription: Pay-As-You-Go\n  location"),
    says: /azure\.subscription: invalid value "Pay-As-You-Go": expected a subscription ID/,
  },
  "a Kubernetes version that Istio no longer supports": {
    text: edited("  location", "  kubernetesVersion: 1.28.3\n  location"),
    says: /azure\.kubernetesVersion: invalid value "1\.28\.3": Istio 1\.\d+ supports 1\.\d+ to 1\.\d+/,
  },
  "a Kubernetes version that Istio does not know yet": {
    text: edited("aks: aks-remote", "aks: aks-remote\n    kubernetesVersion: 1.40"),
    says: /^12:24: clusters\[1\]\.kubernetesVersion: invalid value "1\.40": Istio 1\.\d+ supports/,
  },
  "a Kubernetes version that is none": {
    text: edited("  location", "  kubernetesVersion: latest\n  location"),
    says: /azure\.kubernetesVersion: invalid value "latest": expected a Kubernetes version/,
  },
  "more nodes than the autoscaler may make": {
    text: edited("  location", "  nodePool: { nodes: 5 }\n  location"),
    says: /azure\.nodePool: nodes is not between minNodes and maxNodes: nodes 5, minNodes 1, maxNodes 3 \(defaults included\)/,
  },
  "a range the wrong way round": {
    text: edited("  location", "  nodePool: { minNodes: 4 }\n  location"),
    says: /nodePool: .*minNodes is above maxNodes/,
  },
  "no nodes": {
    text: edited("  location", "  nodePool: { minNodes: 0 }\n  location"),
    says: /azure\.nodePool\.minNodes: invalid value 0: expected a whole number from 1 to 1000/,
  },
  "half a node": {
    text: edited("  location", "  nodePool: { nodes: 2.5 }\n  location"),
    says: /azure\.nodePool\.nodes: invalid value "2\.5": expected a whole number/,
  },
  "a VM size that is none": {
    text: edited("  location", "  nodePool: { vmSize: big }\n  location"),
    says: /azure\.nodePool\.vmSize: invalid value "big": expected an Azure VM size/,
  },
  "a tag name with a slash": {
    text: edited("  location", "  tags: { a/b: c }\n  location"),
    says: /azure\.tags\.?\["a\/b"\]: invalid name: expected a string of at most 512 characters without/,
  },
  "a tag that is a number": {
    text: edited("  location", "  tags: { cost: 12 }\n  location"),
    says: /azure\.tags\.cost: invalid value 12: expected a string of at most 256/,
  },
  "too many tags": {
    text: edited(
      "  location",
      `  tags: { ${Array.from({ length: 49 }, (_, i) => `t${i}: x`).join(", ")} }\n  location`,
    ),
    says: /azure\.tags: 49 tags: expected at most 48/,
  },
  "two backends": {
    text: edited("  location", "  backend: { azurerm: {}, s3: {} }\n  location"),
    says: /azure\.backend: 2 backends: expected exactly one/,
  },
  "a backend's name alone": {
    text: edited("  location", "  backend: azurerm\n  location"),
    says: /azure\.backend: invalid value "azurerm": expected a mapping with one key/,
  },
  "a credential in the backend": {
    text: edited("  location", "  backend: { azurerm: { access_key: c2VjcmV0LWtleQ== } }\n  location"),
    says: /azure\.backend\.azurerm\.access_key: is a credential/,
  },
  "a name that AKS makes too long a name of": {
    text: edited("rg-demo", "r".repeat(70)),
    says: /name of the node resource group ".* has \d+ characters: expected at most 80/,
  },
  "a Kubernetes version for a cluster that exists": {
    text: edited("aks: aks-remote", "context: c\n    kubernetesVersion: 1.35"),
    says: /clusters\[1\]\.kubernetesVersion: not used: remote0 exists already/,
  },
  "a static address where Terraform makes none": {
    text: "gateways: {address: static}\nclusters:\n  - {name: a, role: primary, network: n, context: c}\n",
    says: /gateways\.address: invalid value static: Terraform does not create the primary \(a\)/,
  },
  "a static address that is internal": {
    text: `gateways: { address: static, internal: true }\n${twoClusters}`,
    says: /gateways\.internal: invalid value true with address: static/,
  },
});

const old = (vmSize: string) =>
  edited("azure:", 'istio: { line: "1.7" }\nazure:').replace(
    "  location",
    `  nodePool: { vmSize: ${vmSize} }\n  location`,
  );

test.each([
  "Standard_D2ps_v5",
  "Standard_D2pls_v5",
  "Standard_E4pds_v5",
  "standard_d2PS_v5",
  "Standard_B2pts_v2",
])("refuses an Arm VM size if the line has no arm64 images: %s", (size) => {
  const vmSize = size.replace(/^s/, "S");
  expect(problemsOf(old(vmSize))).toEqual([
    expect.stringMatching(
      /azure\.nodePool\.vmSize: .*: it is arm64, and the images of Istio 1\.7 are for amd64\n {2}fix: use a size of that architecture, for example Standard_D2s_v5/,
    ),
  ]);
  expect(problemsOf(edited("  location", `  nodePool: { vmSize: ${vmSize} }\n  location`))).toEqual([]);
});

test.each([
  "Standard_D2s_v5",
  "Standard_DC2as_v5",
  "Standard_NP10s",
  "Standard_D11_v2_Promo",
  "Standard_E8-4ads_v5",
])("accepts an amd64 VM size on every line: %s", (vmSize) => {
  expect(problemsOf(old(vmSize))).toEqual([]);
});

test("reports a cluster's own VM size at its position", () => {
  const text = old("Standard_D2s_v5").replace(
    "aks: aks-remote",
    "aks: aks-remote\n    nodePool: { vmSize: Standard_D2ps_v5 }",
  );
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^14:\d+: clusters\[1\]\.nodePool\.vmSize: invalid value "Standard_D2ps_v5"/),
  ]);
});

describe("internal load balancers", () => {
  const internal = "gateways: { internal: true }\n";

  test("are refused for clusters that Terraform creates, whose networks are not connected", () => {
    const says =
      "gateways.internal: invalid value true: main0, remote0 get separate virtual networks, without connections";
    expect(problemsOf(internal + twoClusters)).toEqual([expect.stringContaining(says)]);
    const half = edited("aks: aks-remote", "context: c");
    expect(problemsOf(internal + half)).toEqual([
      expect.stringContaining(
        "invalid value true: main0 get separate virtual networks, without connections\n",
      ),
    ]);
  });

  test("are accepted for existing clusters, and for a single cluster", () => {
    const existing = edited(/azure:\n.*\n.*\n/, "")
      .replace("aks: aks-main", "context: a")
      .replace("aks: aks-remote", "context: b");
    expect(problemsOf(internal + existing)).toEqual([]);
    const alone = edited(/ {2}- name: remote0\n.*\n.*\n/, "");
    expect(problemsOf(internal + alone)).toEqual([]);
  });
});

describe("a cluster that exists", () => {
  const switches = Object.entries(aksProfiles.demo.aks).filter(([, value]) => typeof value === "boolean");
  const settings: Record<string, string> = {
    kubernetesVersion: "1.35",
    nodePool: "{ nodes: 2 }",
    systemNodePool: "{ nodes: 2 }",
    skuTier: "Standard",
    supportPlan: "KubernetesOfficial",
    networkDataPlane: "azure",
    networkPolicy: "calico",
    automaticUpgradeChannel: "patch",
    nodeOsUpgradeChannel: "None",
    location: "westeurope",
    resourceGroup: "rg",
    existingResourceGroup: "true",
    subscription: "00000000-0000-0000-0000-000000000000",
    addressSpace: "10.1.0.0/16",
    vnetSubnetId: subnetId.example,
    outboundType: "userDefinedRouting",
    maintenanceWindow: '{ day: Monday, startTime: "04:00" }',
    ...Object.fromEntries(switches.map(([key]) => [key, "true"])),
  };

  test.each(Object.entries(settings))(
    "takes no %s: that is for clusters that Terraform makes",
    (key, value) => {
      const text = edited("aks: aks-remote", `context: c\n    ${key}: ${value}`);
      expect(problemsOf(text)).toContainEqual(
        expect.stringContaining(`clusters[1].${key}: not used: remote0 exists already (context)`),
      );
    },
  );

  test("takes nothing else that only AKS has", () => {
    const { properties } = JSON.parse(meshJsonSchema());
    const common = ["name", "role", "network", "aks", "context", "egressRanges"];
    const keys = Object.keys(properties.clusters.items.properties).filter((key) => !common.includes(key));
    expect(keys.sort()).toEqual(Object.keys(settings).sort());
  });
});
