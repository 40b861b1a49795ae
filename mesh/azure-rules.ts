import { aksSettings } from "./config";
import { defaults } from "./defaults";
import type { Aks, Cluster } from "./mesh";
import { type FieldProblem, type Path, quote } from "./problem";
import type { Rule, RuleRow } from "./rule";
import { isInRange, parseVersion } from "./versions";

const azureForAksClusters: Rule = ({ azure }, { clusters }) => {
  const first = clusters.find(({ aks }) => aks);
  if (first && !azure) {
    return [
      {
        path: ["azure"],
        message: `is missing, and ${first.name} is to be made on AKS; allowed is a mapping with location and resourceGroup`,
        fix: "add the azure section, or name the context of a cluster that exists",
      },
    ];
  }
  if (azure && !first) {
    return [
      {
        path: ["azure"],
        message: "is given, but every cluster exists already (context), so there is nothing to make",
        fix: "remove it, or give a cluster its aks name",
      },
    ];
  }
  return [];
};

const noAksSettingsOnExistingClusters: Rule = ({ clusters }) =>
  clusters.flatMap((cluster, index) =>
    aksSettings
      .filter((key) => cluster.context !== undefined && cluster[key] !== undefined)
      .map((key) => ({
        path: ["clusters", index, key],
        message: `${cluster.name} exists already (context); ${key} is for clusters that Terraform makes`,
        fix: "remove it",
      })),
  );

const kubernetesVersionOfTheLine: Rule = (config, { clusters, istio }) => {
  const range = istio.line.kubernetes;
  return uniqueByPath(
    aksClusters(clusters).flatMap(({ aks, index }) => {
      const version = parseVersion(aks.kubernetesVersion);
      return !version || isInRange(version, range)
        ? []
        : [
            {
              path:
                config.clusters[index]!.kubernetesVersion === undefined
                  ? ["azure", "kubernetesVersion"]
                  : ["clusters", index, "kubernetesVersion"],
              message: `${quote(aks.kubernetesVersion)} is given; Istio ${istio.line.id} supports ${range.min} to ${range.max}`,
              fix: `use ${range.default}, or another Istio line`,
            },
          ];
    }),
  );
};

const nodesWithinTheAutoscalersRange: Rule = (config, { clusters }) =>
  uniqueByPath(
    aksClusters(clusters).flatMap(({ aks, index }) => {
      const { nodes, minNodes, maxNodes } = aks.nodePool;
      const path: Path = config.clusters[index]!.nodePool
        ? ["clusters", index, "nodePool"]
        : ["azure", "nodePool"];
      const given = `nodes ${nodes}, minNodes ${minNodes}, maxNodes ${maxNodes} (defaults included)`;
      if (minNodes > maxNodes) {
        return [
          { path, message: `${given}: minNodes is above maxNodes`, fix: "raise maxNodes or lower minNodes" },
        ];
      }
      return nodes < minNodes || nodes > maxNodes
        ? [{ path, message: `${given}: nodes must lie between the two`, fix: "set all three" }]
        : [];
    }),
  );

/** AKS names the resource group of the nodes MC_<group>_<cluster>_<location>, of at most 80 characters. */
const nodeResourceGroupLimit = 80;

const nodeResourceGroupFits: Rule = ({ azure }, { clusters }) =>
  aksClusters(clusters).flatMap(({ aks, index }) => {
    const name = `MC_${azure?.resourceGroup}_${aks.name}_${azure?.location}`;
    return azure && name.length > nodeResourceGroupLimit
      ? [
          {
            path: ["clusters", index, "aks"],
            message: `AKS would call the nodes' resource group ${quote(name)}: ${name.length} characters; allowed are ${nodeResourceGroupLimit}`,
            fix: `shorten the AKS name or the resource group by ${name.length - nodeResourceGroupLimit}`,
          },
        ]
      : [];
  });

const staticAddressIsAzures: Rule = (_, { gateways, primary }) =>
  gateways.address === "static" && !primary.aks
    ? [
        {
          path: ["gateways", "address"],
          message: `static is given, but Terraform does not make the primary (${primary.name}), and with it its address`,
          fix: "use discovered, or give the primary an aks name",
        },
      ]
    : [];

const staticAddressIsPublic: Rule = (_, { gateways }) =>
  gateways.address === "static" && gateways.internal
    ? [
        {
          path: ["gateways", "internal"],
          message: "true is given together with address: static, which is a public IP",
          fix: "remove one of the two",
        },
      ]
    : [];

// AKS makes a virtual network for every cluster, all with the same range, so they cannot even be peered.
const internalWhereNetworksAreConnected: Rule = (_, { gateways, clusters, remotes }) => {
  const made = clusters.filter(({ aks }) => aks).map(({ name }) => name);
  return gateways.internal && remotes.length > 0 && made.length > 0
    ? [
        {
          path: ["gateways", "internal"],
          message: `true is given, but Terraform makes ${made.slice(0, 3).join(", ")}${made.length > 3 ? " and others" : ""}, and AKS gives each a virtual network of its own, connected to no other cluster's`,
          fix: "remove it and use allowedSourceRanges, or make the clusters in connected networks yourself and give their context instead of aks",
        },
      ]
    : [];
};

/**
 * Letters behind the number of processors; a p among them is Arm.
 * https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions, read 2026-11-23
 */
const sizeLetters = /^[a-z]+_[a-z]+\d+(?:-\d+)?([a-z]*)/i;

const vmSizesThatRunTheLine: Rule = (config, { clusters, istio }) =>
  uniqueByPath(
    aksClusters(clusters).flatMap(({ aks: { nodePool }, index }) => {
      const letters = sizeLetters.exec(nodePool.vmSize)?.[1] ?? "";
      const architecture = /p/i.test(letters) ? "arm64" : "amd64";
      const { id, architectures } = istio.line;
      return architectures.includes(architecture)
        ? []
        : [
            {
              path: config.clusters[index]!.nodePool?.vmSize
                ? ["clusters", index, "nodePool", "vmSize"]
                : ["azure", "nodePool", "vmSize"],
              message: `${quote(nodePool.vmSize)} has ${architecture} processors; the images of Istio ${id} are for ${architectures.join(", ")}`,
              fix: `use a size of that kind, for example ${defaults.nodePool.vmSize}, or another Istio line`,
            },
          ];
    }),
  );

export const azureRules: readonly RuleRow[] = [
  [azureForAksClusters, "clusters[].aks"],
  [noAksSettingsOnExistingClusters, "clusters[].context"],
  [kubernetesVersionOfTheLine, "istio.line"],
  [nodesWithinTheAutoscalersRange, "azure.nodePool"],
  [nodeResourceGroupFits, "azure.resourceGroup", "azure.location"],
  [staticAddressIsAzures, "clusters[].role", "clusters[].aks"],
  [staticAddressIsPublic, "gateways.address"],
  [internalWhereNetworksAreConnected, "clusters[].aks"],
  [vmSizesThatRunTheLine, "istio.line"],
];

function aksClusters(clusters: readonly Cluster[]): { aks: Aks; index: number }[] {
  return clusters.flatMap(({ aks }, index) => (aks ? [{ aks, index }] : []));
}

/** A setting of the azure section is one problem, however many clusters take it over. */
function uniqueByPath(findings: readonly FieldProblem[]): FieldProblem[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding.path), finding])).values()];
}
