import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import { type Kubectl, noValidation } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";

/** What a mesh consists of, kept on the primary so that a later run sees what has left mesh.yaml. Nothing secret. */
export interface Inventory {
  readonly mesh: string;
  readonly istio: string;
  readonly clusters: readonly InventoryCluster[];
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

/** @param leaving clusters that mesh.yaml does not name any more and that are not out of the mesh yet */
export function inventoryOf(mesh: Mesh, leaving: readonly InventoryCluster[] = []): Inventory {
  return {
    mesh: mesh.name,
    istio: mesh.istio.version,
    clusters: [...mesh.clusters, ...leaving].map(({ name, context, role, network }) => ({
      name,
      context,
      role,
      network,
    })),
  };
}

/** Undefined where no mesh was applied. */
export async function readInventory(primary: Kubectl, signal: AbortSignal): Promise<Inventory | undefined> {
  const [found] = await primary.get(["-n", istioNamespace, "configmap", inventoryName], { signal });
  return found && JSON.parse(found.data["inventory.json"]);
}

/** Makes it, or puts it in place of the one that is there. */
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

/** The ConfigMap that keeps it. */
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

/** There is one, and it is this mesh's: what stands beside another's is not ours to read. */
export const isOfMesh = (inventory: Inventory | undefined, { name }: Mesh): inventory is Inventory =>
  inventory?.mesh === name;

/** Remotes that were in the mesh and that mesh.yaml does not name any more. Those of another mesh are not ours to miss. */
export function removedClusters(inventory: Inventory | undefined, mesh: Mesh): readonly InventoryCluster[] {
  if (!isOfMesh(inventory, mesh)) return [];
  const kept = new Set(mesh.clusters.map(({ name }) => name));
  return inventory.clusters.filter(({ name, role }) => role === "remote" && !kept.has(name));
}
