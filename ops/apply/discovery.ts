import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import { type Inventory, isOfMesh, readInventory } from "../clusters/inventory";
import { kubectlFor } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";
import type { Context } from "../run/context";

/** What a run reads from the primary before its first step. */
export interface Discovered {
  /** As the last run wrote it; undefined before the first. */
  readonly inventory: Inventory | undefined;
  /** The primary's gateway Service; undefined without a mesh. */
  readonly primaryGateway: KubernetesObject | undefined;
}

/** Without an inventory of this mesh, an address on the primary is not the mesh's either. */
export async function discover({ programs, signal }: Context, mesh: Mesh): Promise<Discovered> {
  const kubectl = kubectlFor(programs, mesh.primary.context);
  const inventory = await readInventory(kubectl, signal);
  if (!isOfMesh(inventory, mesh)) return { inventory, primaryGateway: undefined };
  const { name } = mesh.istio.line.gateway;
  const [primaryGateway] = await kubectl.get(["-n", istioNamespace, "service", name], { signal });
  return { inventory, primaryGateway };
}
