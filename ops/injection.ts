import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { istioNamespace } from "../k8s/bundle";
import type { Context } from "./context";
import { type Kubectl, noValidation, pause } from "./kubectl";

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
export async function untilInjected(
  { workFolder }: Context,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  const file = join(workFolder, "injection-probe.json");
  writeFileSync(file, JSON.stringify(probe));
  while (!(await isInjected(kubectl, file, signal))) await pause(signal);
}

async function isInjected(kubectl: Kubectl, file: string, signal: AbortSignal): Promise<boolean> {
  const { code, stdout } = await kubectl.run(
    [
      "create",
      "--dry-run=server",
      noValidation,
      "-o",
      "jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}",
      "-f",
      file,
    ],
    { signal, deadlineSeconds: 20, answers: [0, 1] },
  );
  return code === 0 && stdout.split(" ").includes("istio-proxy");
}
