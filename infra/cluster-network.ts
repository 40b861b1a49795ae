import { NatGateway } from "@cdktf/provider-azurerm/lib/nat-gateway";
import { NatGatewayPublicIpPrefixAssociation } from "@cdktf/provider-azurerm/lib/nat-gateway-public-ip-prefix-association";
import { NetworkSecurityGroup } from "@cdktf/provider-azurerm/lib/network-security-group";
import { PublicIpPrefix } from "@cdktf/provider-azurerm/lib/public-ip-prefix";
import { Subnet } from "@cdktf/provider-azurerm/lib/subnet";
import { SubnetNatGatewayAssociation } from "@cdktf/provider-azurerm/lib/subnet-nat-gateway-association";
import { SubnetNetworkSecurityGroupAssociation } from "@cdktf/provider-azurerm/lib/subnet-network-security-group-association";
import { VirtualNetwork } from "@cdktf/provider-azurerm/lib/virtual-network";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { firstHalf } from "../mesh/ipv4";
import type { Aks } from "../mesh/mesh";
import type { Place } from "./resource-groups";
import { at } from "./terraform-text";

export interface ClusterNetworkProps {
  readonly aks: Aks;
  readonly place: Place;
}

/** Two addresses, each with 64 512 outbound ports: https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource, read 2026-11-30 */
const egressPrefixLength = 31;

/**
 * The virtual network of one cluster: a subnet for the nodes, whose outbound traffic has the addresses of a NAT gateway
 * and whose inbound traffic a network security group admits.
 *
 * Azure puts the NAT gateway into one zone of its choice; azurerm 4.55.0 does not know the zone-redundant StandardV2
 * (hashicorp/terraform-provider-azurerm#31197, read 2026-11-30).
 */
export class ClusterNetwork extends Construct {
  readonly virtualNetwork: VirtualNetwork;
  readonly securityGroup: NetworkSecurityGroup;
  readonly subnetId: string;
  /** The range of the outbound addresses, known after apply. */
  readonly egressRange: string;
  /** Nodes need the way out when they start. */
  readonly completed: readonly ITerraformDependable[];

  constructor(scope: Construct, { aks, place }: ClusterNetworkProps) {
    super(scope, `network-${aks.name}`);
    const { provider, resourceGroupName } = place;
    const egress = { ...place, name: `${aks.name}-egress` };
    this.virtualNetwork = at(
      aks.name,
      new VirtualNetwork(this, "network", {
        ...place,
        // A network's name has at most 64 characters, an AKS name 63.
        name: aks.name,
        addressSpace: [aks.addressSpace],
      }),
    );
    const subnet = at(
      aks.name,
      new Subnet(this, "subnet", {
        provider,
        resourceGroupName,
        name: "nodes",
        virtualNetworkName: this.virtualNetwork.name,
        addressPrefixes: [firstHalf(aks.addressSpace)],
        // The NAT gateway is the only way out.
        defaultOutboundAccessEnabled: false,
      }),
    );
    this.securityGroup = at(
      aks.name,
      new NetworkSecurityGroup(this, "security-group", {
        ...place,
        name: `${aks.name}-nodes`,
      }),
    );
    const guard = at(
      aks.name,
      new SubnetNetworkSecurityGroupAssociation(this, "security-group-association", {
        provider,
        subnetId: subnet.id,
        networkSecurityGroupId: this.securityGroup.id,
      }),
    );
    const prefix = at(
      aks.name,
      new PublicIpPrefix(this, "prefix", { ...egress, prefixLength: egressPrefixLength }),
    );
    const gateway = at(aks.name, new NatGateway(this, "nat-gateway", egress));
    const addresses = at(
      aks.name,
      new NatGatewayPublicIpPrefixAssociation(this, "prefix-association", {
        provider,
        natGatewayId: gateway.id,
        publicIpPrefixId: prefix.id,
      }),
    );
    const route = at(
      aks.name,
      new SubnetNatGatewayAssociation(this, "nat-gateway-association", {
        provider,
        subnetId: subnet.id,
        natGatewayId: gateway.id,
      }),
    );
    this.subnetId = subnet.id;
    this.egressRange = prefix.ipPrefix;
    this.completed = [guard, addresses, route];
  }
}
