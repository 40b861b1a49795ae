import { istioNamespace } from "../../k8s/istio-names";
import { type Kubectl, noValidation } from "../exec/kubectl";
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
  const output = "jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}";
  const { code, stdout, stderr } = await kubectl.run(
    ["create", "--dry-run=server", noValidation, "-o", output, "-f", "-"],
    { signal, input: JSON.stringify(probe), deadlineSeconds: 20, answers: [0, 1] },
  );
  if (code !== 0) return stderr.trim();
  if (stdout.split(" ").includes("istio-proxy")) return undefined;
  return "pods start without a proxy: no injection webhook applies";
}
