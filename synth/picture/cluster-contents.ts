import { sharesIngressGateway } from "../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { networkAccess } from "../../mesh/network-access";
import { versionShades } from "./paint";

/** One line about a cluster. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

export function factsOf(mesh: Mesh, cluster: Cluster): Fact[] {
  const { network, aks, context } = cluster;
  return [
    { label: "network", value: network },
    aks ? { label: "AKS", value: aks.name } : { label: "context", value: context },
    ...(aks ? [{ label: "Kubernetes", value: aks.kubernetesVersion }] : []),
    ...(isInSeveralRegions(mesh) && aks ? [{ label: "region", value: aks.location }] : []),
    ...accessFacts(mesh, cluster),
  ];
}

/** Who may connect, in words that fit; the runbook has the names. */
function accessFacts(mesh: Mesh, cluster: Cluster): Fact[] {
  const { apiServer, eastWestGateway } = networkAccess(mesh, cluster);
  const [range, ...more] = apiServer?.operators ?? [];
  return [
    ...(apiServer
      ? [
          { label: "operators", value: `${range}${more.length > 0 ? ` and ${more.length} more` : ""}` },
          {
            label: "API server",
            value: cluster === mesh.primary ? "from operators, itself" : "from operators, primary, itself",
          },
        ]
      : []),
    ...(eastWestGateway ? [{ label: "gateway", value: "from the other clusters" }] : []),
  ];
}

/** Regions of the AKS clusters, each once. */
export const regionsOf = ({ clusters }: Mesh): string[] => [
  ...new Set(clusters.flatMap(({ aks }) => aks?.location ?? [])),
];

const isInSeveralRegions = (mesh: Mesh) => regionsOf(mesh).length > 1;

/** One line of workloads of a cluster. */
export interface List {
  readonly label: string;
  readonly entries: readonly { readonly name: string; readonly paint: string }[];
}

export function listsOf(mesh: Mesh, cluster: Cluster): List[] {
  return [
    { label: "helloworld", entries: sampleEntries(mesh, cluster) },
    { label: "also here", entries: cluster === mesh.primary ? primaryEntries(mesh) : [] },
  ].filter(({ entries }) => entries.length > 0);
}

function sampleEntries({ sample, istio }: Mesh, cluster: Cluster): List["entries"] {
  if (!sample) return [];
  return [
    ...sample.versions
      .map(({ name, clusters }, index) => ({ name, clusters, paint: versionPaint(index) }))
      .filter(({ clusters }) => clusters.includes(cluster.name)),
    { name: `${istio.line.sample.client.name} (client)`, paint: "chip" },
  ];
}

function primaryEntries({ addons, gateways, istio }: Mesh): List["entries"] {
  const apart = gateways.ingress && !sharesIngressGateway(istio.line);
  return [
    { name: "ingress", runs: apart },
    { name: "Prometheus", runs: addons.prometheus },
    { name: "Kiali", runs: addons.kiali },
  ]
    .filter(({ runs }) => runs)
    .map(({ name }) => ({ name, paint: "chip" }));
}

/** Class for the sample's version at this index. */
export function versionPaint(index: number): string {
  return versionShades[index % versionShades.length]!;
}

export interface ControlPlane {
  readonly paint: "xds" | "absent";
  readonly title: string;
  readonly duties: string;
}

const wholeControlPlane: ControlPlane = {
  paint: "xds",
  title: "istiod",
  duties: "xDS, certificates, injection",
};

/** Shown as the control plane of a remote. */
const remoteControlPlanes = {
  own: { ...wholeControlPlane, duties: "certificates, injection; no xDS" },
  none: { ...wholeControlPlane, paint: "absent", title: "served by the primary's istiod" },
} as const satisfies Readonly<Record<string, ControlPlane>>;

/** Shown instead of an unknown address. */
export function missingAddress({ gateways, primary }: Mesh, cluster: Cluster): string {
  return gateways.address === "static" && cluster === primary
    ? "static public IP, created by Terraform"
    : "address known after install";
}

export function controlPlaneOf({ primary, istio }: Mesh, cluster: Cluster): ControlPlane {
  if (cluster === primary) return wholeControlPlane;
  return istio.line.remotesRunIstiod ? remoteControlPlanes.own : remoteControlPlanes.none;
}
