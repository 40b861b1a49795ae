import type { App, Chart } from "cdk8s";
import type { CaMaterial, ClusterCa } from "../ca/material";
import { istiodPorts } from "../mesh/istio-lines";
import type { Addresses, Cluster, Mesh } from "../mesh/mesh";
import { Kiali } from "./addons/kiali";
import { Prometheus } from "./addons/prometheus";
import { CaCerts } from "./charts/ca-certs";
import { ExposeIstiod } from "./charts/expose-istiod";
import { ExposeServices } from "./charts/expose-services";
import { Namespaces } from "./charts/namespaces";
import { Routing } from "./charts/routing";
import { Sample } from "./charts/sample";
import { installationOf } from "./installations";
import type { OperatorFile } from "./istio-operator";

/** What the manifests of one cluster are made of. */
export interface Bundle {
  readonly mesh: Mesh;
  readonly cluster: Cluster;
  /** Undefined: `mesh ca` has not run yet, so there is no `cacerts`. */
  readonly ca: ClusterCa | undefined;
  /** Gateway addresses known so far. */
  readonly addresses: Addresses;
}

export type ChartId =
  | "crds"
  | "namespaces"
  | "cacerts"
  | "expose-istiod"
  | "expose-services"
  | "sample"
  | "routing"
  | "prometheus"
  | "kiali";

interface ChartRow {
  /** Part of the file's name. */
  readonly id: ChartId;
  /** Applied before Istio is installed: Istio needs it, and it needs neither Istio's CRDs nor its webhooks. */
  readonly beforeIstio?: true;
  /** The file is not written without it. */
  readonly needs?: "ca";
  /** Which clusters get it. */
  readonly belongsTo: (mesh: Mesh, cluster: Cluster) => boolean;
  readonly make: (app: App, id: string, bundle: Bundle) => Chart;
}

const onPrimary = (_: Mesh, { role }: Cluster) => role === "primary";

/** In the order of application. */
const charts: readonly ChartRow[] = [
  {
    id: "crds",
    beforeIstio: true,
    belongsTo: (mesh, cluster) =>
      onPrimary(mesh, cluster) && mesh.addons.kiali && installationOf(mesh).kiali.dashboards !== undefined,
    make: (app, id, { mesh }) => installationOf(mesh).kiali.dashboards!.crd(app, id, mesh),
  },
  {
    id: "namespaces",
    beforeIstio: true,
    belongsTo: () => true,
    make: (...props) => new Namespaces(...props),
  },
  {
    id: "cacerts",
    beforeIstio: true,
    needs: "ca",
    belongsTo: () => true,
    make: (app, id, bundle) => new CaCerts(app, id, bundle, bundle.ca!),
  },
  {
    id: "expose-istiod",
    belongsTo: (mesh, cluster) => onPrimary(mesh, cluster) && istiodPorts(mesh.istio.line).length > 0,
    make: (...props) => new ExposeIstiod(...props),
  },
  {
    id: "expose-services",
    belongsTo: (mesh, cluster) =>
      onPrimary(mesh, cluster) || mesh.istio.line.gateway.exposure.on === "every cluster",
    make: (...props) => new ExposeServices(...props),
  },
  {
    id: "sample",
    belongsTo: ({ sample }) => sample !== undefined,
    make: (app, id, bundle) => new Sample(app, id, bundle, bundle.mesh.sample!),
  },
  {
    id: "routing",
    belongsTo: (mesh, cluster) => onPrimary(mesh, cluster) && mesh.sample !== undefined,
    make: (app, id, bundle) => new Routing(app, id, bundle, bundle.mesh.sample!),
  },
  {
    id: "prometheus",
    belongsTo: (mesh, cluster) => onPrimary(mesh, cluster) && mesh.addons.prometheus,
    make: (...props) => new Prometheus(...props),
  },
  {
    id: "kiali",
    belongsTo: (mesh, cluster) => onPrimary(mesh, cluster) && mesh.addons.kiali,
    make: (...props) => new Kiali(...props),
  },
];

export interface ManifestFile extends ChartRow {
  /** Name in the cluster's folder, for example 0001-cacerts.k8s.yaml. */
  readonly file: string;
}

/** The manifests of a cluster's complete bundle, in the order of application. Names do not depend on the inputs. */
export function manifestFiles(mesh: Mesh, cluster: Cluster): readonly ManifestFile[] {
  return charts
    .filter(({ belongsTo }) => belongsTo(mesh, cluster))
    .map((row, index) => ({ ...row, file: manifestFile(index, row.id) }));
}

/** As cdk8s names it. */
export const manifestFile = (index: number, id: string) => `${String(index).padStart(4, "0")}-${id}.k8s.yaml`;

/** Input of `istioctl install -f` for a cluster, in the order of installation. */
export function operatorFiles({ istio }: Pick<Mesh, "istio">, { role }: Cluster): readonly OperatorFile[] {
  return installationOf({ istio }).operators[role];
}

/** Whether the file cannot be written yet, because an input is missing. */
export function isGap(
  { needs }: Pick<ManifestFile | OperatorFile, "needs">,
  { mesh, ca, addresses }: Bundle,
): boolean {
  return (needs === "ca" && !ca) || (needs === "primary address" && !addresses[mesh.primary.name]);
}

/** A file that is not written, because an input is missing. */
export interface BundleGap {
  readonly cluster: Cluster;
  /** Name in the cluster's folder. */
  readonly file: string;
  readonly missing: "ca" | "primary address";
}

/** What the bundles lack, cluster by cluster; empty: they are complete. */
export function bundleGaps(
  mesh: Mesh,
  { ca, addresses }: { readonly ca: CaMaterial | undefined; readonly addresses: Addresses },
): readonly BundleGap[] {
  return mesh.clusters.flatMap((cluster) =>
    [...manifestFiles(mesh, cluster), ...operatorFiles(mesh, cluster)]
      .filter((row) => isGap(row, { mesh, cluster, ca: ca?.[cluster.name], addresses }))
      .map(({ file, needs }) => ({ cluster, file, missing: needs! })),
  );
}
