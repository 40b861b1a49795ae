import fc from "fast-check";
import { firstHalf, overlap } from "../../mesh/ipv4";
import { parseMesh } from "../../mesh/load";
import { computedWindow, weekOfWindows } from "../../mesh/maintenance-window";
import { subnetId } from "../../mesh/names";
import { problemsOf, refuses, twoClusters } from "./two-clusters";

const group = "00000000-0000-0000-0000-000000000000";
const valid = twoClusters
  .replace("azure:\n", "azure:\n  profile: production\n")
  .replace(
    "clusters:",
    `  authorizedIpRanges: [198.51.100.0/24]\n  adminGroupObjectIds: [${group}]\nclusters:`,
  );

/** The production mesh with lines added to the azure section and to the clusters, or with a text replaced. */
const inAzure = (...lines: string[]) => valid.replace("clusters:", `  ${lines.join("\n  ")}\nclusters:`);
const inRemote = (...lines: string[]) => `${valid}    ${lines.join("\n    ")}\n`;
const inBoth = (main: string, remote: string) =>
  `${valid.replace("aks: aks-main", `aks: aks-main\n    ${main}`)}    ${remote}\n`;
const without = (line: RegExp) => valid.replace(line, "");

test("a short production mesh is accepted", () => {
  expect(problemsOf(valid)).toEqual([]);
});

