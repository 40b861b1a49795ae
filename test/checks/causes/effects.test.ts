import { load } from "js-yaml";
import type { Scene, Symptom } from "../../../checks/causes/cause";
import { effectsOf } from "../../../checks/causes/find-causes";
import { parseMesh } from "../../../mesh/load";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";

// What foreign objects can do to the mesh, and that unrelated ones stay silent.

const mesh = parseMesh(
  `clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
sample: { weights: { v1: 50, v2: 50 } }
`,
  "mesh.yaml",
);

const object = (yaml: string) => load(yaml) as KubernetesObject;
const pod = (namespace: string, labels: string) =>
  object(`{ apiVersion: v1, kind: Pod, metadata: { name: p, namespace: ${namespace}, labels: ${labels} } }`);
const namespace = (name: string, labels = "{}") =>
  object(`{ apiVersion: v1, kind: Namespace, metadata: { name: ${name}, labels: ${labels} } }`);

const scene: Scene = {
  mesh,
  host: "helloworld.sample.svc.cluster.local",
  namespaces: {
    main0: [namespace("istio-system"), namespace("sample", "{ istio-discovery: enabled }")],
    remote0: [namespace("istio-system"), namespace("sample")],
  },
  pods: {
    server: [
      pod("sample", "{ app: helloworld, version: v1 }"),
      pod("sample", "{ app: helloworld, version: v2 }"),
    ],
    client: [pod("sample", "{ app: curl }")],
    gateway: [pod("istio-system", "{ istio: eastwestgateway, app: istio-eastwestgateway }")],
  },
};

const kinds = {
  AuthorizationPolicy: "security.istio.io/v1",
  PeerAuthentication: "security.istio.io/v1",
  RequestAuthentication: "security.istio.io/v1",
  DestinationRule: "networking.istio.io/v1",
  VirtualService: "networking.istio.io/v1",
  Sidecar: "networking.istio.io/v1",
  ServiceEntry: "networking.istio.io/v1",
  Gateway: "networking.istio.io/v1",
  EnvoyFilter: "networking.istio.io/v1alpha3",
  WasmPlugin: "extensions.istio.io/v1alpha1",
  Telemetry: "telemetry.istio.io/v1",
  ProxyConfig: "networking.istio.io/v1beta1",
  NetworkPolicy: "networking.k8s.io/v1",
  Service: "v1",
  Deployment: "apps/v1",
} as const;

interface Row {
  readonly kind: keyof typeof kinds;
  readonly in: string;
  readonly spec: string;
  /** @default one */
  readonly name?: string;
  readonly metadata?: string;
  /** Symptoms that it causes, in the order of the alphabet; `?` behind what it only can cause. */
  readonly causes: string;
  readonly does?: RegExp;
}

