import { NetworkSecurityRule } from "@cdktf/provider-azurerm/lib/network-security-rule";
import { Construct } from "constructs";
import type { ClusterNetwork } from "./cluster-network";
import type { Place } from "./resource-groups";
import { resourceName } from "./terraform-text";

export interface InboundRulesProps {
  /** AKS name. */
  readonly aks: string;
  readonly place: Place;
  readonly network: ClusterNetwork;
  readonly eastWest: {
    readonly ports: readonly number[];
    /** Outbound addresses of the other clusters. */
    readonly sources: readonly string[];
  };
  /** Undefined: the cluster has no ingress gateway. */
  readonly ingress: { readonly ports: readonly number[]; readonly sources: readonly string[] } | undefined;
}

/**
 * What may reach a cluster's gateways from the internet. Azure's own rules admit the load balancer's probes and connected
 * networks, and deny the rest. The rules that AKS makes for a Service of type LoadBalancer are in a second group, on the
 * nodes: a connection passes both.
 * https://learn.microsoft.com/azure/aks/concepts-network-services, read 2026-11-30
 */
export class InboundRules extends Construct {
  constructor(scope: Construct, { aks, place, network, eastWest, ingress }: InboundRulesProps) {
    super(scope, `inbound-rules-${aks}`);
    const admit = (name: string, priority: number, ports: readonly number[], sources: readonly string[]) => {
      if (sources.length === 0) return;
      new NetworkSecurityRule(this, name, {
        provider: place.provider,
        resourceGroupName: place.resourceGroupName,
        networkSecurityGroupName: network.securityGroup.name,
        name,
        priority,
        direction: "Inbound",
        access: "Allow",
        protocol: "Tcp",
        ...sourcesOf(sources),
        sourcePortRange: "*",
        // The gateway's public address: Azure's load balancer keeps it as the destination.
        destinationAddressPrefix: "*",
        destinationPortRanges: ports.map(String),
      }).overrideLogicalId(resourceName(`${aks}-${name}`));
    };
    admit("east-west", 100, eastWest.ports, eastWest.sources);
    if (ingress) admit("ingress", 110, ingress.ports, ingress.sources);
  }
}

/** Azure's service tag for every public address. Azure allows a tag alone only. */
export const internet = "Internet";

const sourcesOf = (sources: readonly string[]) =>
  sources[0] === internet ? { sourceAddressPrefix: internet } : { sourceAddressPrefixes: [...sources] };
