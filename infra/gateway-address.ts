import type { KubernetesCluster } from "@cdktf/provider-azurerm/lib/kubernetes-cluster";
import { PublicIp } from "@cdktf/provider-azurerm/lib/public-ip";
import type { ResourceGroup } from "@cdktf/provider-azurerm/lib/resource-group";
import { RoleAssignment } from "@cdktf/provider-azurerm/lib/role-assignment";
import { dependable } from "cdktf";
import { Construct } from "constructs";
import { gatewayAddressName } from "../mesh/azure-names";
import type { Aks } from "../mesh/mesh";
import { resourceName } from "./terraform-text";

export interface GatewayAddressProps {
  readonly aks: Aks;
  /** The cluster whose gateway gets the address. */
  readonly cluster: KubernetesCluster;
  /** Of the address; the cluster's identity becomes Network Contributor there. */
  readonly group: ResourceGroup;
  readonly tags: Record<string, string>;
}

/**
 * A static public IPv4 address for a cluster's east-west gateway, and the role that allows the cluster to assign it to a
 * load balancer. https://learn.microsoft.com/azure/aks/static-ip, read 2026-11-23
 */
export class GatewayAddress extends Construct {
  /** Known when the address is created. */
  readonly ipAddress: string;

  constructor(scope: Construct, { aks, cluster, group, tags }: GatewayAddressProps) {
    super(scope, `gateway-address-${aks.name}`);
    const address = new PublicIp(this, "address", {
      name: gatewayAddressName(aks),
      location: group.location,
      resourceGroupName: group.name,
      // The cluster's load balancer is Standard, and requires Standard addresses, which are always static.
      sku: "Standard",
      allocationMethod: "Static",
      tags,
    });
    address.overrideLogicalId(resourceName(aks.name));
    // Created before the cluster, so destroyed after it: Azure does not delete an address that a load balancer uses.
    cluster.dependsOn = [dependable(address)];
    new RoleAssignment(this, "role", {
      scope: group.id,
      roleDefinitionName: "Network Contributor",
      principalId: cluster.identity.principalId,
      // Without it, Azure looks up the new identity, which fails until it is replicated.
      principalType: "ServicePrincipal",
    }).overrideLogicalId(resourceName(aks.name));
    this.ipAddress = address.ipAddress;
  }
}
