import { loadCa } from "../ca/load";
import type { CaMaterial } from "../ca/material";
import { readAddresses } from "../mesh/addresses";
import { readMesh } from "../mesh/load";
import type { Addresses, Mesh } from "../mesh/mesh";
import type { MeshPaths } from "../mesh/paths";
import { formatProblem } from "../mesh/problem";
import { releaseFindings } from "../mesh/releases";
import { loadExtension, type MeshExtension } from "./extension";

/** Everything that the output depends on: the same inputs give the same bytes on any machine. */
export interface Inputs {
  readonly mesh: Mesh;
  readonly paths: MeshPaths;
  /** Undefined before `mesh ca` has run. A new cluster may be missing. */
  readonly ca: CaMaterial | undefined;
  readonly addresses: Addresses;
  /** What mesh.extend.ts adds. @default - there is no such file */
  readonly extension?: MeshExtension;
  /** For example a certificate that expires soon. */
  readonly warnings: readonly string[];
}

/**
 * Reads `mesh.yaml`, the CA, the known addresses and the extension.
 * @param now when certificates must be valid; warnings about the Istio release depend on it too
 * @throws InputError with all problems of the first of them that has problems
 */
export function readInputs(paths: MeshPaths, now: Date): Inputs {
  const inputs = readInputsWithoutCa(paths, now);
  const { material, warnings } = loadCa(inputs.mesh, paths.mesh, now);
  return { ...inputs, ca: material, warnings: [...inputs.warnings, ...warnings] };
}

/** The same where there are no keys, as in CI. */
export function readInputsWithoutCa(paths: MeshPaths, now: Date): Inputs {
  const mesh = readMesh(paths.mesh);
  return {
    mesh,
    paths,
    ca: undefined,
    addresses: readAddresses(paths.addresses, mesh),
    extension: loadExtension(paths.extension),
    warnings: releaseFindings(mesh.istio, now).map((finding) =>
      formatProblem({ file: paths.mesh, position: undefined, ...finding }),
    ),
  };
}
