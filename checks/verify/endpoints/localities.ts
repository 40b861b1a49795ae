import type { Cluster } from "../../../mesh/mesh";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";
import type { VerifyWorld } from "../world";

/**
 * istiod sends a gateway once for each locality of the pods behind it, with the number of pods there, and Envoy keeps the
 * first of equal addresses. So the weight of a gateway is the number of pods in one of the localities, and clusters do not
 * get shares in proportion to their pods. Shares of versions follow a VirtualService all the same.
 * https://github.com/istio/istio/issues/56355, with a fix in https://github.com/istio/istio/pull/60835, both open;
 * ep_filters.go is alike in 1.7, 1.30 and 1.31; read 2026-11-30
 */
export const severalLocalities = "Istio weights a gateway by the pods of one locality only (istio#56355)";

/** A pod's own label, or else these of its node (pilot/pkg/serviceregistry/kube/controller/controller.go, read 2026-11-30). */
const podLabel = "istio-locality";
const localityLabels = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
];

/** The localities of pods of a cluster, sorted; an empty one for nodes without labels. */
export async function localitiesOf(
  { probes }: VerifyWorld,
  cluster: Cluster,
  pods: readonly KubernetesObject[],
): Promise<readonly string[]> {
  const nodes = await probes(cluster).nodes();
  const localities = pods.map(({ metadata, spec }) => {
    const node = nodes.find((one) => one.metadata.name === spec.nodeName);
    const ofNode = localityLabels.flatMap((label) => node?.metadata.labels?.[label] ?? []);
    return metadata.labels?.[podLabel] ?? ofNode.join("/");
  });
  return [...new Set(localities)].sort();
}

/** `remote0 has pods in 2 localities: centralus/centralus-1, centralus/centralus-2` */
export const describeLocalities = ({ name }: Cluster, localities: readonly string[]) =>
  `${name} has pods in ${localities.length} localities: ${localities.map((one) => one || "none").join(", ")}`;
