import type { Aks, Azure, Cluster } from "./mesh";

/**
 * Names that Terraform and manifests or commands must agree on.
 */

/** Tag of every resource that Terraform creates; its value is the name of the mesh. */
export const meshTagName = "istio-mesh";

/**
 * Name of the Terraform stack, whose folder is `cdktf.out/stacks/<name>`. It is the resource group's name, so that two
 * meshes in one folder never share a state. The name may have parentheses: quote paths in a shell.
 */
export function terraformStackName({ resourceGroup }: Azure): string {
  return resourceGroup.name;
}

/** File of the local state, in the current folder. */
export const localStateName = (stack: string): string => `terraform.${stack}.tfstate`;

/**
 * Name of the static public IP of a cluster's east-west gateway, in the cluster's resource group. The gateway's
 * Service refers to it in its annotation `service.beta.kubernetes.io/azure-pip-name`. At most 71 characters (a
 * public IP's name may have 80).
 */
export function gatewayAddressName({ name }: Aks): string {
  return `${name}-gateway`;
}

/**
 * Arguments of az that write the kubeconfig context of a cluster that Terraform creates.
 * @param file `-`: to stdout @default - where az finds its kubeconfig
 */
export function getCredentials({ aks }: Cluster, file?: string): string[] {
  const { name, subscription, resourceGroup } = aks!;
  const where = subscription === undefined ? [] : ["--subscription", subscription];
  const what = ["--resource-group", resourceGroup.name, "--name", name, "--overwrite-existing"];
  return ["aks", "get-credentials", ...where, ...what, ...(file === undefined ? [] : ["--file", file])];
}

/** Arguments of kubelogin that let a context use the login of az, which never waits for a person. */
export const useLoginOfAz = (context: string): string[] => [
  "convert-kubeconfig",
  "--context",
  context,
  "--login",
  "azurecli",
];
