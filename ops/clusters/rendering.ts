import { readFileSync, writeFileSync } from "node:fs";
import type { KubernetesObject } from "../exec/kubernetes-object";

/**
 * What istioctl renders follows from its version and its input alone, and takes it most of a second: the last rendering
 * is kept, with the digest of what it was made of.
 * @param digest of the input and of istioctl's version
 */
export async function rememberedRendering(
  file: string,
  digest: string,
  render: () => Promise<readonly KubernetesObject[]>,
): Promise<readonly KubernetesObject[]> {
  const kept = read(file);
  if (kept?.digest === digest) return kept.objects;
  const objects = await render();
  writeFileSync(file, JSON.stringify({ digest, objects }), { mode: 0o600 });
  return objects;
}

interface Rendering {
  readonly digest: string;
  readonly objects: readonly KubernetesObject[];
}

/** A file that is not there, or that a killed run wrote half of, is no rendering. */
function read(file: string): Rendering | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
