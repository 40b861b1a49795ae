import { AzurermProvider } from "@cdktf/provider-azurerm/lib/provider";
import { TerraformOutput, TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { meshTagName } from "../mesh/azure-names";
import { ingressGateway, proxyHealth } from "../mesh/istio-lines";
import type { Aks, Azure, Cluster, Mesh } from "../mesh/mesh";
import { type CreatedCluster, hasOwnNetwork, isCreated, networkAccess } from "../mesh/network-access";
import { AksCluster, type Subnet } from "./aks-cluster";
import { ClusterNetwork } from "./cluster-network";
import { GatewayAddress } from "./gateway-address";
import { InboundRules, internet } from "./inbound-rules";
import { Monitoring } from "./monitoring";
import { Peerings } from "./peerings";
import { type Place, ResourceGroups } from "./resource-groups";
import { StateBackend } from "./state-backend";
import { literal } from "./terraform-text";

/**
 * Since 1.7 `terraform test` can mock a provider, as the tests of this stack do; 2.0 may read the JSON differently.
 */
const terraformVersion = ">= 1.7.0, < 2.0.0";

export interface MeshStackProps {
  readonly mesh: Mesh;
  readonly azure: Azure;
}

/**
 * What Terraform creates for a mesh: resource groups, networks, AKS clusters, what watches them, and the gateway's
 * address if it is static.
 */
export class MeshStack extends TerraformStack {
  private readonly aksClusters: ReadonlyMap<string, TerraformResource>;

  /** @param id name of the stack, see `terraformStackName` */
  constructor(scope: Construct, id: string, { mesh, azure }: MeshStackProps) {
    super(scope, id);
    this.addOverride("terraform.required_version", terraformVersion);
    // The bindings pin the version of azurerm.
    new AzurermProvider(this, "azurerm", { features: [{}], subscriptionId: azure.subscription });
    new StateBackend(this, azure.backend);

    const tags = azureTags(mesh.name, azure.tags);
    const groups = new ResourceGroups(this, azure, tags);
    const created = mesh.clusters
      .filter(isCreated)
      .map((cluster) => ({ cluster, place: groups.of(cluster.aks) }));
    const networks = this.networks(mesh, azure, created);
    const monitoring = new Monitoring(this, {
      mesh: mesh.name,
      place: groups.shared,
      clusters: created.map(({ cluster }) => cluster.aks),
    });
    const clusters = created.map(({ cluster, place }) => {
      const aksCluster = new AksCluster(this, {
        aks: cluster.aks,
        azure,
        place,
        subnet: subnetOf(cluster.aks, networks.get(cluster)),
        authorizedIpRanges: authorizedIpRanges(mesh, cluster, networks),
        logAnalyticsWorkspaceId: monitoring.logAnalyticsWorkspaceId,
      });
      aksCluster.lock(cluster.aks, place, monitoring.watch(cluster.aks, place, aksCluster));
      return { ...cluster, place, aksCluster, resource: aksCluster.resource };
    });
    this.aksClusters = new Map(clusters.map(({ name, resource }) => [name, resource]));

    this.output("resource_group", "Resource group of the mesh.", groups.shared.resourceGroupName);
    this.output(
      "clusters",
      "The AKS clusters, by their name in the mesh.",
      byName(clusters, ({ context, resource }) => ({
        name: resource.name,
        context,
        fqdn: resource.fqdn,
        kubernetes_version: resource.kubernetesVersion,
      })),
    );
    const withLocalAccounts = clusters.filter(({ aks }) => !aks.localAccountDisabled);
    if (withLocalAccounts.length > 0)
      new TerraformOutput(this, "kubeconfigs", {
        description:
          "Kubeconfigs of the AKS clusters with local accounts, by the clusters' name in the mesh.",
        value: byName(withLocalAccounts, ({ resource }) => resource.kubeConfigRaw),
        sensitive: true,
      });
    if (networks.size > 0)
      this.output(
        "egress_ranges",
        "Public addresses of the clusters' outbound traffic, by the clusters' name in the mesh.",
        byName([...networks.keys()], (cluster) => networks.get(cluster)!.egressRange),
      );

    const primary = clusters.find(({ role }) => role === "primary");
    if (mesh.gateways.address === "static" && primary) {
      const { ipAddress } = new GatewayAddress(this, {
        aks: primary.aks,
        cluster: primary.aksCluster,
        place: primary.place,
        groupId: groups.idOf(primary.aks),
      });
      this.output("gateway_address", "Static address of the primary's east-west gateway.", ipAddress);
    }
    this.ignoreTags(azure.ignoreTags);
    this.refuseSameAddresses();
  }

  /** cdktf would keep the last of two resources with one address, and say nothing. */
  private refuseSameAddresses(): void {
    const addresses = new Set<string>();
    for (const resource of this.node.findAll()) {
      if (!(resource instanceof TerraformResource)) continue;
      const address = `${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
      if (addresses.has(address))
        throw new Error(`two resources would have the Terraform address ${address}: rename a cluster`);
      addresses.add(address);
    }
  }

  /** Leaves the tags that others set on any resource. */
  private ignoreTags(names: readonly string[]): void {
    for (const resource of this.node.findAll()) {
      if (names.length === 0 || !(resource instanceof TerraformResource) || !("tagsInput" in resource))
        continue;
      const { ignoreChanges = [] } = resource.lifecycle ?? {};
      resource.lifecycle = {
        ...resource.lifecycle,
        ignoreChanges: [...ignoreChanges, ...names.map((name) => `tags[${JSON.stringify(name)}]`)],
      };
    }
  }

  /** The virtual networks that Terraform creates, with their rules and peerings. */
  private networks(
    mesh: Mesh,
    azure: Azure,
    created: readonly { readonly cluster: CreatedCluster; readonly place: Place }[],
  ): Networks {
    const made = created
      .filter(({ cluster }) => hasOwnNetwork(azure, cluster.aks))
      .map(({ cluster, place }) => ({
        cluster,
        aks: cluster.aks.name,
        place,
        network: new ClusterNetwork(this, { aks: cluster.aks, place }),
      }));
    const networks: Networks = new Map(made.map(({ cluster, network }) => [cluster, network]));
    for (const { cluster, aks, place, network } of made)
      new InboundRules(this, {
        aks,
        place,
        network,
        eastWest: {
          ports: mesh.istio.line.gateway.ports.map(({ port }) => port),
          // Azure's default rules admit connected networks.
          sources: mesh.gateways.internal
            ? []
            : egressOf(networkAccess(mesh, cluster).eastWestGateway ?? [], networks),
        },
        ingress:
          mesh.gateways.ingress && cluster.role === "primary" && !mesh.gateways.internal
            ? { ports: publicPorts, sources: ingressSources(mesh) }
            : undefined,
      });
    if (azure.network === "peered") new Peerings(this, made);
    return networks;
  }

  /**
   * The Terraform resource of an AKS cluster, for example to set an attribute that mesh.yaml does not have:
   * `stack.cluster("main0").addOverride("cost_analysis_enabled", true)`.
   * @param name in the mesh, for example main0
   * @throws Error if Terraform does not create such a cluster
   */
  cluster(name: string): TerraformResource {
    const found = this.aksClusters.get(name);
    if (found) return found;
    throw new Error(
      `Terraform creates no cluster ${name}: expected one of ${[...this.aksClusters.keys()].join(", ")}`,
    );
  }

  private output(id: string, description: string, value: unknown): void {
    new TerraformOutput(this, id, { description, value });
  }
}

type Networks = ReadonlyMap<Cluster, ClusterNetwork>;

/** Undefined: AKS creates it. */
function subnetOf(
  { vnetSubnetId, outboundType }: Aks,
  network: ClusterNetwork | undefined,
): Subnet | undefined {
  if (vnetSubnetId !== undefined) return { id: vnetSubnetId, outboundType, completed: [] };
  return (
    network && { id: network.subnetId, outboundType: "userAssignedNATGateway", completed: network.completed }
  );
}

function authorizedIpRanges(mesh: Mesh, cluster: Cluster, networks: Networks): string[] | undefined {
  const { apiServer } = networkAccess(mesh, cluster);
  return apiServer && [...apiServer.operators, ...egressOf(apiServer.clusters, networks)];
}

/** Addresses of the clusters' outbound traffic. */
const egressOf = (clusters: readonly Cluster[], networks: Networks): string[] =>
  clusters.flatMap((cluster) => networks.get(cluster)?.egressRange ?? cluster.egressRanges);

/** Without the port of the readiness probe. */
const publicPorts = ingressGateway.ports.filter((port) => port !== proxyHealth.port);

const ingressSources = ({ gateways }: Mesh) =>
  gateways.allowedSourceRanges.length > 0 ? gateways.allowedSourceRanges : [internet];

/** The user's tags, and one with the name of the mesh. */
function azureTags(mesh: string, tags: Azure["tags"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ [meshTagName]: mesh, ...tags }).map(([name, value]) => [literal(name), literal(value)]),
  );
}

function byName<T extends Cluster>(clusters: readonly T[], value: (cluster: T) => unknown) {
  return Object.fromEntries(clusters.map((cluster) => [cluster.name, value(cluster)]));
}
