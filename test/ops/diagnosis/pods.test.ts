import { explainNotReady, whyNotReady } from "../../../ops/diagnosis/pods";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";
import type { Programs } from "../../../ops/exec/programs";

const deployment = (status: object = {}, replicas = 1): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "gateway", namespace: "istio-system", generation: 1 },
  spec: { replicas, selector: { matchLabels: { app: "gateway" } } },
  status: { observedGeneration: 1, ...status },
});
const pod = (status: object): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "gateway-5c-x", namespace: "istio-system", labels: { app: "gateway" } },
  status,
});
const waiting = (reason: string, message?: string) =>
  pod({
    containerStatuses: [{ name: "istio-proxy", ready: false, state: { waiting: { reason, message } } }],
  });
const serving = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };

test("a ready Deployment has no reasons, also with an old condition", () => {
  const conditions = [{ type: "ReplicaFailure", status: "False", message: "exceeded quota: q, ..." }];
  expect(whyNotReady([deployment({ ...serving, conditions })], "gateway")).toBeUndefined();
});

test.each([
  ["there is none", [], "Deployment gateway does not exist"],
  ["it is scaled to 0", [deployment({}, 0)], "Deployment gateway is scaled to 0"],
])("%s: only the summary", (_, objects, summary) => {
  expect(whyNotReady(objects, "gateway")).toEqual({ summary, reasons: [] });
});

test("for denied pods the Deployment's condition has the message", () => {
  const message =
    'pods "gateway-5c-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0';
  const conditions = [
    { type: "Progressing", status: "True", message: "ReplicaSet is progressing" },
    { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message },
  ];
  expect(whyNotReady([deployment({ conditions })], "gateway")).toEqual({
    summary: "Deployment gateway: 0 of 1 replicas are available",
    reasons: [message],
  });
});

test.each([
  [
    pod({
      conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes are available: 1 taint" }],
    }),
    "Pod istio-system/gateway-5c-x: 0/1 nodes are available: 1 taint",
  ],
  [
    waiting("ImagePullBackOff", 'Back-off pulling image "x"'),
    'Pod istio-system/gateway-5c-x: container istio-proxy: ImagePullBackOff: Back-off pulling image "x"',
  ],
])("a waiting pod has a reason", (found, reason) => {
  expect(whyNotReady([deployment(), found], "gateway")?.reasons).toEqual([reason]);
});

describe("a DaemonSet", () => {
  const agent = (status: object): KubernetesObject => ({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "gateway", namespace: "istio-system", generation: 2 },
    spec: { selector: { matchLabels: { app: "gateway" } } },
    status,
  });
  const done = {
    observedGeneration: 2,
    desiredNumberScheduled: 3,
    currentNumberScheduled: 3,
    updatedNumberScheduled: 3,
    numberAvailable: 3,
  };
  const why = (status: object, ...pods: KubernetesObject[]) =>
    whyNotReady([agent(status), ...pods], "gateway", "DaemonSet");

  test("is ready with an available pod on every node", () => {
    expect(why(done)).toBeUndefined();
    expect(whyNotReady([agent(done)], "gateway")).toMatchObject({
      summary: "Deployment gateway does not exist",
    });
  });

  test.each([
    ["a pod is missing", { numberAvailable: 2 }, "DaemonSet gateway: 2 of 3 pods are available"],
    [
      "old pods still run",
      { updatedNumberScheduled: 1 },
      "DaemonSet gateway is rolling out: 1 of 3 pods are updated, and old pods still run",
    ],
    [
      "its controller has not seen it",
      { observedGeneration: 1 },
      "DaemonSet gateway is rolling out: 3 of 3 pods are updated, and old pods still run",
    ],
    [
      "there is no node for it",
      { desiredNumberScheduled: 0, currentNumberScheduled: 0, updatedNumberScheduled: 0, numberAvailable: 0 },
      "DaemonSet gateway: 0 of 0 pods are available",
    ],
  ])("is not ready while %s", (_, status, summary) => {
    const found = why({ ...done, ...status }, waiting("ImagePullBackOff", "x"));
    expect(found).toEqual({
      summary,
      reasons: ["Pod istio-system/gateway-5c-x: container istio-proxy: ImagePullBackOff: x"],
    });
  });
});

describe("in a cluster", () => {
  const ask = (objects: object[], events: object[], kind?: "DaemonSet") => {
    const asked = `${(kind ?? "Deployment").toLowerCase()}s,pods`;
    const programs: Programs = {
      run: async (_, args) => ({
        code: 0,
        stdout: JSON.stringify({
          kind: "List",
          items: args.includes("events") ? events : args.includes(asked) ? objects : [],
        }),
        stderr: "",
      }),
    };
    const where = { kind, namespace: "istio-system", name: "gateway" };
    return explainNotReady(kubectlFor(programs, "one"), where, new AbortController().signal);
  };
  const event = {
    involvedObject: { kind: "Pod", name: "gateway-5c-x" },
    type: "Warning",
    reason: "FailedMount",
    message: 'MountVolume.SetUp failed for volume "c": secret "c" not found',
  };

  test("events are reported if conditions say nothing", async () => {
    expect(await ask([deployment(), waiting("ContainerCreating")], [event])).toEqual([
      "Deployment gateway: 0 of 1 replicas are available",
      `Pod gateway-5c-x: FailedMount: ${event.message}`,
    ]);
  });

  test("conditions come with the command that shows the cause, and old events are left out", async () => {
    const conditions = [
      {
        type: "ReplicaFailure",
        status: "True",
        message: "pods is forbidden: exceeded quota: q, requested: pods=1",
      },
    ];
    expect(await ask([deployment({ conditions })], [event])).toEqual([
      "Deployment gateway: 0 of 1 replicas are available",
      "pods is forbidden: exceeded quota: q, requested: pods=1",
      "see: kubectl --context one -n istio-system describe resourcequota q",
    ]);
  });

  test("a DaemonSet's own events have the words of the policy that denies its pods", async () => {
    const agent = {
      ...deployment({ desiredNumberScheduled: 2 }),
      kind: "DaemonSet",
      spec: { selector: { matchLabels: { app: "gateway" } } },
    };
    const denied = {
      involvedObject: { kind: "DaemonSet", name: "gateway" },
      type: "Warning",
      reason: "FailedCreate",
      message: 'Error creating: admission webhook "validation.gatekeeper.sh" denied the request: no',
    };
    const words = await ask([agent], [denied, event], "DaemonSet");
    expect(words).toEqual([
      "DaemonSet gateway: 0 of 2 pods are available",
      `DaemonSet gateway: FailedCreate: ${denied.message}`,
      `Pod gateway-5c-x: FailedMount: ${event.message}`,
      "see: kubectl --context one get validatingwebhookconfigurations,mutatingwebhookconfigurations",
    ]);
  });

  test("a Deployment that is ready by now needs no explanation", async () => {
    expect(await ask([deployment(serving)], [event])).toEqual([]);
  });
});
