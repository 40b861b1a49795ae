import { istiodPorts } from "../../mesh/istio-lines";
import type { Cluster } from "../../mesh/mesh";
import { isOwned } from "../../ops/clusters/owner";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { kubectlIn } from "../suggested-commands";
import { certain, type Effect, possible, type Scene, type Suspects } from "./cause";
import { isOfIstioctl } from "./manager";
import { isSampleHost, isVisibleIn, opensPortsOf, selects } from "./targets";

// Istio's configuration that others add. istiod reads it from the primary alone.
// https://istio.io/latest/docs/reference/config/ ; read 2026-11-27

/** Takes one field out of an object; an apply leaves alone what others have added. */
const removeField =
  ({ kind, apiVersion, metadata }: KubernetesObject, path: string) =>
  (where: Cluster) => {
    const resource = `${kind.toLowerCase()}.${apiVersion.split("/")[0]}`;
    const patch = ["--type=json", "-p", JSON.stringify([{ op: "remove", path }])];
    return [kubectlIn(where, "-n", metadata.namespace!, "patch", resource, metadata.name, ...patch)];
  };

interface Rule {
  readonly from?: readonly unknown[];
  readonly to?: readonly { readonly operation?: Readonly<Record<string, readonly string[]>> }[];
}

/** Whether each of the rules is about other ports alone. */
function sparesPorts(rules: readonly Rule[] | undefined, ports: readonly number[]): boolean {
  if (!rules?.length) return false;
  return rules.every(
    ({ to }) =>
      to?.length &&
      to.every(({ operation }) => {
        const named = operation?.ports;
        return named !== undefined && !ports.some((port) => named.includes(String(port)));
      }),
  );
}

/**
 * On a TCP port there is no HTTP: rules lose their HTTP parts, so a DENY hits every connection, and an ALLOW none.
 * https://istio.io/latest/docs/reference/config/security/authorization-policy/ ; istio/istio#29119
 */
function authorization(object: KubernetesObject, scene: Scene): Effect[] {
  const { action = "ALLOW", rules } = object.spec ?? {};
  if (action === "AUDIT") return [];
  const { gateway, server } = scene.pods;
  const spared = action !== "ALLOW" && sparesPorts(rules, istiodPorts(scene.mesh.istio.line));
  return [
    ...(selects(object, gateway) && !spared
      ? certain(
          "istiod",
          `has the action ${action} for all ports of the gateway, istiod's included, where only TCP counts and HTTP fields are dropped`,
        )
      : []),
    ...(selects(object, server)
      ? certain("requests", `has the action ${action} for requests to the sample`, { of: /RBAC|HTTP 403/ })
      : []),
  ];
}

/** The gateways route by SNI, which plaintext has not: endpoints without mTLS are left out across networks (istio/istio#30705). */
function peerAuthentication(object: KubernetesObject, { pods }: Scene): Effect[] {
  const { mtls, portLevelMtls = {} } = object.spec ?? {};
  const modes = [mtls, ...Object.values<typeof mtls>(portLevelMtls)].map((one) => one?.mode);
  return modes.includes("DISABLE") && selects(object, pods.server)
    ? certain(
        "endpoints",
        "disables mTLS for the sample; gateways route only mTLS, so istiod leaves out other clusters' endpoints",
      )
    : [];
}

const requestAuthentication = (object: KubernetesObject, { pods }: Scene): Effect[] =>
  selects(object, pods.server)
    ? certain("requests", "requires a token in requests to the sample", { of: /Jwt|HTTP 401/i })
    : [];

interface TrafficPolicy {
  readonly tls?: { readonly mode?: string };
  readonly outlierDetection?: object;
  readonly connectionPool?: object;
  readonly loadBalancer?: object;
}

/** Effects of a traffic policy, by its parts. */
const policyParts: readonly {
  readonly isSet: (policy: TrafficPolicy) => unknown;
  readonly effects: (policy: TrafficPolicy) => readonly Effect[];
}[] = [
  {
    isSet: ({ tls }) => tls && !["ISTIO_MUTUAL", undefined].includes(tls.mode),
    effects: ({ tls }) =>
      certain(
        ["endpoints", "requests"],
        `sends requests to the sample with TLS mode ${tls!.mode} instead of the mesh's mTLS`,
      ),
  },
  {
    isSet: ({ outlierDetection }) => outlierDetection,
    effects: () => {
      const ejects = "makes proxies eject endpoints with failed requests (outlierDetection)";
      return [
        ...certain("endpoints", ejects, { of: /outlier|ejected/ }),
        ...possible("requests", ejects),
        ...possible("shares", "prefers endpoints in the client's locality (outlierDetection)"),
      ];
    },
  },
  {
    isSet: ({ connectionPool }) => connectionPool,
    effects: () => {
      const limits = "limits connections or requests to the sample (connectionPool)";
      return [...certain("requests", limits, { of: /overflow/ }), ...possible("requests", limits)];
    },
  },
  {
    isSet: ({ loadBalancer }) => loadBalancer,
    effects: () => certain("shares", "sets a load balancing policy for the sample (loadBalancer)"),
  },
];

