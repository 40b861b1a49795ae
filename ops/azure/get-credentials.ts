import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { fileToWrite } from "../exec/kubeconfig-files";

/**
 * How az writes the context of a cluster that Terraform makes, which is named after the AKS cluster.
 * @param file `-`: to stdout @default - where az finds its kubeconfig
 */
export function getCredentials({ azure }: Mesh, { aks }: Cluster, file?: string): string[] {
  const where = azure!.subscription === undefined ? [] : ["--subscription", azure!.subscription];
  const what = ["--resource-group", azure!.resourceGroup, "--name", aks!.name, "--overwrite-existing"];
  return ["aks", "get-credentials", ...where, ...what, ...(file === undefined ? [] : ["--file", file])];
}

/** The same for people to paste; nothing for a cluster that Terraform does not make. */
export function fetchCredentials(mesh: Mesh, cluster: Cluster): string[] {
  if (!mesh.azure || !cluster.aks) return [];
  return [commandLine("az", getCredentials(mesh, cluster, fileToWrite(cluster.context)))];
}
