import type { Cluster, Mesh } from "../mesh/mesh";
import type { KubernetesObject } from "../ops/exec/kubernetes-object";

/** Clusters in which the mesh has an istiod of its own. */
export const runsIstiod = ({ istio }: Mesh, { role }: Cluster) =>
  role === "primary" || istio.line.remotesRunIstiod;

/** Where a webhook configuration sends its questions, if they are Istio's. */
export function istioService({
  webhooks = [],
}: KubernetesObject): { name: string; namespace: string } | undefined {
  const ours = webhooks.filter(({ name }: { name: string }) => /(^|\.)istio\.io$/.test(name));
  return ours.find((webhook: KubernetesObject) => webhook.clientConfig?.service)?.clientConfig.service;
}
