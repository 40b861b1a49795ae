import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import { readInventory } from "../clusters/inventory";
import { refuseForeign, whyForeign } from "../clusters/owner";
import { Interrupted, Refused } from "../exec/errors";
import { kubectlFor } from "../exec/kubectl";
import type { Context } from "../run/context";
import { withLock } from "../run/lock";
import { hasSucceeded, runSteps, type Step, type StepResult } from "../run/steps";
import { deadlines, remove, uninstallSteps } from "./uninstall";

export interface DestroyOptions {
  /** Also delete Istio's CRDs, and with them every resource of these kinds, including those of other owners. @default false */
  readonly crds?: boolean;
}

export interface DestroyResult {
  readonly results: readonly StepResult[];
  readonly ok: boolean;
}

/**
 * Uninstalls the mesh from all clusters. The primary's access to the remotes goes first, so that no endpoint outlives
 * its cluster, and load balancers go before what would remove their addresses. Idempotent. What stays: `kept.ts`.
 * @throws Refused while another run changes this mesh, or when a context leads to a foreign Istio; nothing was
 * removed then
 */
export async function destroy(
  context: Context,
  mesh: Mesh,
  options: DestroyOptions = {},
): Promise<DestroyResult> {
  await refuseForeignMesh(context, mesh);
  return withLock(context, mesh, "mesh destroy", async (locked) => {
    const extensionKinds = await readExtensionKinds(locked, mesh);
    const steps = [
      removeRemoteSecrets(locked, mesh),
      ...mesh.clusters.flatMap((cluster) =>
        uninstallSteps(locked, mesh, cluster, { crds: options.crds, extensionKinds }).map((step) => ({
          ...step,
          needs: [...step.needs, remoteSecretsStep],
        })),
      ),
    ];
    const results = await runSteps(steps, locked.reporter, locked.signal);
    return { results, ok: results.every(hasSucceeded) };
  });
}

/** Before anything is removed anywhere. A cluster that does not answer is reported by its steps, which ask again. */
async function refuseForeignMesh({ programs, signal }: Context, mesh: Mesh): Promise<void> {
  const reasons = await Promise.all(
    mesh.clusters.map(async (cluster) => {
      try {
        return await whyForeign(kubectlFor(programs, cluster.context), mesh, cluster, signal);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        return undefined;
      }
    }),
  );
  const foreign = reasons.filter((reason) => reason !== undefined);
  if (foreign.length > 0) throw new Refused([...foreign, "nothing was removed"]);
}

/** None if the primary does not answer: its steps report that, and the next run reads them. */
async function readExtensionKinds({ programs, signal }: Context, mesh: Mesh): Promise<readonly string[]> {
  try {
    return (await readInventory(kubectlFor(programs, mesh.primary.context), signal))?.kinds ?? [];
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return [];
  }
}

const remoteSecretsStep = "remote-secrets";

function removeRemoteSecrets({ programs }: Context, mesh: Mesh): Step {
  const kubectl = kubectlFor(programs, mesh.primary.context);
  return {
    id: remoteSecretsStep,
    cluster: mesh.primary.name,
    phase: "remote-secrets",
    title: "remote secrets",
    needs: [],
    deadlineSeconds: deadlines.requests,
    run: async ({ signal }) => {
      await refuseForeign(kubectl, mesh, mesh.primary, signal);
      const applied = (await readInventory(kubectl, signal))?.clusters ?? [];
      const remotes = [...mesh.remotes, ...applied.filter(({ role }) => role === "remote")];
      const names = [...new Set(remotes.map(({ name }) => remoteSecretName(name)))];
      if (names.length === 0) return "unchanged";
      return remove(kubectl, ["-n", istioNamespace, "secret", ...names], deadlines.requests, signal);
    },
  };
}