refuses({
  "a production mesh without operators": {
    text: without(/ {2}authorizedIpRanges.*\n/),
    says: /azure\.authorizedIpRanges: required field is missing in the production profile: .*\n {2}fix: add it, for example authorizedIpRanges: \[203\.0\.113\.0\/24\]/,
  },
  "a production mesh without administrators": {
    text: without(/ {2}adminGroupObjectIds.*\n/),
    says: /azure\.adminGroupObjectIds: required field is missing, since main0 has no local accounts in the production profile: .*\n {2}fix: .*az ad group show/,
  },
  "an unknown profile": {
    text: valid.replace("profile: production", "profile: prod"),
    says: /azure\.profile: invalid value "prod": expected demo or production/,
  },
  "ranges for API servers whose clusters have unknown addresses": {
    text: inAzure("network: managed"),
    says: /azure\.authorizedIpRanges: not possible with network: managed: .*\n {2}fix: set azure\.network: own/,
  },
  "a private range of operators": {
    text: valid.replace("198.51.100.0/24", "10.0.0.0/24"),
    says: /azure\.authorizedIpRanges\[0\]: invalid value "10\.0\.0\.0\/24": expected public addresses/,
  },
  "every source as operators": {
    text: valid.replace("198.51.100.0/24", "0.0.0.0/0"),
    says: /authorizedIpRanges\[0\]: invalid value "0\.0\.0\.0\/0": it admits every source/,
  },
  "operators with host bits": {
    text: valid.replace("198.51.100.0/24", "198.51.100.7/24"),
    says: /authorizedIpRanges\[0\]: CIDR "198\.51\.100\.7\/24" has host bits set: expected 198\.51\.100\.0\/24/,
  },
  "operators twice": {
    text: valid.replace("[198.51.100.0/24]", "[198.51.100.0/24, 198.51.100.0/24]"),
    says: /authorizedIpRanges\[1\]: duplicate value "198\.51\.100\.0\/24"/,
  },
  "more operators than AKS allows": {
    text: valid.replace(
      "[198.51.100.0/24]",
      `[${Array.from({ length: 199 }, (_, at) => `198.51.100.${at}/32`).join(", ")}]`,
    ),
    says: /authorizedIpRanges: 201 ranges with the clusters' own: expected at most 200/,
  },
  "a hostile group": {
    text: valid.replace(group, "'$(id)'"),
    says: /adminGroupObjectIds\[0\]: invalid value "\$\(id\)": expected an object ID/,
  },
  "no groups in the list": {
    text: valid.replace(`[${group}]`, "[]"),
    says: /adminGroupObjectIds: invalid value .*: expected a list of at least one object ID/,
  },
  "a registry by name": {
    text: inAzure("containerRegistryId: team1.azurecr.io"),
    says: /containerRegistryId: invalid value "team1\.azurecr\.io": expected a registry's resource ID/,
  },
  "peered networks beside one that Terraform does not peer": {
    text: inRemote(`vnetSubnetId: ${subnetId.example}`, "egressRanges: [203.0.113.0/31]").replace(
      "clusters:",
      "  network: peered\nclusters:",
    ),
    says: /azure\.network: network: peered makes the gateways internal, and Terraform peers only the networks that it creates, not those of remote0\n {2}fix: peer these networks/,
  },
  "a tag that mesh.yaml sets and ignores": {
    text: inAzure("tags: { Owner: a }", "ignoreTags: [owner]"),
    says: /azure\.ignoreTags\[0\]: invalid value "owner": mesh\.yaml sets this tag itself/,
  },
  "an ignored tag that Terraform would read as an expression": {
    text: inAzure("ignoreTags: ['a${b}']"),
    says: /azure\.ignoreTags\[0\]: invalid value "a\$\{b\}": Terraform cannot ignore a tag/,
  },
  "an ignored tag in two spellings": {
    text: inAzure("ignoreTags: [owner, Owner]"),
    says: /azure\.ignoreTags\[1\]: duplicate value "Owner"/,
  },
  "a private cluster": {
    text: inAzure("privateClusterEnabled: true"),
    says: /azure\.privateClusterEnabled: private clusters are not supported: .*\n {2}fix: remove it, and restrict/,
  },
  "a policy without its data plane": {
    text: inAzure("networkDataPlane: azure"),
    says: /azure\.networkPolicy: invalid value cilium with networkDataPlane azure: /,
  },
  "another policy on Cilium": {
    text: inRemote("networkPolicy: calico"),
    says: /clusters\[1\]\.networkPolicy: invalid value calico with networkDataPlane cilium: /,
  },
  "long-term support without the tier": {
    text: inAzure("supportPlan: AKSLongTermSupport"),
    says: /azure\.supportPlan: .*: long-term support needs the tier Premium\n {2}fix: set skuTier: Premium/,
  },
  "an ephemeral disk on a size without one": {
    text: inAzure("nodePool: { vmSize: Standard_D4s_v5 }"),
    says: /azure\.nodePool: invalid value "Standard_D4s_v5" for vmSize with osDiskType Ephemeral: this size has no temporary disk/,
  },
  "a zone twice": {
    text: inAzure("nodePool: { zones: [1, 1] }"),
    says: /azure\.nodePool\.zones\[1\]: duplicate value 1/,
  },
  "a fourth zone": {
    text: inAzure("nodePool: { zones: [4] }"),
    says: /nodePool\.zones\[0\]: invalid value 4: expected a whole number from 1 to 3/,
  },
  "more system nodes than the autoscaler may make": {
    text: inAzure("systemNodePool: { nodes: 7 }"),
    says: /azure\.systemNodePool: nodes is not between minNodes and maxNodes: nodes 7, minNodes 3, maxNodes 6/,
  },
  "two clusters upgraded at once": {
    text: inBoth(
      'maintenanceWindow: { day: Friday, startTime: "04:00" }',
      'maintenanceWindow: { day: Friday, startTime: "04:00" }',
    ),
    says: /clusters\[1\]\.maintenanceWindow: the maintenance window of remote0, Friday 04:00 UTC, is that of main0 too: .*\n {2}fix: set another one: maintenanceWindow: \{ day: Monday, startTime: "00:00" \}/,
  },
  "a window that overlaps others in part": {
    text: inRemote('maintenanceWindow: { day: Friday, startTime: "05:00" }'),
    says: /maintenanceWindow\.startTime: invalid value "05:00": expected 00:00, 04:00/,
  },
  "peered networks without ranges": {
    text: inAzure("network: peered"),
    says: /clusters\[0\]\.addressSpace: required field is missing with network: peered: .*\n {2}fix: add it, for example addressSpace: 10\.1\.0\.0\/16/,
  },
  "peered networks that overlap": {
    text: inBoth("addressSpace: 10.1.0.0/16", "addressSpace: 10.1.128.0/17").replace(
      "clusters:",
      "  network: peered\nclusters:",
    ),
    says: /clusters\[1\]\.addressSpace: invalid value "10\.1\.128\.0\/17": it overlaps 10\.1\.0\.0\/16 of main0/,
  },
  "a network over the Services' range": {
    text: inRemote("addressSpace: 10.0.0.0/8"),
    says: /addressSpace: invalid value "10\.0\.0\.0\/8": it overlaps the pods' range, 10\.244\.0\.0\/16/,
  },
  "a network without room for the nodes": {
    text: inRemote("addressSpace: 10.1.0.0/27"),
    says: /addressSpace: the nodes' subnet 10\.1\.0\.0\/28 has 16 addresses: expected at least 23 for 15 nodes/,
  },
  "a range for a network that AKS makes": {
    text: inRemote("addressSpace: 10.1.0.0/16").replace(
      "  authorizedIpRanges: [198.51.100.0/24]\n",
      "  network: managed\n",
    ),
    says: /addressSpace: not used with network: managed, in which AKS chooses/,
  },
  "an existing subnet whose way out is unknown": {
    text: inRemote(`vnetSubnetId: ${subnetId.example}`),
    says: /clusters\[1\]\.egressRanges: required field is missing with network: own: expected the public addresses from which remote0 calls/,
  },
  "addresses of a NAT gateway that Terraform creates": {
    text: inRemote("egressRanges: [203.0.113.0/31]"),
    says: /clusters\[1\]\.egressRanges: not used: Terraform creates the NAT gateway of remote0/,
  },
  "a way out without a subnet": {
    text: inRemote("outboundType: userDefinedRouting"),
    says: /clusters\[1\]\.outboundType: not used without vnetSubnetId/,
  },
  "a subnet by name": {
    text: inRemote("vnetSubnetId: aks"),
    says: /clusters\[1\]\.vnetSubnetId: invalid value "aks": expected a subnet's resource ID/,
  },
  "a group that exists, without its name": {
    text: inRemote("existingResourceGroup: true"),
    says: /clusters\[1\]\.existingResourceGroup: not used without resourceGroup beside it/,
  },
  "one group that exists and does not": {
    text: inRemote("resourceGroup: rg-demo", "existingResourceGroup: true"),
    says: /clusters\[1\]\.resourceGroup: the resource group rg-demo exists already for one of azure and this cluster/,
  },
  "one group in two spellings": {
    text: inRemote("resourceGroup: RG-Demo"),
    says: /clusters\[1\]\.resourceGroup: invalid value "RG-Demo": azure writes it "rg-demo"/,
  },
  "one new group in two regions": {
    text: inBoth(
      "resourceGroup: rg-two\n    location: westeurope",
      "resourceGroup: rg-two\n    location: northeurope",
    ),
    says: /clusters\[1\]\.resourceGroup: the resource group rg-two would be in westeurope \(main0\) and in northeurope/,
  },
  "a region of one cluster as the portal shows it": {
    text: inRemote("location: North Europe"),
    says: /clusters\[1\]\.location: invalid value "North Europe": .*\n {2}fix: use northeurope/,
  },
  "a range that AKS reserves": {
    text: inRemote("addressSpace: 172.31.0.0/16"),
    says: /addressSpace: invalid value "172\.31\.0\.0\/16": it overlaps a range that AKS reserves, 172\.30\.0\.0\/15/,
  },
  "a static address with internal gateways": {
    text: `${inBoth("addressSpace: 10.1.0.0/16", "addressSpace: 10.2.0.0/16").replace("clusters:", "  network: peered\nclusters:")}gateways: { address: static }\n`,
    says: /gateways\.address: invalid value static with azure\.network: peered, which makes the gateways internal/,
  },
});

