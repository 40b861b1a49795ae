import { istioNamespace } from "../../k8s/istio-names";
import type { Addresses, Mesh } from "../../mesh/mesh";
import { type Inventory, readInventory } from "../clusters/inventory";
import { kubectlFor } from "../programs/kubectl";
import { loadBalancerAddress } from "../programs/kubernetes-object";
import type { Context } from "../runs/context";

/** What a run finds out before its first step. */
export interface Findings {
  /** Version of the istioctl that is on the PATH, for example `1.31.1`. */
  readonly istioctlVersion: string;
  /** As the last run left it; undefined where none has come so far. */
  readonly inventory: Inventory | undefined;
  /** Gateway addresses by cluster name; the primary's is the one that its Service has at this moment. */
  readonly addresses: Addresses;
}

/**
 * Asks the primary. The file of addresses is not asked for the primary's: it may lie on another machine, or be of a mesh
 * that has been destroyed since, and remotes would look for istiod where nobody is. Where the primary bears no inventory
 * of this mesh, no address in it is the mesh's either.
 * @param known addresses of the file
 */
export async function findOut(
  context: Context,
  mesh: Mesh,
  known: Addresses,
  istioctlVersion: string,
): Promise<Findings> {
  const { signal } = context;
  const kubectl = kubectlFor(context.programs, mesh.primary.context);
  const inventory = await readInventory(kubectl, signal);
  const { [mesh.primary.name]: _, ...remotes } = known;
  if (inventory?.mesh !== mesh.name) return { istioctlVersion, inventory, addresses: remotes };
  const { name } = mesh.istio.line.gateway;
  const [service] = await kubectl.get(["-n", istioNamespace, "service", name], { signal });
  const address = service && loadBalancerAddress(service);
  const addresses = address === undefined ? remotes : { ...remotes, [mesh.primary.name]: address };
  return { istioctlVersion, inventory, addresses };
}
