import type { CaMaterial } from "../ca/material";
import type { Addresses, Cluster, Mesh } from "../mesh/mesh";
import { bundleCharts, type ChartId } from "./bundle-charts";
import { istioOperatorRows } from "./istio-operators";

/** A manifest in a cluster's folder. */
export interface ManifestFile {
  readonly id: ChartId;
  /** Name in the cluster's folder, for example 0001-cacerts.k8s.yaml. */
  readonly file: string;
  /** Goes to the cluster before Istio does; the others follow with the whole folder. */
  readonly beforeIstio: boolean;
  readonly needsCa: boolean;
}

/** Input of `istioctl install -f`. */
export interface OperatorFile {
  /** Path in the cluster's folder, for example istio/istio.yaml. */
  readonly file: string;
  readonly installs: "control plane" | "gateway";
  readonly needsPrimaryAddress: boolean;
}

/** Files of one cluster's folder, each list in the order of application. */
export interface BundleFiles {
  readonly manifests: readonly ManifestFile[];
  readonly operators: readonly OperatorFile[];
}

/**
 * The files of a cluster's complete bundle. Names do not depend on what is known already: files that `bundleGaps`
 * names are not there yet, the others have these names with and without them.
 */
export function bundleFiles(mesh: Mesh, cluster: Cluster): BundleFiles {
  return {
    manifests: bundleCharts({ mesh, cluster }).map(({ id, file, beforeIstio = false, needsCa = false }) => ({
      id,
      file,
      beforeIstio,
      needsCa,
    })),
    operators: istioOperatorRows(mesh, cluster).map(({ file, installs, needsPrimaryAddress }) => ({
      file,
      installs,
      needsPrimaryAddress,
    })),
  };
}

/** A file that is not written, because something it is made of is not there yet. */
export interface BundleGap {
  readonly cluster: Cluster;
  /** Name in the cluster's folder. */
  readonly file: string;
  readonly missing: "ca" | "primary address";
}

/** What the bundles lack, cluster by cluster; empty: they are complete. */
export function bundleGaps(
  mesh: Mesh,
  inputs: { readonly ca: CaMaterial | undefined; readonly addresses: Addresses },
): readonly BundleGap[] {
  return mesh.clusters.flatMap((cluster) => {
    const { manifests, operators } = bundleFiles(mesh, cluster);
    const withoutCa = inputs.ca?.[cluster.name] ? [] : manifests.filter(({ needsCa }) => needsCa);
    const withoutAddress = inputs.addresses[mesh.primary.name]
      ? []
      : operators.filter(({ needsPrimaryAddress }) => needsPrimaryAddress);
    return [
      ...withoutCa.map(({ file }) => ({ cluster, file, missing: "ca" as const })),
      ...withoutAddress.map(({ file }) => ({ cluster, file, missing: "primary address" as const })),
    ];
  });
}