const rows: readonly Row[] = [
  // Each of these breaks something.
  {
    kind: "AuthorizationPolicy",
    in: "istio-system",
    spec: "{ selector: { matchLabels: { istio: eastwestgateway } }, action: DENY, rules: [{ from: [{ source: { notIpBlocks: [203.0.113.0/24] } }], to: [{ operation: { hosts: [jenkins.example.com] } }] }] }",
    causes: "istiod",
    does: /DENY .* only TCP counts/,
  },
  {
    kind: "AuthorizationPolicy",
    in: "istio-system",
    spec: "{ selector: { matchLabels: { istio: eastwestgateway } }, action: ALLOW, rules: [{ from: [{ source: { ipBlocks: [203.0.113.0/24] } }] }] }",
    causes: "istiod",
  },
  { kind: "AuthorizationPolicy", in: "istio-system", spec: "{}", causes: "istiod requests" },
  { kind: "AuthorizationPolicy", in: "sample", spec: "{ action: DENY, rules: [{}] }", causes: "requests" },
  {
    kind: "PeerAuthentication",
    in: "sample",
    spec: "{ mtls: { mode: DISABLE } }",
    causes: "endpoints",
    does: /disables mTLS/,
  },
  {
    kind: "PeerAuthentication",
    in: "istio-system",
    spec: "{ mtls: { mode: DISABLE } }",
    causes: "endpoints",
  },
  {
    kind: "PeerAuthentication",
    in: "sample",
    spec: "{ selector: { matchLabels: { app: helloworld } }, mtls: { mode: STRICT }, portLevelMtls: { 5000: { mode: DISABLE } } }",
    causes: "endpoints",
  },
  {
    kind: "RequestAuthentication",
    in: "sample",
    spec: "{ jwtRules: [{ issuer: https://login.example.com }] }",
    causes: "requests",
  },
  {
    kind: "DestinationRule",
    in: "elsewhere",
    spec: "{ host: helloworld.sample.svc.cluster.local, trafficPolicy: { tls: { mode: DISABLE } } }",
    causes: "endpoints endpoints? requests requests? shares?",
    does: /TLS mode DISABLE/,
  },
  {
    kind: "DestinationRule",
    in: "sample",
    spec: "{ host: helloworld, subsets: [{ name: v1, labels: { version: v1 }, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 1 } } }] }",
    causes: "endpoints endpoints? requests? requests? shares? shares?",
  },
  {
    kind: "DestinationRule",
    in: "istio-system",
    spec: "{ host: '*.local', trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x } } } }",
    causes: "endpoints? requests? shares shares?",
  },
  {
    kind: "DestinationRule",
    in: "sample",
    spec: "{ host: helloworld, trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } }",
    causes: "endpoints? requests requests? requests? shares?",
  },
  {
    kind: "VirtualService",
    in: "elsewhere",
    spec: "{ hosts: ['*.sample.svc.cluster.local'], http: [{ route: [{ destination: { host: other } }] }] }",
    causes: "requests? shares",
  },
  {
    kind: "VirtualService",
    in: "sample",
    spec: "{ hosts: [helloworld], http: [{ fault: { abort: { httpStatus: 503 } } }] }",
    causes: "requests requests? shares",
  },
  {
    kind: "Sidecar",
    in: "sample",
    spec: "{ egress: [{ hosts: ['istio-system/*'] }] }",
    causes: "endpoints requests",
    does: /egress\.hosts/,
  },
  {
    kind: "ServiceEntry",
    in: "sample",
    spec: "{ hosts: [helloworld.sample.svc.cluster.local], resolution: STATIC }",
    causes: "endpoints requests shares",
  },
  {
    kind: "Gateway",
    in: "elsewhere",
    spec: "{ selector: { istio: eastwestgateway }, servers: [{ port: { number: 15443 }, tls: { mode: SIMPLE } }] }",
    causes: "gateway? istiod? requests?",
    does: /opens port 15443/,
  },
  {
    kind: "EnvoyFilter",
    in: "istio-system",
    spec: "{ configPatches: [] }",
    causes: "endpoints? gateway? istiod? requests? shares?",
  },
  {
    kind: "EnvoyFilter",
    in: "sample",
    spec: "{ workloadSelector: { labels: { app: curl } } }",
    causes: "endpoints? requests? shares?",
  },
  { kind: "WasmPlugin", in: "sample", spec: "{}", causes: "endpoints? requests? shares?" },
  { kind: "ProxyConfig", in: "sample", spec: "{ concurrency: 1 }", causes: "endpoints? requests? shares?" },
  {
    kind: "NetworkPolicy",
    in: "istio-system",
    spec: "{ podSelector: {}, policyTypes: [Ingress] }",
    causes: "gateway? istiod? requests?",
  },
  {
    // Left over: `istio.networkPolicy` is false.
    kind: "NetworkPolicy",
    in: "istio-system",
    metadata: "labels: { operator.istio.io/component: IngressGateways }",
    spec: "{ podSelector: { matchLabels: { istio: eastwestgateway } } }",
    causes: "gateway? istiod? requests?",
  },
  {
    kind: "Service",
    in: "sample",
    name: "helloworld",
    metadata: "annotations: { networking.istio.io/exportTo: '~' }",
    spec: "{}",
    causes: "endpoints requests shares",
    does: /exportTo/,
  },
  {
    kind: "Service",
    in: "sample",
    name: "helloworld",
    spec: "{ internalTrafficPolicy: Local }",
    causes: "endpoints shares",
  },
  {
    kind: "Service",
    in: "sample",
    name: "helloworld",
    spec: "{ trafficDistribution: PreferClose }",
    causes: "endpoints shares",
  },
  {
    kind: "Service",
    in: "istio-system",
    name: "istio-eastwestgateway",
    spec: "{ loadBalancerSourceRanges: [203.0.113.0/24] }",
    causes: "gateway",
    does: /admits only 203\.0\.113\.0\/24/,
  },
  {
    kind: "Deployment",
    in: "sample",
    spec: "{ template: { metadata: { labels: { sidecar.istio.io/inject: 'false' } } } }",
    causes: "sidecars",
    does: /without a proxy/,
  },
  {
    kind: "Deployment",
    in: "sample",
    spec: "{ template: { metadata: { annotations: { traffic.sidecar.istio.io/excludeInboundPorts: '5000' } } } }",
    causes: "requests",
    does: /excludeInboundPorts: 5000/,
  },
  {
    kind: "Deployment",
    in: "sample",
    spec: "{ template: { metadata: { labels: { topology.istio.io/network: network9 } } } }",
    causes: "endpoints",
  },
  // None of these affects the mesh.
  {
    kind: "AuthorizationPolicy",
    in: "istio-system",
    spec: "{ selector: { matchLabels: { istio: ingressgateway } }, action: DENY, rules: [{}] }",
    causes: "",
  },
  { kind: "AuthorizationPolicy", in: "istio-system", spec: "{ action: AUDIT, rules: [{}] }", causes: "" },
  {
    kind: "AuthorizationPolicy",
    in: "istio-system",
    spec: "{ selector: { matchLabels: { istio: eastwestgateway } }, action: DENY, rules: [{ to: [{ operation: { ports: ['8080'] } }] }] }",
    causes: "",
  },
  { kind: "AuthorizationPolicy", in: "elsewhere", spec: "{ action: DENY, rules: [{}] }", causes: "" },
  {
    kind: "AuthorizationPolicy",
    in: "sample",
    spec: "{ targetRefs: [{ kind: Gateway, name: waypoint }], action: DENY, rules: [{}] }",
    causes: "",
  },
  { kind: "PeerAuthentication", in: "istio-system", spec: "{ mtls: { mode: STRICT } }", causes: "" },
  {
    kind: "PeerAuthentication",
    in: "sample",
    spec: "{ selector: { matchLabels: { app: other } }, mtls: { mode: DISABLE } }",
    causes: "",
  },
  {
    kind: "DestinationRule",
    in: "elsewhere",
    spec: "{ host: helloworld, trafficPolicy: { tls: { mode: DISABLE } } }",
    causes: "",
  },
  {
    kind: "DestinationRule",
    in: "sample",
    spec: "{ host: other.example.com, trafficPolicy: { tls: { mode: SIMPLE } } }",
    causes: "",
  },
  {
    kind: "VirtualService",
    in: "istio-system",
    spec: "{ hosts: ['*'], gateways: [istiod-gateway], tls: [] }",
    causes: "",
  },
  { kind: "Sidecar", in: "sample", spec: "{ egress: [{ hosts: ['./*', 'istio-system/*'] }] }", causes: "" },
  {
    kind: "Sidecar",
    in: "sample",
    spec: "{ workloadSelector: { labels: { app: other } }, egress: [{ hosts: ['~/*'] }] }",
    causes: "",
  },
  { kind: "ServiceEntry", in: "sample", spec: "{ hosts: [api.example.com] }", causes: "" },
  // The Kubernetes Service of the host is taken before it.
  {
    kind: "ServiceEntry",
    in: "elsewhere",
    spec: "{ hosts: [helloworld.sample.svc.cluster.local], resolution: STATIC }",
    causes: "",
  },
  {
    kind: "Gateway",
    in: "elsewhere",
    spec: "{ selector: { istio: eastwestgateway }, servers: [{ port: { number: 443 } }] }",
    causes: "",
  },
  {
    kind: "EnvoyFilter",
    in: "istio-system",
    metadata: "labels: { install.operator.istio.io/owning-resource: unknown }",
    spec: "{}",
    causes: "",
  },
  { kind: "NetworkPolicy", in: "elsewhere", spec: "{ podSelector: {} }", causes: "" },
  { kind: "Service", in: "sample", name: "other", spec: "{ internalTrafficPolicy: Local }", causes: "" },
  {
    kind: "Deployment",
    in: "elsewhere",
    spec: "{ template: { metadata: { labels: { sidecar.istio.io/inject: 'false' } } } }",
    causes: "",
  },
  {
    kind: "Deployment",
    in: "sample",
    spec: "{ template: { metadata: { labels: { sidecar.istio.io/inject: 'true' } } } }",
    causes: "",
  },
];

