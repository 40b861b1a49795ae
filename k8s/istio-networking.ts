import type { IstioLine } from "../mesh/istio-lines";

/** Gateway, VirtualService and DestinationRule, typed by Istio's CRDs. */
type Networking = Pick<
  typeof import("../imports/istio-1.31-networking.istio.io"),
  "DestinationRule" | "Gateway" | "GatewaySpecServersTlsMode" | "VirtualService"
>;

// Loaded on demand: a process needs one of the two, and each takes some ten milliseconds.
const modules: Record<IstioLine["networkingApi"], () => unknown> = {
  "networking.istio.io/v1": () => require("../imports/istio-1.31-networking.istio.io"),
  "networking.istio.io/v1alpha3": () => require("../imports/istio-1.7-networking.istio.io"),
};

/**
 * The resources of an API version. Both have the types of the newer one; tests validate each line's manifests against
 * its own CRDs.
 */
export function networking(api: IstioLine["networkingApi"]): Networking {
  return modules[api]() as Networking;
}
