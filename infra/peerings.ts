import { VirtualNetworkPeering } from "@cdktf/provider-azurerm/lib/virtual-network-peering";
import { Construct } from "constructs";
import type { ClusterNetwork } from "./cluster-network";
import type { Place } from "./resource-groups";
import { resourceName } from "./terraform-text";

interface PeeredNetwork {
  /** AKS name, which is the network's too. */
  readonly aks: string;
  readonly place: Place;
  readonly network: ClusterNetwork;
}

/** Connects every two virtual networks: a peering in each direction. */
export class Peerings extends Construct {
  constructor(scope: Construct, networks: readonly PeeredNetwork[]) {
    super(scope, "peerings");
    for (const { aks, place, network } of networks) {
      const from = new Construct(this, aks);
      for (const other of networks.filter((one) => one.aks !== aks))
        new VirtualNetworkPeering(from, other.aks, {
          provider: place.provider,
          resourceGroupName: place.resourceGroupName,
          name: other.aks,
          virtualNetworkName: network.virtualNetwork.name,
          remoteVirtualNetworkId: other.network.virtualNetwork.id,
        }).overrideLogicalId(resourceName(`${aks}--${other.aks}`));
    }
  }
}
