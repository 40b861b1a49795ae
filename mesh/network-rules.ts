import { created } from "./aks-rules";
import type { MeshConfig } from "./config";
import { firstHalf, networkOf, overlap } from "./ipv4";
import { hasOwnNetwork, networkAccess } from "./network-access";
import { type FieldProblem, type Path, quote } from "./problem";
import { type Rule, type RuleRow, repeats } from "./rule";

/** Rules about the clusters' networks, and about ranges wherever they are written. */

/** Every list of ranges and every range of the file, with its place. */
const rangesOf = (config: MeshConfig): { path: Path; range: string }[] => [
  ...(config.gateways?.allowedSourceRanges ?? []).map((range, index) => ({
    path: ["gateways", "allowedSourceRanges", index],
    range,
  })),
  ...(config.azure?.authorizedIpRanges ?? []).map((range, index) => ({
    path: ["azure", "authorizedIpRanges", index],
    range,
  })),
  ...config.clusters.flatMap((cluster, at) => [
    ...(cluster.egressRanges ?? []).map((range, index) => ({
      path: ["clusters", at, "egressRanges", index],
      range,
    })),
    ...(cluster.addressSpace === undefined
      ? []
      : [{ path: ["clusters", at, "addressSpace"], range: cluster.addressSpace }]),
  ]),
];

const rangesWithoutHostBits: Rule = (config) =>
  rangesOf(config).flatMap(({ path, range }) => {
    const network = networkOf(range);
    return network === range
      ? []
      : [
          {
            path,
            message: `CIDR ${quote(range)} has host bits set: expected ${network}`,
            fix: `use ${network}, or ${range.split("/")[0]}/32 for a single address`,
          },
        ];
  });

const eachRangeOnce: Rule = ({ azure, clusters }) =>
  [
    { path: ["azure", "authorizedIpRanges"] as Path, list: azure?.authorizedIpRanges },
    { path: ["azure", "adminGroupObjectIds"] as Path, list: azure?.adminGroupObjectIds },
    ...clusters.map(({ egressRanges }, index) => ({
      path: ["clusters", index, "egressRanges"] as Path,
      list: egressRanges,
    })),
  ].flatMap(({ path, list }) =>
    repeats(list ?? []).map(({ index, value }) => ({
      path: [...path, index],
      message: `duplicate value ${quote(value)}`,
      fix: "remove it",
    })),
  );

/** https://www.rfc-editor.org/rfc/rfc6890, read 2026-11-23 */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

// API servers and gateways see public addresses.
const publicSources: Rule = (config) =>
  rangesOf(config).flatMap(({ path, range }) => {
    if (path.at(-2) !== "authorizedIpRanges" && path.at(-2) !== "egressRanges") return [];
    if (range.endsWith("/0"))
      return [
        {
          path,
          message: `invalid value ${quote(range)}: it admits every source`,
          fix: "list the public addresses; for open API servers set network: managed and remove authorizedIpRanges",
        },
      ];
    return privateRanges.some((one) => overlap(one, range))
      ? [
          {
            path,
            message: `invalid value ${quote(range)}: expected public addresses, which is what Azure sees`,
            fix: "use the public address behind which these machines are",
          },
        ]
      : [];
  });

const operatorsOfAClosedNetwork: Rule = (config, { azure, clusters }) => {
  if (!azure || created(clusters).length === 0) return [];
  if (azure.network === "managed")
    return azure.authorizedIpRanges.length > 0
      ? [
          {
            path: ["azure", "authorizedIpRanges"],
            message:
              "not possible with network: managed: the clusters' outbound addresses are unknown, and istiod would not reach the remotes' API servers",
            fix: "set azure.network: own, which gives each cluster a NAT gateway, or remove it",
          },
        ]
      : [];
  return azure.profile === "production" && config.azure?.authorizedIpRanges === undefined
    ? [
        {
          path: ["azure", "authorizedIpRanges"],
          message:
            "required field is missing in the production profile: expected the public addresses of operators and pipelines",
          fix: "add it, for example authorizedIpRanges: [203.0.113.0/24], or set network: managed for open API servers",
        },
      ]
    : [];
};

/** https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges, read 2026-11-30 */
const authorizedRangesLimit = 200;

const notTooManyAuthorizedRanges: Rule = (_, mesh) =>
  created(mesh.clusters)
    .map(({ cluster }) => networkAccess(mesh, cluster).apiServer)
    .flatMap((access) => (access ? [access.operators.length + access.clusters.length] : []))
    .filter((count) => count > authorizedRangesLimit)
    .slice(0, 1)
    .map((count) => ({
      path: ["azure", "authorizedIpRanges"],
      message: `${count} ranges with the clusters' own: expected at most ${authorizedRangesLimit}`,
      fix: "combine ranges",
    }));

const egressOfWhatExists: Rule = (_, { azure, clusters }) =>
  clusters.flatMap(({ name, aks, egressRanges }, index): FieldProblem[] => {
    const path: Path = ["clusters", index, "egressRanges"];
    const isClosed = azure !== undefined && azure.network !== "managed" && created(clusters).length > 0;
    const isComputed = isClosed && aks !== undefined && hasOwnNetwork(azure, aks);
    if (isClosed && !isComputed && egressRanges.length === 0)
      return [
        {
          path,
          message: `required field is missing with network: ${azure.network}: expected the public addresses from which ${name} calls the other clusters`,
          fix: "add it, with the addresses of its NAT gateway or firewall",
        },
      ];
    return egressRanges.length > 0 && (isComputed || !isClosed)
      ? [
          {
            path,
            message: isComputed
              ? `not used: Terraform creates the NAT gateway of ${name} and knows its addresses`
              : "not used: only gateways and API servers of azure.network own and peered are closed",
            fix: "remove it",
          },
        ]
      : [];
  });

