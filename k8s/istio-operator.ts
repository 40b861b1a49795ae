import type { Cluster, Mesh } from "../mesh/mesh";
import { istioNamespace } from "./istio-names";

/** Input of `istioctl install -f`. Not a resource: its CRD was removed in Istio 1.21, and kubectl refuses it. */
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

/** A file with an IstioOperator in a cluster's folder. */
export interface OperatorFile {
  /** Path in the cluster's folder, in a sub-folder, which `kubectl apply -f dist/<cluster>` skips. */
  readonly file: string;
  /** Files of `mesh render`, by what they install. Gateways start after the control plane, which injects their pods. */
  readonly renders: { readonly controlPlane?: string; readonly gateways?: string };
  /** The file is not written without it. */
  readonly needs?: "primary address";
  /** @param address of the primary's gateway, where the file needs it */
  readonly make: (mesh: Mesh, cluster: Cluster, address: string) => IstioOperator;
}