const describeEffects = (found: KubernetesObject) =>
  effectsOf(found, scene)
    .map(({ symptom, isCertain }) => `${symptom}${isCertain ? "" : "?"}`)
    .sort()
    .join(" ");

test.each(rows)(
  "$kind in $in with $spec causes: $causes",
  ({ kind, in: where, spec, name = "one", metadata, causes, does }) => {
    const found = object(`
apiVersion: ${kinds[kind]}
kind: ${kind}
metadata: { name: ${name}, namespace: ${where}${metadata ? `, ${metadata}` : ""} }
spec: ${spec}
`);
    expect(describeEffects(found)).toBe(causes);
    if (does)
      expect(effectsOf(found, scene).map((effect) => effect.does)).toContainEqual(
        expect.stringMatching(does),
      );
  },
);

describe("the mesh configuration", () => {
  const config = (mesh_: string) =>
    ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio", namespace: "istio-system" },
      data: { mesh: mesh_ },
    }) as KubernetesObject;

  test.each([
    [
      "discoverySelectors: [{ matchLabels: { istio-discovery: enabled } }]",
      "endpoints gateway istiod requests",
    ],
    [
      "discoverySelectors: [{ matchExpressions: [{ key: istio-discovery, operator: DoesNotExist }] }]",
      "endpoints gateway istiod requests",
    ],
    [
      "serviceSettings: [{ settings: { clusterLocal: true }, hosts: ['*.sample.svc.cluster.local'] }]",
      "endpoints",
    ],
    ["enableAutoMtls: false", "endpoints"],
    ["defaultServiceExportTo: ['.']", "endpoints"],
    ["outboundTrafficPolicy: { mode: REGISTRY_ONLY }", "requests"],
    ["outboundTrafficPolicy: { mode: ALLOW_ANY }", ""],
    ["discoverySelectors: [{ matchExpressions: [{ key: other, operator: DoesNotExist }] }]", ""],
    ["accessLogFile: /dev/stdout", ""],
    ["", ""],
  ])("with %j causes: %s", (text, causes) => {
    expect(describeEffects(config(text))).toBe(causes);
  });

  test("names the namespaces of each cluster that the selectors leave out", () => {
    const [effect] = effectsOf(
      config("discoverySelectors: [{ matchLabels: { istio-discovery: enabled } }]"),
      scene,
    );
    expect(effect!.does).toMatch(/: istio-system of main0, istio-system of remote0, sample of remote0$/);
  });
});

