import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";

/** Writes the context of a cluster that Terraform makes; nothing for the others. */
export function getCredentials({ azure }: Mesh, { aks }: Cluster): string[] {
  if (!azure || !aks) return [];
  const where = azure.subscription === undefined ? [] : ["--subscription", azure.subscription];
  const what = ["--resource-group", azure.resourceGroup, "--name", aks.name, "--overwrite-existing"];
  return [commandLine("az", ["aks", "get-credentials", ...where, ...what])];
}
