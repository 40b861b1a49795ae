import { istioNamespace } from "../k8s/bundle";
import type { Cluster } from "../mesh/mesh";
import { deadlines, type Run } from "./apply-run";
import type { StepContext } from "./steps";

/** A second root would cut the mesh in two: workloads of one root refuse those of the other. */
export async function refuseForeignRoot(run: Run, cluster: Cluster): Promise<void> {
  const cacerts = await run.installations.get(cluster.name)!.inBundle(`Secret./${istioNamespace}/cacerts`);
  if (!cacerts) return;
  const installed = Buffer.from(cacerts.data?.["root-cert.pem"] ?? "", "base64").toString("utf8");
  if (installed.trim() === run.rootCertificate.trim()) return;
  throw new Error(
    `${cluster.name} has a Secret cacerts with another root certificate than this mesh's CA; one mesh has one root; ` +
      "bring back the CA folder that the cluster was installed with, or run mesh destroy first",
  );
}

/** A namespace that is being deleted takes nothing new, and tells so only when it is too late. */
export async function untilNamespacesAreUsable(
  run: Run,
  cluster: Cluster,
  { signal, note }: StepContext,
): Promise<void> {
  const { kubectl, inBundle, forget } = run.installations.get(cluster.name)!;
  const names = [istioNamespace, ...(run.mesh.sample ? [run.mesh.sample.namespace] : [])];
  const found = await Promise.all(names.map((name) => inBundle(`Namespace.//${name}`)));
  const leaving = names.filter((_, index) => found[index]?.status?.phase === "Terminating");
  if (leaving.length === 0) return;
  note(`waiting for namespace ${leaving.join(", ")} to be gone`);
  await kubectl.run(
    ["wait", "--for=delete", "--timeout=-1s", ...leaving.map((name) => `namespace/${name}`)],
    {
      signal,
      deadlineSeconds: deadlines.terminating,
    },
  );
  forget();
}