test("the mesh's own objects are changed where others changed them, and written again by apply", () => {
  const labels = { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": mesh.name };
  const rule = {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "helloworld-destination", namespace: "sample", labels },
    spec: { host: scene.host, subsets: [], trafficPolicy: { tls: { mode: "DISABLE" } } },
  };
  const changes = effectsOf(rule, scene).map(({ change }) =>
    (change as (c: object) => string[])({ context: "main0" }),
  );
  expect(changes[0]).toEqual([
    `kubectl --context main0 -n sample patch destinationrule.networking.istio.io helloworld-destination --type=json -p '[{"op":"remove","path":"/spec/trafficPolicy"}]'`,
  ]);
  const service = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "helloworld", namespace: "sample", labels },
    spec: { hosts: [scene.host], http: [{ fault: { abort: {} } }] },
  };
  const symptoms: [Symptom, unknown][] = effectsOf(service, scene).map(({ symptom, change }) => [
    symptom,
    change,
  ]);
  expect(symptoms).toEqual([["requests", "apply"]]);
});

test("Istio's own NetworkPolicies are no suspects where mesh.yaml has them, others are", () => {
  const closed = { ...scene, mesh: { ...mesh, istio: { ...mesh.istio, networkPolicy: true } } };
  const policy = (labels: string) =>
    object(
      `{ apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: { name: one, namespace: istio-system, labels: ${labels} }, spec: { podSelector: {} } }`,
    );
  expect(effectsOf(policy("{ operator.istio.io/component: IngressGateways }"), closed)).toEqual([]);
  expect(effectsOf(policy("{}"), closed)).not.toEqual([]);
});
