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
  /** Holds the address; the cluster's identity becomes Network Contributor there. */
  readonly group: ResourceGroup;
  readonly tags: Record<string, string>;
}

/**
 * A public IPv4 address that stays, for a cluster's cross-cluster gateway, and the role with which the cluster may
 * put it on a load balancer. https://learn.microsoft.com/azure/aks/static-ip, read 2026-11-23
 */
export class GatewayAddress extends Construct {
  /** The IPv4 literal, known once the address is made. */
  readonly ipAddress: string;

  constructor(scope: Construct, { aks, cluster, group, tags }: GatewayAddressProps) {
    super(scope, `gateway-address-${aks.name}`);
    const address = new PublicIp(this, "address", {
      name: gatewayAddressName(aks),
      location: group.location,
      resourceGroupName: group.name,
      // The cluster's load balancer is Standard, which takes Standard addresses only; those are always static.
      sku: "Standard",
      allocationMethod: "Static",
      tags,
    });
    address.overrideLogicalId(resourceName(aks.name));
    // Made before the cluster, so destroyed after it: Azure keeps an address that a load balancer still holds.
    cluster.dependsOn = [dependable(address)];
    new RoleAssignment(this, "role", {
      scope: group.id,
      roleDefinitionName: "Network Contributor",
      principalId: cluster.identity.principalId,
      // Said, it spares Azure a look-up that fails for the minutes in which the new identity is not known everywhere.
      principalType: "ServicePrincipal",
    }).overrideLogicalId(resourceName(aks.name));
    this.ipAddress = address.ipAddress;
  }
}
