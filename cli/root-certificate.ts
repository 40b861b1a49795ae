import { loadCa } from "../ca/load";
import type { Mesh } from "../mesh/mesh";
import { InputError } from "../mesh/problem";

/** PEM text of the root of the mesh's CA. Undefined: the CA is somewhere else, or is not sound, which is doctor's business. */
export function rootCertificate(mesh: Mesh, file: string): string | undefined {
  try {
    return Object.values(loadCa(mesh, file, new Date()).material ?? {})[0]?.rootCert;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}