function destinationRule(object: KubernetesObject, scene: Scene): Effect[] {
  const { host, trafficPolicy, subsets = [] } = object.spec;
  if (!isSampleHost(host, object, scene)) return [];
  const policies: readonly { policy: TrafficPolicy; path: string }[] = [
    { policy: trafficPolicy, path: "/spec/trafficPolicy" },
    ...(trafficPolicy?.portLevelSettings ?? []).map((policy: TrafficPolicy) => ({
      policy,
      path: "/spec/trafficPolicy",
    })),
    ...subsets.map((subset: { trafficPolicy?: TrafficPolicy }, index: number) => ({
      policy: subset.trafficPolicy,
      path: `/spec/subsets/${index}/trafficPolicy`,
    })),
  ].filter(({ policy }) => policy);
  const ours = isOwned(object, scene.mesh);
  const fromPolicies = policies.flatMap(({ policy, path }) =>
    policyParts
      .filter(({ isSet }) => isSet(policy))
      .flatMap(({ effects }) => effects(policy))
      .map((effect): Effect => (ours ? { ...effect, change: removeField(object, path) } : effect)),
  );
  const isSecond = ours
    ? []
    : possible(
        ["endpoints", "requests", "shares"],
        `has the same host as the mesh's own DestinationRule (${host})`,
      );
  return [...fromPolicies, ...isSecond];
}

interface HttpRoute {
  readonly fault?: object;
  readonly route?: readonly unknown[];
}

function virtualService(object: KubernetesObject, scene: Scene): Effect[] {
  const { hosts = [], gateways = ["mesh"], http = [] } = object.spec;
  const isOfSample =
    hosts.some((host: string) => isSampleHost(host, object, scene)) && gateways.includes("mesh");
  if (!isOfSample) return [];
  const ours = isOwned(object, scene.mesh);
  const faults = (http as readonly HttpRoute[]).some(({ fault }) => fault);
  const routes = `routes requests to ${hosts.join(", ")}`;
  return [
    ...(faults
      ? certain("requests", "injects faults into requests to the sample (fault)", {
          of: /fault filter|HTTP|no answer/,
        })
      : []),
    ...(ours ? [] : [...certain("shares", routes), ...possible("requests", routes)]),
    // An apply replaces the list of routes as a whole.
  ].map((effect): Effect => (ours ? { ...effect, change: "apply" } : effect));
}

/** Hosts of a Sidecar are `namespace/host`. */
function sidecar(object: KubernetesObject, scene: Scene): Effect[] {
  const { egress } = object.spec ?? {};
  if (!egress?.length || !selects(object, scene.pods.client)) return [];
  const namespace = scene.mesh.sample!.namespace;
  const seesSample = egress
    .flatMap(({ hosts = [] }: { hosts?: readonly string[] }) => hosts)
    .some((entry: string) => {
      const [where = "", host = ""] = entry.split("/");
      return isVisibleIn([where], namespace, namespace) && isSampleHost(host, object, scene);
    });
  return seesSample
    ? []
    : certain(
        ["endpoints", "requests"],
        "gives the client's proxy no configuration for the sample's host (egress.hosts)",
      );
}

/**
 * istiod takes the Kubernetes Service of a host, not the ServiceEntry; but it merges the endpoints of both where they
 * are of one namespace (istio 1.31.1, pilot/pkg/model: sidecar.go `appendSidecarServices`, EndpointIndex; read 2026-11-30).
 */
function serviceEntry(object: KubernetesObject, scene: Scene): Effect[] {
  const { hosts = [] } = object.spec;
  const isBesideService = object.metadata.namespace === scene.mesh.sample?.namespace;
  return isBesideService && hosts.some((host: string) => isSampleHost(host, object, scene))
    ? certain(["endpoints", "requests", "shares"], "adds other endpoints for the sample's host")
    : [];
}

function gateway(object: KubernetesObject, scene: Scene): Effect[] {
  if (isOwned(object, scene.mesh) || !opensPortsOf(object, scene.pods.gateway)) return [];
  const { ports, dataPort } = scene.mesh.istio.line.gateway;
  const between = [dataPort, ...ports.flatMap(({ port, istiod }) => (istiod ? [port] : []))];
  const taken = (object.spec.servers ?? [])
    .map(({ port }: { port?: { number: number } }) => port?.number)
    .filter((port: number) => between.includes(port));
  return taken.length === 0
    ? []
    : possible(
        ["gateway", "istiod", "requests"],
        `opens port ${taken.join(", ")} of the east-west gateway too`,
      );
}

/** Patches of Envoy's configuration can do anything to the proxies that they are for. */
const proxyPatch =
  (does: string) =>
  (object: KubernetesObject, { pods }: Scene): Effect[] => {
    if (isOfIstioctl(object)) return [];
    const ofSample = selects(object, [...pods.server, ...pods.client]);
    const ofGateway = selects(object, pods.gateway);
    return [
      ...(ofGateway ? possible(["gateway", "istiod"], does) : []),
      ...(ofSample ? possible(["endpoints", "shares"], does) : []),
      ...(ofSample || ofGateway ? possible("requests", does) : []),
    ];
  };

/** What Istio's configuration can do to the mesh, by kind. */
export const istioSuspects: Suspects = {
  "AuthorizationPolicy.security.istio.io": authorization,
  "PeerAuthentication.security.istio.io": peerAuthentication,
  "RequestAuthentication.security.istio.io": requestAuthentication,
  "DestinationRule.networking.istio.io": destinationRule,
  "VirtualService.networking.istio.io": virtualService,
  "Sidecar.networking.istio.io": sidecar,
  "ServiceEntry.networking.istio.io": serviceEntry,
  "Gateway.networking.istio.io": gateway,
  "EnvoyFilter.networking.istio.io": proxyPatch("changes the configuration of these proxies"),
  "WasmPlugin.extensions.istio.io": proxyPatch("adds a filter to these proxies"),
  "Telemetry.telemetry.istio.io": proxyPatch("changes what these proxies log, count and trace"),
  "ProxyConfig.networking.istio.io": proxyPatch("changes how these proxies are started"),
};
