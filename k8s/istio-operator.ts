import { istioNamespace } from "./istio-names";

/** Input of `istioctl install -f`. Not a resource: its CRD is gone since Istio 1.21, and kubectl refuses it. */
export interface IstioOperator {
  readonly apiVersion: "install.istio.io/v1alpha1";
  readonly kind: "IstioOperator";
  readonly metadata?: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** @param name istioctl removes what an earlier file of the same name installed and this one does not. @default - none */
export function istioOperator(spec: IstioOperator["spec"], name?: string): IstioOperator {
  return {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    ...(name !== undefined && { metadata: { name, namespace: istioNamespace } }),
    spec,
  };
}
