import type { App } from "cdk8s";
import { KubeSecret } from "cdk8s-plus-27/lib/imports/k8s";
import type { ClusterCa } from "../../ca/material";
import type { Bundle } from "../bundle";
import { istioNamespace } from "../istio-names";
import { MeshChart } from "../mesh-chart";

/**
 * The cluster's plug-in CA. istiod mounts the Secret of this name; without it, istiod signs with a self-signed root and
 * reports no error.
 * https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/, read 2026-11-23
 */
export class CaCerts extends MeshChart {
  constructor(app: App, id: string, { mesh }: Bundle, ca: ClusterCa) {
    super(app, id, mesh);
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    new KubeSecret(this, "cacerts", {
      metadata: { name: "cacerts", namespace: istioNamespace },
      type: "Opaque",
      // `data`, not `stringData`: with the latter every `kubectl apply` reports a change.
      data: {
        "ca-cert.pem": base64(ca.caCert),
        "ca-key.pem": base64(ca.caKey),
        "cert-chain.pem": base64(ca.certChain),
        "root-cert.pem": base64(ca.rootCert),
      },
    });
  }
}
