import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
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
