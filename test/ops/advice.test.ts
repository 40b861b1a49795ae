import { adviceOn } from "../../ops/advice";

test.each([
  [
    'Pod istiod-1: Failed: Failed to pull image "registry.istio.io/x/pilot:1.31.1": not found',
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
