import type { App } from "cdk8s";
import { helloworldPort } from "../../mesh/istio-lines";
import type { Sample } from "../../mesh/mesh";
import type { Bundle } from "../bundle";
import { networking } from "../istio-networking";
import { MeshChart } from "../mesh-chart";

/**
 * Which version of helloworld answers. The primary's istiod reads it for every cluster and ignores it in remotes.
 */
export class Routing extends MeshChart {
  constructor(app: App, id: string, { mesh }: Bundle, { namespace, versions, weights }: Sample) {
    super(app, id, mesh);
    const { DestinationRule, VirtualService } = networking(mesh.istio.line.networkingApi);
    const host = `helloworld.${namespace}.svc.cluster.local`;
    new DestinationRule(this, "destination-rule", {
      metadata: { name: "helloworld-destination", namespace },
      spec: { host, subsets: versions.map(({ name }) => ({ name, labels: { version: name } })) },
    });
    // Without weights every pod gets an equal share.
    if (!weights) return;
    new VirtualService(this, "virtual-service", {
      metadata: { name: "helloworld", namespace },
      spec: {
        hosts: [host],
        http: [
          {
            route: Object.entries(weights).map(([subset, weight]) => ({
              destination: { host, subset, port: { number: helloworldPort } },
              weight,
            })),
          },
        ],
      },
    });
  }
}
