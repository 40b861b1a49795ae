import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { fileToWrite } from "../exec/kubeconfig-files";

/**
 * Arguments of az that write the context of a cluster that Terraform creates, named after the AKS cluster.
 * @param file `-`: stdout @default - the kubeconfig that az finds
 */
export function getCredentials({ azure }: Mesh, { aks }: Cluster, file?: string): string[] {
  const where = azure!.subscription === undefined ? [] : ["--subscription", azure!.subscription];
  const what = ["--resource-group", azure!.resourceGroup, "--name", aks!.name, "--overwrite-existing"];
  return ["aks", "get-credentials", ...where, ...what, ...(file === undefined ? [] : ["--file", file])];
}

/** The same as a command to paste; empty for a cluster that Terraform does not create. */
export function fetchCredentials(mesh: Mesh, cluster: Cluster): string[] {
  if (!mesh.azure || !cluster.aks) return [];
  return [commandLine("az", getCredentials(mesh, cluster, fileToWrite(cluster.context)))];
}
