import { adviceOn, remediesFor } from "../../../ops/diagnosis/remedies";

test.each([
  [
    'Pod istiod-1: Failed: Failed to pull image "docker.io/x/pilot:1.31.1": not found',
    /istio\.hub and istio\.version/,
  ],
  [
    'Failed to pull image "docker.io/istio/pilot:1.31.1": failed to pull and unpack image: unexpected status from HEAD request: 429 Too Many Requests: toomanyrequests: You have reached your unauthenticated pull rate limit',
    /^fix: the registry limits the rate of anonymous pulls[^\n]* images\.registry$/,
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
    /API server is unreachable/,
  ],
  [
    'Error: Get "https://198.18.0.11:6443/api/v1/namespaces/istio-system": dial tcp 198.18.0.11:6443: connect: connection refused',
    /API server is unreachable/,
  ],
  [
    "the API server of the context one does not answer: context deadline exceeded",
    /API server is unreachable/,
  ],
  ["address of istio-eastwestgateway in main0: not done within 20 s", /quota of public IP addresses/],
  [
    "Some content in the namespace has finalizers remaining: example.com/x in 1 resource instances",
    /finalizers/,
  ],
  ["write /tmp/x: no space left on device", /disk is full/],
])("%s: has a remedy", (said, advice) => {
  expect(adviceOn(said).join("\n")).toMatch(advice);
});

// As Kubernetes 1.34 says it; Azure Policy's words are those of Azure/AKS#4564.
test.each([
  [
    `pods "x" is forbidden: ValidatingAdmissionPolicy 'no-caps' with binding 'no-caps-binding' denied request: company policy: no added capabilities`,
    /ValidatingAdmissionPolicy no-caps denies the pod: ask its administrator .* binding no-caps-binding/,
    "get validatingadmissionpolicy/no-caps validatingadmissionpolicybinding/no-caps-binding -o yaml",
  ],
  [
    'admission webhook "validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev2containerallowedcapabilities-5] container <istio-init> has a disallowed capability',
    /validation\.gatekeeper\.sh denies the pod: ask the administrator/,
    "get validatingwebhookconfigurations,mutatingwebhookconfigurations",
  ],
  [
    'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
    /ResourceQuota q is used up/,
    "-n sample describe resourcequota q",
  ],
  [
    'pods "x" is forbidden: failed quota: q: must specify limits.cpu for: helloworld',
    /ResourceQuota q requires requests or limits that the containers do not set/,
    "-n sample describe resourcequota q",
  ],
  [
    'pods "x" is forbidden: maximum cpu usage per Container is 100m, but limit is 2',
    /LimitRange/,
    "-n sample describe limitranges",
  ],
  [
    'Error from server (Forbidden): error when creating "STDIN": pods "mesh-verify" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "istio-init" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)',
    /Pod Security level baseline, .* only privileged allows/,
    "label namespace sample pod-security.kubernetes.io/enforce=privileged --overwrite",
  ],
  [
    "0/1 nodes are available: 1 node(s) had untolerated taint {CriticalAddonsOnly: true}. no new claims to deallocate",
    /no node without the taint CriticalAddonsOnly has room: add a node pool/,
    "get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints[*].key",
  ],
  [
    "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate",
    /no node without a taint has room/,
    "get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints[*].key",
  ],
  [
    "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }",
    /nodes are not ready/,
    "describe nodes",
  ],
  [
    "0/1 nodes are available: 1 Insufficient cpu.",
    /no node has enough free resources for the pod/,
    "describe nodes",
  ],
])("%s: the fix names the cause, and one command shows or removes it", (said, advice, command) => {
  const [remedy, ...others] = remediesFor(said, "sample");
  expect(others).toEqual([]);
  expect(remedy!.advice).toMatch(advice);
  expect(remedy!.commands.map((args) => args.join(" "))).toEqual([command]);
  // Nothing that the mesh has to apply.
  expect(remedy!.byApply).toBe(false);
});

test("an unknown failure has no remedy", () => {
  expect(adviceOn("the weather is fine")).toEqual([]);
});

test.each([
  'Pod x: Unhealthy: Readiness probe failed: Get "http://10.244.0.63:15021/healthz/ready": dial tcp 10.244.0.63:15021: connect: connection refused',
  'Pod x: Failed: failed to do request: Head "https://registry-1.docker.io/v2/nowhere/pilot/manifests/1.31.1": dial tcp: network is unreachable',
  'failed to call webhook: Post "https://istiod.istio-system.svc:443/inject?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused',
])("%s: the API server is not blamed", (said) => {
  expect(adviceOn(said).join("\n")).not.toContain("API server");
});
