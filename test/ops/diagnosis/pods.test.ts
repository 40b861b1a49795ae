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

describe("in a cluster", () => {
  const ask = (objects: object[], events: object[]) => {
    const programs: Programs = {
      run: async (_, args) => ({
        code: 0,
        stdout: JSON.stringify({ kind: "List", items: args.includes("events") ? events : objects }),
        stderr: "",
      }),
    };
    const where = { namespace: "istio-system", name: "gateway" };
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

  test("a Deployment that is ready by now needs no explanation", async () => {
    expect(await ask([deployment(serving)], [event])).toEqual([]);
  });
});
