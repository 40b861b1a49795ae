import type { App } from "cdk8s";
import type { Bundle } from "../bundle";
import { istioNamespace } from "../istio-names";
import { networking } from "../istio-networking";
import { MeshChart } from "../mesh-chart";

/**
 * Exposes the primary's istiod on its east-west gateway, for xDS, certificates and injection. TLS passes through, so
 * remotes verify istiod's own certificate.
 */
export class ExposeIstiod extends MeshChart {
  constructor(app: App, id: string, { mesh }: Bundle) {
    super(app, id, mesh);
    const { networkingApi, gateway } = mesh.istio.line;
    const routes = gateway.ports.flatMap(({ port, istiod }) => (istiod ? [{ port, ...istiod }] : []));
    const { Gateway, GatewaySpecServersTlsMode, VirtualService } = networking(networkingApi);
    new Gateway(this, "gateway", {
      metadata: { name: "istiod-gateway", namespace: istioNamespace },
      spec: {
        selector: { istio: gateway.selector },
        servers: routes.map(({ name, port }) => ({
          port: { name, number: port, protocol: "TLS" },
          tls: { mode: GatewaySpecServersTlsMode.PASSTHROUGH },
          hosts: ["*"],
        })),
      },
    });
    new VirtualService(this, "virtual-service", {
      metadata: { name: "istiod-vs", namespace: istioNamespace },
      spec: {
        hosts: ["*"],
        gateways: ["istiod-gateway"],
        tls: routes.map(({ port, servicePort }) => ({
          match: [{ port, sniHosts: ["*"] }],
          route: [
            {
              destination: {
                host: `istiod.${istioNamespace}.svc.cluster.local`,
                port: { number: servicePort },
              },
            },
          ],
        })),
      },
    });
  }
}
