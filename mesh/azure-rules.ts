import { aksProfiles } from "./aks-profiles";
import { created, pathOf, uniqueByPath } from "./aks-rules";
import { aksSettings, clusterOnAzureSettings } from "./azure-config";
import { type FieldProblem, quote } from "./problem";
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
    [...clusterOnAzureSettings, ...aksSettings]
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
    created(clusters).flatMap(({ aks, index }) => {
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
    created(clusters).flatMap(({ aks, index }) =>
      (["nodePool", "systemNodePool"] as const).flatMap((key): FieldProblem[] => {
        const pool = aks[key];
        if (!pool) return [];
        const { nodes, minNodes, maxNodes } = pool;
        const path = pathOf(config, index, key);
        const values = `nodes ${nodes}, minNodes ${minNodes}, maxNodes ${maxNodes} (defaults included)`;
        if (minNodes > maxNodes)
          return [
            {
              path,
              message: `minNodes is above maxNodes: ${values}`,
              fix: "raise maxNodes or lower minNodes",
            },
          ];
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
    ),
  );

/** AKS names the node resource group MC_<group>_<cluster>_<location>, with at most 80 characters. */
const nodeResourceGroupLimit = 80;

const nodeResourceGroupFits: Rule = (_, { clusters }) =>
  created(clusters).flatMap(({ aks, index }) => {
    const name = `MC_${aks.resourceGroup.name}_${aks.name}_${aks.location}`;
    return name.length > nodeResourceGroupLimit
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

const staticAddressIsPublic: Rule = (config, { gateways }) =>
  gateways.address === "static" && gateways.internal
    ? [
        {
          path: ["gateways", config.gateways?.internal ? "internal" : "address"],
          message: config.gateways?.internal
            ? "invalid value true with address: static, which is a public IP"
            : "invalid value static with azure.network: peered, which makes the gateways internal",
          fix: config.gateways?.internal ? "remove one of them" : "remove it",
        },
      ]
    : [];

// Virtual networks that AKS creates all have the same range, so they cannot be peered.
const internalWhereNetworksAreConnected: Rule = (config, { azure, gateways, clusters, remotes }) => {
  const apart = created(clusters)
    .filter(({ aks }) => azure?.network !== "peered" && aks.vnetSubnetId === undefined)
    .map(({ cluster }) => cluster.name);
  const unpeered = clusters
    .filter(({ aks }) => azure?.network === "peered" && (aks === undefined || aks.vnetSubnetId !== undefined))
    .map(({ name }) => name);
  if (unpeered.length > 0 && clusters.length > 1 && config.gateways?.internal === undefined)
    return [
      {
        path: ["azure", "network"],
        message: `network: peered makes the gateways internal, and Terraform peers only the networks that it creates, not those of ${unpeered.join(", ")}`,
        fix: "peer these networks with all others yourself and set gateways.internal: true, or set gateways.internal: false",
      },
    ];
  return gateways.internal && remotes.length > 0 && apart.length > 0
    ? [
        {
          path: ["gateways", "internal"],
          message: `invalid value true: ${apart.slice(0, 3).join(", ")}${apart.length > 3 ? " and others" : ""} get separate virtual networks, without connections`,
          fix: "set azure.network: peered, or remove it",
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
    created(clusters).flatMap(({ aks: { nodePool }, index }) => {
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
              fix: `use a size of that architecture, for example ${aksProfiles.demo.aks.nodePool.vmSize}, or another Istio line`,
            },
          ];
    }),
  );

export const azureRules: readonly RuleRow[] = [
  [azureForAksClusters, "clusters[].aks"],
  [noAksSettingsOnExistingClusters, "clusters[].context"],
  [kubernetesVersionOfTheLine, "istio.line"],
  [nodesWithinTheAutoscalersRange, "azure.profile", "azure.nodePool", "azure.systemNodePool"],
  [
    nodeResourceGroupFits,
    "azure.resourceGroup",
    "azure.location",
    "clusters[].resourceGroup",
    "clusters[].location",
  ],
  [staticAddressIsAzures, "clusters[].role", "clusters[].aks"],
  [staticAddressIsPublic, "gateways.address", "azure.network"],
  [
    internalWhereNetworksAreConnected,
    "gateways.internal",
    "clusters[].aks",
    "azure.network",
    "clusters[].vnetSubnetId",
  ],
  [vmSizesThatRunTheLine, "istio.line"],
];
