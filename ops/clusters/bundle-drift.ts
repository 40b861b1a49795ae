import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeBundle } from "../../k8s/write-bundle";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import { objectId, objectTitle } from "../exec/kubernetes-object";
import type { Context } from "../run/context";
import { bundleObjects } from "./bundle-objects";
import { readClusterState } from "./cluster-state";
import { objectsToPrune } from "./prune";

/** How a cluster differs from the manifests of mesh.yaml, a sentence for each object. */
export async function readBundleDrift(
  { programs, signal, workFolder }: Context,
  mesh: Mesh,
  cluster: Cluster,
): Promise<readonly string[]> {
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  const dist = mkdtempSync(join(workFolder, "drift-"));
  try {
    const folder = join(dist, cluster.name);
    // Without the CA: its keys are not needed here.
    writeBundle(mesh, cluster, { ca: undefined, addresses: {} }, folder);
    return await compare(kubectlFor(programs, cluster.context), mesh, cluster, dist, signal);
  } finally {
    rmSync(dist, { recursive: true, force: true });
  }
}

async function compare(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  dist: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const folder = join(dist, cluster.name);
  const [state, unwanted] = await Promise.all([
    readClusterState(kubectl, [folder], signal),
    // kubectl does not know every kind before Istio's CRDs exist, and then the cluster holds nothing of the mesh.
    objectsToPrune(kubectl, mesh, cluster, dist, signal).catch(() => []),
  ]);
  return [
    ...state
      .missing(bundleObjects(folder))
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
