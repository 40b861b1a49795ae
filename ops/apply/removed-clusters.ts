import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import type { Cluster } from "../../mesh/mesh";
import { type InventoryCluster, inventoryOf, writeInventory } from "../clusters/inventory";
import { clusterUid, isOwned, istioSystemIn, networkOf } from "../clusters/owner";
import { uninstallSteps } from "../destroy/uninstall";
import { Interrupted } from "../exec/errors";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import { hasSucceeded, runSteps } from "../run/steps";
import { deadlines } from "./deadlines";
import type { ApplyStep, Run } from "./run";

/**
 * Remotes that are no longer in mesh.yaml: first the primary's access to them is removed, so that they get no more
 * requests, then the mesh on them. Without `prune` the run only reports them.
 */
export function removedClusterSteps(run: Run, removed: readonly InventoryCluster[]): ApplyStep[] {
  if (removed.length === 0) return [];
  const { mesh } = run;
  const primary = run.installations.get(mesh.primary.name)!.kubectl;
  const names = removed.map(({ name }) => name).join(", ");
  const common = { cluster: mesh.primary.name, optional: true };
  const secretsId = `${mesh.primary.name}/secrets of removed clusters`;
  return [
    {
      ...common,
      id: secretsId,
      phase: "namespaces",
      title: `remote secret of ${names}`,
      // That step checks the owner of the primary.
      needs: [`${mesh.primary.name}/namespaces`],
      deadlineSeconds: run.timeoutSeconds ?? deadlines.requests,
      run: async ({ signal }) => {
        if (!run.prune) throw new Error(whatWouldGo(removed));
        const secrets = removed.map(({ name }) => remoteSecretName(name));
        const args = ["-n", istioNamespace, "secret", ...secrets];
        return (await primary.remove(args, deadlines.requests, { signal })) ? "changed" : "unchanged";
      },
    },
    ...(run.prune
      ? [
          {
            ...common,
            id: `${mesh.primary.name}/removed clusters`,
            phase: "removals" as const,
            title: `${names}: out of the mesh`,
            // Both write the inventory, this step last.
            needs: [secretsId, `${mesh.primary.name}/inventory`],
            deadlineSeconds: run.timeoutSeconds ?? deadlines.removedCluster,
            run: async ({ signal }: { readonly signal: AbortSignal }) => {
              const departures = await Promise.all(removed.map((cluster) => takeOut(run, cluster, signal)));
              const stillThere = departures.flatMap(({ cluster, isGone }) => (isGone ? [] : [cluster]));
              await writeInventory(primary, inventoryOf(mesh, stillThere, run.extensionKinds), signal);
              const reasons = departures.flatMap(({ reason }) => reason ?? []);
              if (reasons.length > 0) throw new Error(reasons.join("\n"));
              return "changed" as const;
            },
          },
        ]
      : []),
  ];
}

const whatWouldGo = (removed: readonly InventoryCluster[]) =>
  removed
    .map(
      ({ name, context }) =>
        `${name} is no longer in mesh.yaml; --prune deletes its Secret ${remoteSecretName(name)}, and this mesh's Istio and ` +
        `sample in the context ${context}`,
    )
    .join("\n");

interface Departure {
  readonly cluster: InventoryCluster;
  /** Nothing is left to remove, or nothing can be removed. */
  readonly isGone: boolean;
  readonly reason?: string;
}

async function takeOut(run: Run, cluster: InventoryCluster, signal: AbortSignal): Promise<Departure> {
  const kubectl = kubectlFor(run.context.programs, cluster.context);
  const obstacle = await whyNotTouched(run, cluster, kubectl, signal);
  if (obstacle !== undefined) {
    return { cluster, isGone: true, reason: `${cluster.name} is out of the mesh; ${obstacle}` };
  }
  const steps = uninstallSteps(run.context, run.mesh, asRemote(cluster), {
    extensionKinds: run.extensionKinds,
  });
  const results = await runSteps(steps, run.context.reporter, signal);
  const failed = results.filter((result) => !hasSucceeded(result));
  if (failed.length === 0) return { cluster, isGone: true };
  const titles = failed.map(({ step }) => step.title).join(", ");
  return {
    cluster,
    isGone: false,
    reason: `${cluster.name}: not removed: ${titles}; fix the cause and run again with --prune`,
  };
}

const asRemote = ({ name, network, context }: InventoryCluster): Cluster => ({
  name,
  network,
  context,
  role: "remote",
  aks: undefined,
  egressRanges: [],
});

/**
 * A context may lead to another cluster by now: a cluster that was only renamed, or a foreign one behind the old name,
 * must not lose its Istio.
 */
async function whyNotTouched(
  { mesh, installations }: Run,
  { network, context }: InventoryCluster,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<string | undefined> {
  const namespacesOf = (one: Kubectl) =>
    one.get(["namespaces", "kube-system", istioNamespace], { signal, deadlineSeconds: 20 });
  let found: Awaited<ReturnType<typeof namespacesOf>>;
  try {
    found = await namespacesOf(kubectl);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return `its context ${context} does not answer: what is on it stays\n${(error as Error).message}`;
  }
  const kept = await Promise.all([...installations.values()].map((one) => namespacesOf(one.kubectl)));
  if (kept.some((namespaces) => clusterUid(namespaces) === clusterUid(found))) {
    return `the context ${context} leads to a cluster that is in mesh.yaml under another name: it is left alone`;
  }
  const namespace = istioSystemIn(found);
  if (namespace?.metadata.labels === undefined) return undefined;
  const isOurs = isOwned(namespace, mesh) && [undefined, network].includes(networkOf(namespace));
  return isOurs
    ? undefined
    : `the context ${context} leads to a cluster whose ${istioNamespace} is not of this mesh's ${network}: it is left alone`;
}
