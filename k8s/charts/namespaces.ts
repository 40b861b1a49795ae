import type { App } from "cdk8s";
import { KubeNamespace } from "cdk8s-plus-27/lib/imports/k8s";
import type { Bundle } from "../bundle";
import { istioNamespace, networkLabel } from "../istio-names";
import { MeshChart } from "../mesh-chart";

/** istio-system, with the cluster's network and primary, and the sample's namespace. */
export class Namespaces extends MeshChart {
  constructor(app: App, id: string, { mesh, cluster }: Bundle) {
    super(app, id, mesh);
    new KubeNamespace(this, "istio", {
      metadata: { name: istioNamespace, ...meshPlace({ mesh, cluster }) },
    });
    if (mesh.sample) {
      new KubeNamespace(this, "sample", {
        metadata: { name: mesh.sample.namespace, labels: { "istio-injection": "enabled" } },
      });
    }
  }
}

function meshPlace({ mesh, cluster }: Pick<Bundle, "mesh" | "cluster">) {
  const { networksFrom, remotesRunIstiod } = mesh.istio.line;
  return {
    ...(networksFrom === "labels" && { labels: { [networkLabel]: cluster.network } }),
    // Lets the primary write the remote's certificates and patch its webhook; required since 1.15.
    ...(cluster.role === "remote" &&
      !remotesRunIstiod && { annotations: { "topology.istio.io/controlPlaneClusters": mesh.primary.name } }),
  };
}
