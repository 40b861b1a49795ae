import type { App } from "cdk8s";
import type { Bundle } from "../bundle";
import { istioNamespace } from "../istio-names";
import { networking } from "../istio-networking";
import { MeshChart } from "../mesh-chart";

/**
 * Exposes every cluster's services to the other clusters, over mTLS and routed by SNI. The resource on the primary
 * configures the gateways of all clusters.
 */
export class ExposeServices extends MeshChart {
  constructor(app: App, id: string, { mesh }: Bundle) {
    super(app, id, mesh);
    const { networkingApi, gateway } = mesh.istio.line;
    const { Gateway, GatewaySpecServersTlsMode } = networking(networkingApi);
    new Gateway(this, "gateway", {
      metadata: { name: gateway.exposure.name, namespace: istioNamespace },
      spec: {
        selector: { istio: gateway.selector },
        servers: [
          {
            port: { name: "tls", number: gateway.dataPort, protocol: "TLS" },
            tls: { mode: GatewaySpecServersTlsMode.AUTO_UNDERSCORE_PASSTHROUGH },
            hosts: ["*.local"],
          },
        ],
      },
    });
  }
}
