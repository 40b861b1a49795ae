import { istioNamespace } from "../k8s/istio-names";
import type { Cluster } from "../mesh/mesh";
import { commandLine } from "../mesh/shell-quote";

// Commands for people to paste.

type Where = Pick<Cluster, "context">;

export const kubectlIn = ({ context }: Where, ...args: readonly string[]) =>
  commandLine("kubectl", ["--context", context, ...args]);

/** @param deployments none: every one of the namespace */
export const restart = (where: Where, namespace: string, ...deployments: readonly string[]) =>
  kubectlIn(where, "-n", namespace, "rollout", "restart", "deployment", ...deployments);

/** And waits until it serves again. */
export const restartIstiod = (where: Where) => [
  restart(where, istioNamespace, "istiod"),
  kubectlIn(where, "-n", istioNamespace, "rollout", "status", "deployment", "istiod"),
];
