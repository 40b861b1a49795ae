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
 * Waits until new pods get their proxy, with a server-side dry run: a pod that is created too early starts without a
 * proxy, or is denied and retried with increasing delays.
 */
export async function untilInjected(kubectl: Kubectl, signal: AbortSignal): Promise<void> {
  while ((await whyNotInjected(kubectl, signal)) !== undefined) await pause(signal);
}

/** Undefined: new pods get their proxy. */
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
 * Names of the containers that a new pod gets, by a server-side dry run, which calls the webhooks.
 * @throws ProgramFailed if the pod is denied
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
