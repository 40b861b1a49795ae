import type { Cluster, Mesh } from "../../mesh/mesh";
import { kubectlFor } from "../exec/kubectl";
import { type KubernetesObject, objectId, objectTitle } from "../exec/kubernetes-object";
import type { Context } from "../run/context";
import { readClusterState } from "./cluster-state";
import { objectsToPrune } from "./prune";

/**
 * How a cluster differs from the manifests of mesh.yaml, a sentence for each object.
 * @param wanted the objects of the cluster's bundle, without the CA: its keys are not needed here
 */
export async function readBundleDrift(
  { programs, signal }: Pick<Context, "programs" | "signal">,
  mesh: Mesh,
  cluster: Cluster,
  wanted: readonly KubernetesObject[],
): Promise<readonly string[]> {
  const kubectl = kubectlFor(programs, cluster.context);
  const [state, unwanted] = await Promise.all([
    readClusterState(kubectl, wanted, signal),
    // kubectl does not know every kind before Istio's CRDs exist, and then the cluster holds nothing of the mesh.
    objectsToPrune(kubectl, mesh, wanted, [], signal).catch(() => []),
  ]);
  return [
    ...state
      .missing(wanted)
      .map((object) =>
        state.initial(objectId(object))
          ? `${objectTitle(object)} is not as mesh.yaml has it`
          : `${objectTitle(object)} does not exist`,
      ),
    ...unwanted
      .filter(({ metadata }) => metadata.name !== "cacerts")
      .map((object) => `${objectTitle(object)} is no longer in mesh.yaml`),
  ];
}
