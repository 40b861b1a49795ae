import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import { type Kubectl, noValidation } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";

/** The clusters of a mesh, stored on the primary so that later runs see which were removed from mesh.yaml. No secrets. */
export interface Inventory {
  readonly mesh: string;
  readonly istio: string;
  readonly clusters: readonly InventoryCluster[];
  /** Kinds of objects that mesh.extend.ts has added, `<kind>.<group>`, for `--prune` and `destroy`. @default - none */
  readonly kinds?: readonly string[];
}

/** A cluster as mesh.yaml had it. */
export interface InventoryCluster {
  readonly name: string;
  readonly context: string;
  readonly role: "primary" | "remote";
  readonly network: string;
}

/** Name of the ConfigMap in istio-system of the primary. */
export const inventoryName = "mesh-inventory";

/**
 * @param leaving clusters that were removed from mesh.yaml and not yet from the mesh
 * @param kinds of objects that mesh.extend.ts has added
 */
export function inventoryOf(
  mesh: Mesh,
  leaving: readonly InventoryCluster[] = [],
  kinds: readonly string[] = [],
): Inventory {
  return {
    mesh: mesh.name,
    istio: mesh.istio.version,
    clusters: [...mesh.clusters, ...leaving].map(({ name, context, role, network }) => ({
      name,
      context,
      role,
      network,
    })),
    ...(kinds.length > 0 ? { kinds } : {}),
  };
}

/** Undefined if no mesh was applied. */
export async function readInventory(primary: Kubectl, signal: AbortSignal): Promise<Inventory | undefined> {
  const [found] = await primary.get(["-n", istioNamespace, "configmap", inventoryName], { signal });
  return found && JSON.parse(found.data["inventory.json"]);
}

export async function writeInventory(
  primary: Kubectl,
  inventory: Inventory,
  signal: AbortSignal,
): Promise<void> {
  await primary.run(["apply", noValidation, "-f", "-"], {
    signal,
    input: JSON.stringify(inventoryManifest(inventory)),
  });
}

/** Its ConfigMap. */
export function inventoryManifest(inventory: Inventory): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: inventoryName,
      namespace: istioNamespace,
      labels: { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": inventory.mesh },
    },
    data: { "inventory.json": JSON.stringify(inventory, undefined, 2) },
  };
}

/** Whether the inventory exists and belongs to this mesh. */
export const isOfMesh = (inventory: Inventory | undefined, { name }: Mesh): inventory is Inventory =>
  inventory?.mesh === name;

/** Remotes of this mesh that are no longer in mesh.yaml. */
export function removedClusters(inventory: Inventory | undefined, mesh: Mesh): readonly InventoryCluster[] {
  if (!isOfMesh(inventory, mesh)) return [];
  const kept = new Set(mesh.clusters.map(({ name }) => name));
  return inventory.clusters.filter(({ name, role }) => role === "remote" && !kept.has(name));
}
