import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { manifestFiles } from "../../k8s/bundle";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { meshPaths } from "../../mesh/paths";
import { loadExtension } from "../../synth/extension";
import { makeMeshApp } from "../../synth/mesh-app";
import type { KubernetesObject } from "../exec/kubernetes-object";

/** The objects in a file of manifests. */
export function readManifests(file: string): KubernetesObject[] {
  return loadAll(readFileSync(file, "utf8")).filter(
    (document) => document !== null && document !== undefined,
  ) as KubernetesObject[];
}

/** The objects that `kubectl apply -f` finds in a folder, which does not look into subfolders. */
export function bundleObjects(folder: string): KubernetesObject[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .flatMap((file) => readManifests(join(folder, file)));
}

/** The objects of every cluster's bundle by its name, except those that need the CA. No output is written. */
export function objectsOfBundles(
  mesh: Mesh,
  meshFile: string,
): Readonly<Record<string, readonly KubernetesObject[]>> {
  const extension = loadExtension(meshPaths(meshFile).extension);
  // cdktf makes its folder at once.
  const terraform = mkdtempSync(join(tmpdir(), "mesh-bundles-"));
  try {
    const { bundles } = makeMeshApp({ mesh, extension }, { dist: "dist", terraform });
    return Object.fromEntries(
      bundles.map((bundle) => [bundle.cluster.name, bundle.objects() as KubernetesObject[]]),
    );
  } finally {
    rmSync(terraform, { recursive: true });
  }
}

/** Paths of the files of `dist/<cluster>` that mesh.extend.ts has added, in the order of application. */
export function extensionFiles(mesh: Mesh, cluster: Cluster, dist: string): string[] {
  const folder = join(dist, cluster.name);
  const own = new Set(manifestFiles(mesh, cluster).map(({ file }) => file));
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".k8s.yaml")) : [];
  return files
    .filter((file) => !own.has(file))
    .sort()
    .map((file) => join(folder, file));
}
