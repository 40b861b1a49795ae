import { istioNamespace } from "../../../k8s/istio-names";
import { ingressGateway } from "../../../mesh/istio-lines";
import type { Cluster } from "../../../mesh/mesh";
import { meshCommand } from "../../../mesh/paths";
import type { Remedy } from "../../check";
import { kubectlIn, onceInjected, restart, restartIstiod } from "../../suggested-commands";
import type { VerifyWorld } from "../world";
import { localCa } from "./local-ca";

export const deleteCa = (cluster: Cluster) =>
  kubectlIn(cluster, "-n", istioNamespace, "delete", "secret", "cacerts", "--ignore-not-found");

/**
 * Installs the CA of mesh.yaml in a cluster again and restarts istiod, then every proxy. Without a local CA there are no
 * commands: once the Secret is deleted, a restarted istiod signs with its own root.
 */
export function reinstallCa(world: VerifyWorld, cluster: Cluster): Remedy {
  const { meshFile } = world;
  const { prepare, lacks } = localCa(world, cluster);
  if (lacks !== undefined) return { fix: lacks };
  return {
    commands: [
      ...prepare,
      deleteCa(cluster),
      meshCommand(meshFile, "apply", "--until", "namespaces"),
      ...restartIstiod(cluster),
      ...restartProxies(world),
    ],
  };
}

/** Their certificates are of the root that they started with. */
export function restartProxies(world: VerifyWorld): string[] {
  const { clusters, istio, sample, gateways } = world.mesh;
  const restarts = clusters.flatMap((cluster) => {
    const ingress = gateways.ingress && cluster.role === "primary" ? [ingressGateway.name] : [];
    const own = new Set([istio.line.gateway.name, ...ingress]);
    return [
      restart(cluster, istioNamespace, ...own),
      ...(sample ? [restart(cluster, sample.namespace)] : []),
    ];
  });
  return onceInjected(world, restarts);
}
