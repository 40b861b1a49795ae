import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster } from "../../mesh/mesh";
import { adoptNamespaces } from "../clusters/adopted-namespaces";
import { caAmong } from "../clusters/ca-secret";
import type { StepContext } from "../run/steps";
import type { Run } from "./run";

/** A second root would split the mesh: workloads with different roots do not trust each other. */
export async function refuseForeignRoot(run: Run, cluster: Cluster): Promise<void> {
  const cacerts = await run.installations.get(cluster.name)!.inBundle(`Secret./${istioNamespace}/cacerts`);
  if (!cacerts) return;
  if (cacerts.type === "kubernetes.io/tls") {
    throw new Error(
      `the Secret cacerts of ${cluster.name} has the type kubernetes.io/tls, as cert-manager writes it; apply cannot ` +
        "change the type of a Secret: let either cert-manager or mesh write it",
    );
  }
  if (caAmong([cacerts], run.mesh)!.ca.rootCert.trim() === run.rootCertificate.trim()) return;
  throw new Error(
    `${cluster.name} has a Secret cacerts with a root certificate other than this mesh's CA; a mesh has one root; ` +
      "restore the CA folder that the cluster was installed with, or run mesh destroy first",
  );
}

/** Why namespaces are still Terminating. */
export async function namespaceTroubles(run: Run, cluster: Cluster, signal: AbortSignal): Promise<string[]> {
  const { kubectl } = run.installations.get(cluster.name)!;
  const found = await kubectl.get(["namespaces", ...namespacesOf(run)], { signal, deadlineSeconds: 10 });
  return found
    .filter(({ status }) => status?.phase === "Terminating")
    .flatMap(({ metadata, status }) => [
      `namespace ${metadata.name} is being deleted`,
      ...((status.conditions ?? []) as { status: string; message: string }[])
        .filter((condition) => condition.status === "True")
        .map(({ message }) => message),
    ]);
}

const namespacesOf = ({ mesh }: Run) => [istioNamespace, ...(mesh.sample ? [mesh.sample.namespace] : [])];

/** Marks namespaces that existed before the mesh, so that `mesh destroy` keeps them. */
export async function adoptForeignNamespaces(run: Run, cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { kubectl } = run.installations.get(cluster.name)!;
  await adoptNamespaces(kubectl, run.mesh, cluster, namespacesOf(run), signal);
}

/** Nothing can be created in a Terminating namespace. */
export async function untilNamespacesAreUsable(
  run: Run,
  cluster: Cluster,
  { signal, note, deadlineSeconds }: StepContext,
): Promise<void> {
  const { kubectl, inBundle, forget } = run.installations.get(cluster.name)!;
  const names = namespacesOf(run);
  const found = await Promise.all(names.map((name) => inBundle(`Namespace.//${name}`)));
  const terminating = names.filter((_, index) => found[index]?.status?.phase === "Terminating");
  if (terminating.length === 0) return;
  note(`waiting for namespace ${terminating.join(", ")} to be deleted`);
  await kubectl.waitUntilGone(
    terminating.map((name) => `namespace/${name}`),
    deadlineSeconds,
    { signal },
  );
  forget();
}
