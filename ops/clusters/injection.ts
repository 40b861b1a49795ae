import { istioNamespace } from "../../k8s/istio-names";
import { ProgramFailed } from "../exec/errors";
import { type Kubectl, noValidation } from "../exec/kubectl";
import type { RunOptions } from "../exec/programs";
import { pause } from "../exec/timing";

const probe = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "injection-probe",
    namespace: istioNamespace,
    labels: { "sidecar.istio.io/inject": "true" },
  },
  spec: { containers: [{ name: "probe", image: "probe" }] },
};

/**
 * Waits until a pod made in the cluster would get its proxy. Asked of the API server without making one: a pod made a
 * moment too early starts without a proxy, or is refused and tried again later and later.
 */
export async function untilInjected(kubectl: Kubectl, signal: AbortSignal): Promise<void> {
  while ((await whyNotInjected(kubectl, signal)) !== undefined) await pause(signal);
}

/** Undefined: a pod would get its proxy. */
export async function whyNotInjected(kubectl: Kubectl, signal: AbortSignal): Promise<string | undefined> {
  try {
    const containers = await containersOfNewPod(kubectl, probe, { signal, deadlineSeconds: 20 });
    if (containers.includes("istio-proxy")) return undefined;
    return "pods start without a proxy: no injection webhook applies";
  } catch (error) {
    if (error instanceof ProgramFailed && error.code === 1) return error.stderr;
    throw error;
  }
}

/**
 * Names of the containers that a pod would have if it were created now, by a dry run: the API server asks the webhooks.
 * @throws ProgramFailed when the pod would be refused
 */
export async function containersOfNewPod(
  kubectl: Kubectl,
  pod: object,
  options: RunOptions,
): Promise<string[]> {
  const names = "jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}";
  const args = ["create", "--dry-run=server", noValidation, "-o", names, "-f", "-"];
  const { stdout } = await kubectl.run(args, { ...options, input: JSON.stringify(pod) });
  return stdout.split(" ").filter(Boolean);
}
