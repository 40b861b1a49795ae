import { formatAddresses, readAddresses } from "../../mesh/addresses";
import type { Addresses, Mesh } from "../../mesh/mesh";
import { synthesize } from "../../synth/synthesize";
import { isOfMesh } from "../clusters/inventory";
import { loadBalancerAddress } from "../exec/kubernetes-object";
import { replaceFile } from "../exec/replace-file";
import type { Discovered } from "./discovery";
import type { Run } from "./run";

/**
 * The addresses that a run starts with. The primary's comes from its gateway where this mesh runs there: the file may
 * be of another machine or an earlier mesh, and remotes would look for istiod at the wrong address.
 */
export function addressesAtFirst(
  mesh: Mesh,
  { inventory, primaryGateway }: Discovered,
  ofFile: Addresses,
): Addresses {
  if (!isOfMesh(inventory, mesh)) return ofFile;
  const { [mesh.primary.name]: inUse, ...remotes } = ofFile;
  const primaryAddress = primaryGateway && loadBalancerAddress(primaryGateway, inUse);
  return primaryAddress === undefined ? remotes : { ...remotes, [mesh.primary.name]: primaryAddress };
}

/** Keeps an address in the run and beside mesh.yaml, and writes the files of `dist` that need it. */
export function keepAddress(run: Run, cluster: string, address: string): void {
  run.addresses[cluster] = address;
  const { mesh, paths } = run;
  if (readAddresses(paths.addresses, mesh)[cluster] === address) return;
  replaceFile(paths.addresses, formatAddresses(run.addresses), 0o644);
  synthesize(run);
}