test("the ranges that a message suggests are free", () => {
  const text = inBoth("addressSpace: 10.1.0.0/16", "").replace("clusters:", "  network: peered\nclusters:");
  const [problem] = problemsOf(text);
  const suggested = /addressSpace: (\S+)$/.exec(problem!)![1]!;
  expect(suggested).toBe("10.2.0.0/16");
  expect(problemsOf(text.replace(/\n {4}\n$/, `\n    addressSpace: ${suggested}\n`))).toEqual([]);
});

const remotes = (count: number) =>
  Array.from(
    { length: count },
    (_, index) => `  - { name: r${index}, network: n${index}, aks: aks-${index}-rem }`,
  );

test("ranges and windows that messages suggest at once are different", () => {
  const peered = [valid.replace("clusters:", "  network: peered\nclusters:"), ...remotes(22)].join("\n");
  const suggested = problemsOf(peered).map((problem) => /fix: .*?: (.*)$/.exec(problem)![1]);
  expect(suggested.length).toBeGreaterThan(24);
  expect(new Set(suggested).size).toBe(suggested.length);
});

test("a mesh with more clusters than windows is refused", () => {
  const many = [valid, ...remotes(100)].join("\n");
  expect(problemsOf(many).at(-2)).toMatch(/fix: a week has 42 windows: split the mesh/);
});

test("a size that both pools have is one problem", () => {
  expect(problemsOf(inAzure("nodePool: { vmSize: Standard_D4s_v5 }"))).toHaveLength(1);
});

test("a cluster's window follows from its AKS name, the primary's is the last of the week", () => {
  const { clusters } = parseMesh(valid, "mesh.yaml");
  expect(clusters.map(({ aks }) => aks?.maintenanceWindow)).toEqual([
    { day: "Sunday", startTime: "20:00" },
    computedWindow("aks-remote", "remote"),
  ]);
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.nat(9), fc.nat(9), (stem, one, other) => {
      const [window, another] = [one, other].map((number) => computedWindow(`${stem}${number}-x`, "remote"));
      expect(weekOfWindows.slice(0, -1)).toContainEqual(window);
      if (one !== other) expect(window).not.toEqual(another);
    }),
  );
});

test("two ranges overlap if and only if they have an address in common", () => {
  const range = fc
    .tuple(fc.nat(255), fc.integer({ min: 24, max: 31 }))
    .map(([last, length]) => ({ first: Math.floor(last / 2 ** (32 - length)) * 2 ** (32 - length), length }));
  fc.assert(
    fc.property(range, range, (one, other) => {
      const end = ({ first, length }: typeof one) => first + 2 ** (32 - length) - 1;
      const text = ({ first, length }: typeof one) => `10.0.0.${first}/${length}`;
      expect(overlap(text(one), text(other))).toBe(one.first <= end(other) && other.first <= end(one));
      expect(overlap(text(one), firstHalf(text(one)))).toBe(true);
    }),
  );
});
