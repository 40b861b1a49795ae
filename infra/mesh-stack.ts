import { AzurermProvider } from "@cdktf/provider-azurerm/lib/provider";
import { ResourceGroup } from "@cdktf/provider-azurerm/lib/resource-group";
import { TerraformOutput, type TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { meshTagName } from "../mesh/azure-names";
import type { Aks, Azure, Cluster, Mesh } from "../mesh/mesh";
import { AksCluster } from "./aks-cluster";
import { GatewayAddress } from "./gateway-address";
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

/** What Terraform creates for a mesh: the resource group, the AKS clusters, the gateway's address if it is static. */
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
    const group = new ResourceGroup(this, "mesh", {
      name: azure.resourceGroup,
      location: azure.location,
      tags,
    });
    const clusters = mesh.clusters.filter(isCreated).map((cluster) => {
      const { resource } = new AksCluster(this, { aks: cluster.aks, group, tags });
      return { ...cluster, resource };
    });
    this.aksClusters = new Map(clusters.map(({ name, resource }) => [name, resource]));

    this.output("resource_group", "Resource group of the mesh.", group.name);
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
    new TerraformOutput(this, "kubeconfigs", {
      description: "Kubeconfigs of the AKS clusters, by the clusters' name in the mesh.",
      value: byName(clusters, ({ resource }) => resource.kubeConfigRaw),
      sensitive: true,
    });

    const primary = clusters.find(({ role }) => role === "primary");
    if (mesh.gateways.address === "static" && primary) {
      const { ipAddress } = new GatewayAddress(this, {
        aks: primary.aks,
        cluster: primary.resource,
        group,
        tags,
      });
      this.output("gateway_address", "Static address of the primary's east-west gateway.", ipAddress);
    }
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

type CreatedCluster = Cluster & { readonly aks: Aks };

/** Terraform creates the cluster. */
export function isCreated(cluster: Cluster): cluster is CreatedCluster {
  return cluster.aks !== undefined;
}

/** The user's tags, and one with the name of the mesh. */
function azureTags(mesh: string, tags: Azure["tags"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ [meshTagName]: mesh, ...tags }).map(([name, value]) => [literal(name), literal(value)]),
  );
}

function byName<T extends Cluster>(clusters: readonly T[], value: (cluster: T) => unknown) {
  return Object.fromEntries(clusters.map((cluster) => [cluster.name, value(cluster)]));
}
