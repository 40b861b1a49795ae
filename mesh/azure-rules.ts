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
        message: `required field is missing, since ${first.name} has aks: expected a mapping with location and resourceGroup`,
        fix: "add the azure section, or set context for an existing cluster",
      },
    ];
  }
  if (azure && !first) {
    return [
      {
        path: ["azure"],
        message: "not used: every cluster exists already (context)",
        fix: "remove it, or set aks for a cluster",
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
        message: `not used: ${cluster.name} exists already (context), and ${key} is for clusters that Terraform creates`,
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
              message: `invalid value ${quote(aks.kubernetesVersion)}: Istio ${istio.line.id} supports ${range.min} to ${range.max}`,
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
      const values = `nodes ${nodes}, minNodes ${minNodes}, maxNodes ${maxNodes} (defaults included)`;
      if (minNodes > maxNodes) {
        return [
          { path, message: `minNodes is above maxNodes: ${values}`, fix: "raise maxNodes or lower minNodes" },
        ];
      }
      return nodes < minNodes || nodes > maxNodes
        ? [
            {
              path,
              message: `nodes is not between minNodes and maxNodes: ${values}`,
              fix: "set all three fields",
            },
          ]
        : [];
    }),
  );

/** AKS names the node resource group MC_<group>_<cluster>_<location>, with at most 80 characters. */
const nodeResourceGroupLimit = 80;

const nodeResourceGroupFits: Rule = ({ azure }, { clusters }) =>
  aksClusters(clusters).flatMap(({ aks, index }) => {
    const name = `MC_${azure?.resourceGroup}_${aks.name}_${azure?.location}`;
    return azure && name.length > nodeResourceGroupLimit
      ? [
          {
            path: ["clusters", index, "aks"],
            message: `name of the node resource group ${quote(name)} has ${name.length} characters: expected at most ${nodeResourceGroupLimit}`,
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
          message: `invalid value static: Terraform does not create the primary (${primary.name}), so it has no address for it`,
          fix: "use discovered, or set aks for the primary",
        },
      ]
    : [];

const staticAddressIsPublic: Rule = (_, { gateways }) =>
  gateways.address === "static" && gateways.internal
    ? [
        {
          path: ["gateways", "internal"],
          message: "invalid value true with address: static, which is a public IP",
          fix: "remove one of them",
        },
      ]
    : [];

// AKS creates a virtual network for every cluster, all with the same range, so they cannot be peered.
const internalWhereNetworksAreConnected: Rule = (_, { gateways, clusters, remotes }) => {
  const made = clusters.filter(({ aks }) => aks).map(({ name }) => name);
  return gateways.internal && remotes.length > 0 && made.length > 0
    ? [
        {
          path: ["gateways", "internal"],
          message: `invalid value true: AKS creates a separate virtual network, without connections, for ${made.slice(0, 3).join(", ")}${made.length > 3 ? " and others" : ""}`,
          fix: "remove it and use allowedSourceRanges, or create the clusters in connected networks yourself and set context instead of aks",
        },
      ]
    : [];
};

/**
 * Letters after the number of processors; a p among them is Arm.
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
              message: `invalid value ${quote(nodePool.vmSize)}: it is ${architecture}, and the images of Istio ${id} are for ${architectures.join(", ")}`,
              fix: `use a size of that architecture, for example ${defaults.nodePool.vmSize}, or another Istio line`,
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

/** A field of the azure section is one problem, however many clusters inherit it. */
function uniqueByPath(findings: readonly FieldProblem[]): FieldProblem[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding.path), finding])).values()];
}
