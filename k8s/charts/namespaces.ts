import type { App } from "cdk8s";
import { KubeNamespace } from "cdk8s-plus-27/lib/imports/k8s";
import type { Bundle } from "../bundle";
import { istioNamespace, networkLabel } from "../istio-names";
import { MeshChart } from "../mesh-chart";

/** istio-system, with what tells Istio the cluster's place in the mesh, and the sample's namespace. */
export class Namespaces extends MeshChart {
  constructor(app: App, id: string, { mesh, cluster }: Bundle) {
    super(app, id, mesh);
    new KubeNamespace(this, "istio", {
      metadata: { name: istioNamespace, ...place[mesh.istio.line.installation]({ mesh, cluster }) },
    });
    if (mesh.sample) {
      new KubeNamespace(this, "sample", {
        metadata: { name: mesh.sample.namespace, labels: { "istio-injection": "enabled" } },
      });
    }
  }
}

const place = {
  /**
   * The label names the network; the annotation, required of remotes since 1.15, lets the primary write its
   * certificates and patch the webhook there.
   */
  "primary-remote": ({ mesh, cluster }: Pick<Bundle, "mesh" | "cluster">) => ({
    labels: { [networkLabel]: cluster.network },
    ...(cluster.role === "remote" && {
      annotations: { "topology.istio.io/controlPlaneClusters": mesh.primary.name },
    }),
  }),
  /** 1.7 has it in the IstioOperator's meshNetworks alone. */
  "shared-control-plane": () => ({}),
};
