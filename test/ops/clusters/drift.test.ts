import { differences, liveAs } from "../../../ops/clusters/drift";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";

const object = (spec: object, more: object = {}): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "istiod", namespace: "istio-system" },
  spec,
  ...more,
});

test("defaults of the API server are no drift", () => {
  expect(differences(object({ replicas: 1 }), object({ replicas: 1, strategy: {} }, { status: {} }))).toEqual(
    [],
  );
});

test("drift is named by its path", () => {
  expect(differences(object({ a: { b: [1, 2] } }), object({ a: { b: [1, 3] } }))).toEqual(["spec.a.b.1"]);
});

test("a longer or shorter list is drift", () => {
  expect(differences(object({ ports: [1] }), object({ ports: [1, 2] }))).toEqual(["spec.ports"]);
});

test("an addition to a list of Istio's kinds is drift, in Kubernetes' own kinds it is a default", () => {
  const wanted = { http: [{ route: [{ weight: 50 }] }] };
  const live = {
    http: [{ route: [{ weight: 50, headers: {} }], fault: { abort: { httpStatus: 503 } } }],
    other: 1,
  };
  const of = (apiVersion: string, spec: object) => ({ apiVersion, kind: "X", metadata: { name: "x" }, spec });
  expect(differences(of("networking.istio.io/v1", wanted), of("networking.istio.io/v1", live))).toEqual([
    "spec.http.0.fault",
  ]);
  expect(differences(of("apps/v1", wanted), of("apps/v1", live))).toEqual([]);
});

test("a missing object is a difference", () => {
  expect(differences(object({}), undefined)).toEqual(["(missing)"]);
});

test.each([
  ["2000m", "2"],
  ["1024Mi", "1Gi"],
  ["500m", "0.5"],
])("%s and %s are the same quantity", (one, other) => {
  expect(differences(object({ cpu: one }), object({ cpu: other }))).toEqual([]);
});

test("different quantities are a difference, and so are names that look alike", () => {
  expect(differences(object({ cpu: "2000m" }), object({ cpu: "3" }))).toEqual(["spec.cpu"]);
  expect(differences(object({ tag: "1.31.1" }), object({ tag: "1.31.2" }))).toEqual(["spec.tag"]);
});

test("empty values, which the API server drops, are no difference", () => {
  expect(differences(object({ env: { value: "" }, list: [], map: {} }), object({ env: {} }))).toEqual([]);
});

test("a value that the cluster has and that should be empty is a difference", () => {
  expect(differences(object({ hostNetwork: false }), object({ hostNetwork: true }))).toEqual([
    "spec.hostNetwork",
  ]);
});

test("what istiod and istioctl complete in webhooks is no drift; another address is", () => {
  const webhook = (path: string, failurePolicy: string, caBundle?: string): KubernetesObject => ({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "istio-validator-istio-system" },
    webhooks: [{ failurePolicy, clientConfig: { caBundle, service: { path } } }],
  });
  expect(differences(webhook("/validate", "Ignore"), webhook("/validate", "Fail", "LS0t"))).toEqual([]);
  expect(differences(webhook("/validate", "Ignore"), webhook("/other", "Fail"))).toEqual([
    "webhooks.0.clientConfig.service.path",
  ]);
});

test("the reduced live object has the differences, without what others added", () => {
  const rendered = object({ cpu: "2000m", labels: { "a.b/c": "1" }, list: [{ port: 1 }, { port: 2 }] });
  const live = object({
    cpu: "2",
    labels: { "a.b/c": "0", x: "y" },
    list: [{ port: 1, ip: "z" }, { port: 3 }],
  });
  expect(liveAs(rendered, live, undefined)).toEqual(
    object({ cpu: "2000m", labels: { "a.b/c": "0" }, list: [{ port: 1 }, { port: 3 }] }),
  );
});

test("the reduced live object lacks missing fields, and has those applied earlier", () => {
  const told = liveAs(
    object({ kept: 1, wanted: { deep: 2 } }),
    object({ kept: 1, old: { deep: 3 } }),
    object({ kept: 1, old: { deep: 3 }, never: 4 }),
  );
  expect(told).toEqual(object({ kept: 1, old: { deep: 3 } }));
});
