import { eventsOf } from "../../../ops/diagnosis/events";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { Programs } from "../../../ops/exec/programs";

const never = new AbortController().signal;
const event = (
  kind: string,
  name: string,
  message: string,
  type = "Warning",
  lastTimestamp = "2026-01-01T10:00:00Z",
) => ({
  involvedObject: { kind, name },
  reason: "Failed",
  message,
  type,
  lastTimestamp,
});
const ask = (kind: "Service" | "Deployment", ...items: object[]) => {
  const programs: Programs = {
    run: async () => ({ code: 0, stdout: JSON.stringify({ kind: "List", items }), stderr: "" }),
  };
  return eventsOf(kubectlFor(programs, "one"), { kind, namespace: "n", name: "gateway" }, never);
};

test("a Deployment's events include those of its pods, newest last, without duplicates", async () => {
  expect(
    await ask(
      "Deployment",
      event("Pod", "gateway-5c-x", "no image", "Warning", "2026-01-01T10:00:09Z"),
      event("ReplicaSet", "gateway-5c", "no webhook", "Warning", "2026-01-01T10:00:01Z"),
      event("Pod", "gateway-5c-x", "no image", "Warning", "2026-01-01T10:00:02Z"),
      event("Pod", "gateway-5c-x", "Pulling image", "Normal"),
      event("Pod", "other-5c-x", "no room"),
    ),
  ).toEqual(["ReplicaSet gateway-5c: Failed: no webhook", "Pod gateway-5c-x: Failed: no image"]);
});

test("a Service's events include normal ones", async () => {
  expect(
    await ask(
      "Service",
      event("Service", "gateway", "Ensuring load balancer", "Normal"),
      event("Pod", "gateway-5c-x", "Readiness probe failed"),
    ),
  ).toEqual(["Service gateway: Failed: Ensuring load balancer"]);
});

test("an autoscaler's missing metrics are no reason", async () => {
  expect(await ask("Deployment", event("HorizontalPodAutoscaler", "gateway", "no metrics"))).toEqual([
    "no events for the Deployment gateway in n",
  ]);
});