const fieldsOfTheNetworksOwner: Rule = (config, { azure, clusters }) =>
  created(clusters).flatMap(({ aks, index }): FieldProblem[] => {
    const { vnetSubnetId, addressSpace, outboundType } = config.clusters[index]!;
    const refuse = (key: string, message: string, fix: string) => [
      { path: ["clusters", index, key], message, fix },
    ];
    return [
      ...(vnetSubnetId !== undefined && azure?.network === "managed"
        ? refuse("vnetSubnetId", "not possible with network: managed", "set azure.network: own or peered")
        : []),
      ...(addressSpace !== undefined && azure && !hasOwnNetwork(azure, aks)
        ? refuse(
            "addressSpace",
            vnetSubnetId === undefined
              ? "not used with network: managed, in which AKS chooses"
              : "not used beside vnetSubnetId: the network exists already",
            "remove it",
          )
        : []),
      ...(outboundType !== undefined && vnetSubnetId === undefined
        ? refuse("outboundType", "not used without vnetSubnetId", "remove it")
        : []),
    ];
  });

/** Overlay pods and Services: azurerm's defaults for network_profile. */
const usedByAks = [
  { range: "10.244.0.0/16", what: "the pods' range" },
  { range: "10.0.0.0/16", what: "the Services' range" },
  // https://learn.microsoft.com/azure/aks/configure-kubenet, read 2026-11-30
  ...["169.254.0.0/16", "172.30.0.0/15", "192.0.2.0/24"].map((range) => ({
    range,
    what: "a range that AKS reserves",
  })),
];

/** Every 10.x.0.0/16 that overlaps nothing. */
function freeRanges(taken: readonly (string | undefined)[]): string[] {
  const ranges = Array.from({ length: 255 }, (_, index) => `10.${index + 1}.0.0/16`);
  const used = [...usedByAks.map(({ range }) => range), ...taken.filter((range) => range !== undefined)];
  return ranges.filter((range) => !used.some((one) => overlap(one, range)));
}

const addressSpacesFit: Rule = (config, { azure, clusters }) => {
  if (!azure) return [];
  const own = created(clusters).filter(({ aks }) => hasOwnNetwork(azure, aks));
  const free = freeRanges(config.clusters.map(({ addressSpace }) => addressSpace)).values();
  return own.flatMap(({ aks, index }, at): FieldProblem[] => {
    const path: Path = ["clusters", index, "addressSpace"];
    const range = aks.addressSpace;
    if (azure.network === "peered" && own.length > 1 && config.clusters[index]!.addressSpace === undefined)
      return [
        {
          path,
          message:
            "required field is missing with network: peered: expected a range that no other network has",
          fix: `add it, for example addressSpace: ${free.next().value ?? "172.16.0.0/16"}`,
        },
      ];
    const length = Number(range.split("/")[1]);
    if (length < 8 || length > 27)
      return [
        {
          path,
          message: `invalid value ${quote(range)}: expected a range from /8 to /27`,
          fix: "change the length",
        },
      ];
    const taken = usedByAks.find((one) => overlap(one.range, range));
    if (taken)
      return [
        {
          path,
          message: `invalid value ${quote(range)}: it overlaps ${taken.what}, ${taken.range}`,
          fix: "use another range",
        },
      ];
    const nodes = [aks.nodePool, aks.systemNodePool].reduce((sum, pool) => sum + (pool?.maxNodes ?? 0), 0);
    // Azure keeps five addresses of a subnet; an upgrade adds a tenth of every pool.
    const needed = Math.ceil(nodes * 1.1) + 1 + 5;
    const available = 2 ** (32 - length - 1);
    if (needed > available)
      return [
        {
          path,
          message: `the nodes' subnet ${firstHalf(range)} has ${available} addresses: expected at least ${needed} for ${nodes} nodes`,
          fix: "use a larger range, or lower maxNodes",
        },
      ];
    const other = own
      .slice(0, at)
      .find((one) => azure.network === "peered" && overlap(one.aks.addressSpace, range));
    return other
      ? [
          {
            path,
            message: `invalid value ${quote(range)}: it overlaps ${other.aks.addressSpace} of ${other.cluster.name}, and peered networks must not`,
            fix: "use another range",
          },
        ]
      : [];
  });
};

export const networkRules: readonly RuleRow[] = [
  [rangesWithoutHostBits],
  [eachRangeOnce],
  [publicSources],
  [operatorsOfAClosedNetwork, "azure.profile", "azure.network"],
  [notTooManyAuthorizedRanges, "azure.authorizedIpRanges"],
  [egressOfWhatExists, "azure.profile", "azure.network", "clusters[].aks", "clusters[].vnetSubnetId"],
  [fieldsOfTheNetworksOwner, "azure.profile", "azure.network", "clusters[].aks", "clusters[].vnetSubnetId"],
  [
    addressSpacesFit,
    "azure.profile",
    "azure.network",
    "clusters[].aks",
    "clusters[].vnetSubnetId",
    "azure.nodePool",
    "azure.systemNodePool",
  ],
];
