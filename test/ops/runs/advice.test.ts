import { adviceOn } from "../../../ops/runs/advice";

test.each([
  [
    'Pod istiod-1: Failed: Failed to pull image "docker.io/x/pilot:1.31.1": not found',
    /istio\.hub and istio\.version/,
  ],
  [
    'ReplicaSet istiod-5: FailedCreate: Internal error occurred: failed calling webhook "old.istio.io"',
    /delete its configuration/,
  ],
  [
    'clusterroles.rbac.authorization.k8s.io is forbidden: User "system:serviceaccount:default:x" cannot create',
    /mesh doctor/,
  ],
  [
    "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
    /API server cannot be reached/,
  ],
  [
    'Error: Get "https://198.18.0.11:6443/api/v1/namespaces/istio-system": dial tcp 198.18.0.11:6443: connect: connection refused',
    /API server cannot be reached/,
  ],
  [
    "the API server behind the context one does not answer: context deadline exceeded",
    /API server cannot be reached/,
  ],
  ["address of istio-eastwestgateway in main0: not done within 20 s", /quota of public addresses/],
  [
    "Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances",
    /finalizers/,
  ],
  ["write /tmp/x: no space left on device", /disk is full/],
])("%s: there is something to do about it", (said, advice) => {
  expect(adviceOn(said).join("\n")).toMatch(advice);
});

test("where nothing is known to help, nothing is said", () => {
  expect(adviceOn("the weather is fine")).toEqual([]);
});

test.each([
  'Pod x: Unhealthy: Readiness probe failed: Get "http://10.244.0.63:15021/healthz/ready": dial tcp 10.244.0.63:15021: connect: connection refused',
  'Pod x: Failed: failed to do request: Head "https://registry-1.docker.io/v2/nowhere/pilot/manifests/1.31.1": dial tcp: network is unreachable',
  'failed to call webhook: Post "https://istiod.istio-system.svc:443/inject?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused',
])("%s: that is not the API server's", (said) => {
  expect(adviceOn(said).join("\n")).not.toContain("API server");
});
