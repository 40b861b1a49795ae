import { PublicIp } from "@cdktf/provider-azurerm/lib/public-ip";
import { RoleAssignment } from "@cdktf/provider-azurerm/lib/role-assignment";
import { dependable } from "cdktf";
import { Construct } from "constructs";
import { gatewayAddressName } from "../mesh/azure-names";
import type { Aks } from "../mesh/mesh";
import type { AksCluster } from "./aks-cluster";
import type { Place } from "./resource-groups";
import { resourceName } from "./terraform-text";

export interface GatewayAddressProps {
  readonly aks: Aks;
  /** The cluster whose gateway gets the address. */
  readonly cluster: AksCluster;
  readonly place: Place;
  /** Resource ID of the address's group; the cluster's identity becomes Network Contributor there. */
  readonly groupId: string;
}

/**
 * A static public IPv4 address for a cluster's east-west gateway, and the role that allows the cluster to assign it to a
 * load balancer. https://learn.microsoft.com/azure/aks/static-ip, read 2026-11-23
 */
export class GatewayAddress extends Construct {
  /** Known when the address is created. */
  readonly ipAddress: string;

  constructor(scope: Construct, { aks, cluster, place, groupId }: GatewayAddressProps) {
    super(scope, `gateway-address-${aks.name}`);
    const address = new PublicIp(this, "address", {
      ...place,
      name: gatewayAddressName(aks),
      // The cluster's load balancer is Standard, and requires Standard addresses, which are always static.
      sku: "Standard",
      allocationMethod: "Static",
    });
    address.overrideLogicalId(resourceName(aks.name));
    // Created before the cluster, so destroyed after it: Azure does not delete an address that a load balancer uses.
    cluster.resource.dependsOn = [...(cluster.resource.dependsOn ?? []), dependable(address)];
    new RoleAssignment(this, "role", {
      provider: place.provider,
      scope: groupId,
      roleDefinitionName: "Network Contributor",
      principalId: cluster.principalId,
      // Without it, Azure looks up the new identity, which fails until it is replicated.
      principalType: "ServicePrincipal",
    }).overrideLogicalId(resourceName(aks.name));
    this.ipAddress = address.ipAddress;
  }
}
