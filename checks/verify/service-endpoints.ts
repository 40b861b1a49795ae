import type { KubernetesObject } from "../../ops/exec/kubernetes-object";

// Endpoints of a Service: EndpointSlices, or Endpoints on Kubernetes that has none yet.

/** Whether this is an EndpointSlice or Endpoints object of the Service with this name. */
export const isEndpointsOf = ({ kind, metadata }: KubernetesObject, service: string) =>
  (kind === "EndpointSlice" &&
    (metadata.labels?.["kubernetes.io/service-name"] ?? metadata.name) === service) ||
  (kind === "Endpoints" && metadata.name === service);

interface Endpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
}

/** Addresses that requests may go to. Without a condition an endpoint counts as ready. */
export function readyAddresses({ endpoints, subsets }: KubernetesObject): string[] {
  // An EndpointSlice without endpoints has null for them.
  const ofSlice = ((endpoints ?? []) as readonly Endpoint[]).filter(
    ({ conditions }) => conditions?.ready !== false,
  );
  const ofSubsets = (subsets ?? []) as readonly { addresses?: readonly { ip: string }[] }[];
  return [
    ...ofSlice.flatMap(({ addresses }) => addresses ?? []),
    ...ofSubsets.flatMap(({ addresses }) => (addresses ?? []).map(({ ip }) => ip)),
  ];
}
