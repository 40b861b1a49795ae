import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import type { Cluster } from "../../mesh/mesh";
import type { Istioctl } from "../exec/istioctl";
import { type KubernetesObject, listOf } from "../exec/kubernetes-object";
import type { Context } from "../run/context";

/** A cluster's files in the work folder, readable by their owner alone. */
export interface WorkFiles {
  readonly folder: string;
  /** @returns the path of the file */
  write(name: string, text: string): string;
  /** Objects as a List that kubectl reads. */
  writeObjects(name: string, objects: readonly KubernetesObject[]): string;
}

export function workFiles({ workFolder }: Context, cluster: Cluster): WorkFiles {
  const folder = join(workFolder, "istio", cluster.name);
  const write = (name: string, text: string) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return { folder, write, writeObjects: (name, objects) => write(name, listOf(objects)) };
}

/**
 * What `istioctl install` would apply for an IstioOperator.
 * @param name of its files in the work folder
 * @param istioctlVersion of the istioctl on the PATH @default - not known: renders every time
 */
export function renderOperator(
  istioctl: Istioctl,
  files: WorkFiles,
  name: string,
  operator: object,
  istioctlVersion?: string,
): Promise<readonly KubernetesObject[]> {
  const text = dump(operator);
  const render = () => istioctl.render(files.write(`${name}.yaml`, text));
  if (istioctlVersion === undefined) return render();
  const digest = createHash("sha256").update(`${istioctlVersion}\n${text}`).digest("hex");
  return cachedRendering(join(files.folder, `${name}.rendered.json`), digest, render);
}

/**
 * Rendering takes most of a second and depends only on istioctl's version and its input: the last result is kept.
 * @param digest of both
 */
export async function cachedRendering(
  file: string,
  digest: string,
  render: () => Promise<readonly KubernetesObject[]>,
): Promise<readonly KubernetesObject[]> {
  const cached = read(file);
  if (cached?.digest === digest) return cached.objects;
  const objects = await render();
  writeFileSync(file, JSON.stringify({ digest, objects }), { mode: 0o600 });
  return objects;
}

interface Rendering {
  readonly digest: string;
  readonly objects: readonly KubernetesObject[];
}

/** Undefined for a missing file, and for one that an interrupted run wrote in part. */
function read(file: string): Rendering | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
