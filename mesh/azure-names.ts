import type { Aks, Azure } from "./mesh";

/**
 * Names on Azure that more than one folder must agree on: Terraform makes the thing, a manifest or a command names it.
 */

/** Tag of everything that Terraform makes: its value is the mesh's name. */
export const meshTagName = "istio-mesh";

/**
 * Name of the Terraform stack: its folder is `cdktf.out/stacks/<name>`. It is the resource group's name, so that two meshes kept in one folder never share a state. A group's name may
 * hold parentheses: quote paths in a shell.
 */
export function terraformStackName({ resourceGroup }: Azure): string {
  return resourceGroup;
}

/** Where no backend is named: the state's file, in the folder in which commands are run. */
export const localStateName = (stack: string): string => `terraform.${stack}.tfstate`;

/**
 * Name of the static public IP of a cluster's cross-cluster gateway, in the mesh's resource group. The gateway's
 * Service refers to it in its annotation `service.beta.kubernetes.io/azure-pip-name`. At most 71 characters (a
 * public IP's name may have 80).
 */
export function gatewayAddressName({ name }: Aks): string {
  return `${name}-gateway`;
}
