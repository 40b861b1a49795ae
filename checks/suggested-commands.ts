import { istioNamespace } from "../k8s/istio-names";
import type { Cluster, Mesh } from "../mesh/mesh";
import { meshCommand } from "../mesh/paths";
import { commandLine } from "../mesh/shell-quote";

// Commands for people to paste.

type Where = Pick<Cluster, "context">;

export const kubectlIn = ({ context }: Where, ...args: readonly string[]) =>
  commandLine("kubectl", ["--context", context, ...args]);

/** @param deployments none: every one of the namespace */
export const restart = (where: Where, namespace: string, ...deployments: readonly string[]) =>
  kubectlIn(where, "-n", namespace, "rollout", "restart", "deployment", ...deployments);

/**
 * Restarts that begin only when a pod that starts gets a proxy: one that does not is refused, or is no part of the mesh.
 * @param restarts commands of `restart`
 */
export function onceInjected(
  { mesh, meshFile }: { readonly mesh: Mesh; readonly meshFile: string },
  restarts: readonly string[],
): string[] {
  if (restarts.length === 0) return [];
  // Injection is checked with a pod of the sample's namespace.
  const guard = mesh.sample
    ? [meshCommand(meshFile, "verify", "--only", "endpoints.injection", "--wait", "2m")]
    : [];
  return [[...guard, ...restarts].join(" && ")];
}

/** And waits until it serves again. */
export const restartIstiod = (where: Where) => [
  restart(where, istioNamespace, "istiod"),
  kubectlIn(where, "-n", istioNamespace, "rollout", "status", "deployment", "istiod"),
];
