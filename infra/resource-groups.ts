import { createHash } from "node:crypto";
import { DataAzurermResourceGroup } from "@cdktf/provider-azurerm/lib/data-azurerm-resource-group";
import { AzurermProvider } from "@cdktf/provider-azurerm/lib/provider";
import { ResourceGroup } from "@cdktf/provider-azurerm/lib/resource-group";
import { Construct } from "constructs";
import type { Aks, Azure, ResourceGroup as ResourceGroupSettings } from "../mesh/mesh";
import { resourceName } from "./terraform-text";

/** Where a resource is: the arguments that every resource has. */
export interface Place {
  /** Undefined: of the mesh's own subscription. */
  readonly provider: AzurermProvider | undefined;
  readonly location: string;
  readonly resourceGroupName: string;
  readonly tags: Record<string, string>;
}

/** The resource groups of a mesh, and the provider of each subscription. */
export class ResourceGroups extends Construct {
  private readonly providers = new Map<string, AzurermProvider>();
  private readonly groups = new Map<string, ResourceGroup | DataAzurermResourceGroup>();

  constructor(
    scope: Construct,
    private readonly azure: Azure,
    private readonly tags: Record<string, string>,
  ) {
    super(scope, "resource-groups");
    this.group(azure.resourceGroup, azure.subscription);
  }

  /** Of what all clusters share. */
  get shared(): Place {
    const { resourceGroup, subscription, location } = this.azure;
    return this.place(resourceGroup, subscription, location);
  }

  of({ resourceGroup, subscription, location }: Aks): Place {
    return this.place(resourceGroup, subscription, location);
  }

  /** Resource ID of the group. */
  idOf({ resourceGroup, subscription }: Aks): string {
    return this.group(resourceGroup, subscription).id;
  }

  private place(group: ResourceGroupSettings, subscription: string | undefined, location: string): Place {
    return {
      provider: this.provider(subscription),
      location,
      resourceGroupName: this.group(group, subscription).name,
      tags: this.tags,
    };
  }

  private group({ name, existing, location }: ResourceGroupSettings, subscription: string | undefined) {
    const isShared = name === this.azure.resourceGroup.name && this.isOwn(subscription);
    const id = isShared
      ? shared
      : unlike(this.isOwn(subscription) ? name : `${name}-${aliasOf(subscription!)}`);
    const known = this.groups.get(id);
    if (known) return known;
    const provider = this.provider(subscription);
    const made = existing
      ? new DataAzurermResourceGroup(this, id, { provider, name })
      : new ResourceGroup(this, id, { provider, name, location, tags: this.tags });
    made.overrideLogicalId(id);
    this.groups.set(id, made);
    return made;
  }

  private provider(subscription: string | undefined): AzurermProvider | undefined {
    if (this.isOwn(subscription)) return undefined;
    const known = this.providers.get(subscription!);
    if (known) return known;
    const alias = aliasOf(subscription!);
    const provider = new AzurermProvider(this, alias, {
      features: [{}],
      subscriptionId: subscription,
      alias,
    });
    this.providers.set(subscription!, provider);
    return provider;
  }

  private isOwn(subscription: string | undefined): boolean {
    return subscription === undefined || subscription === this.azure.subscription;
  }
}

const aliasOf = (subscription: string) => `subscription-${subscription}`;

/** Name of the shared group in Terraform. */
const shared = "mesh";

/** Name of another group in Terraform: different for `rg.a` and `rg_a`, and never the shared one's. */
function unlike(group: string): string {
  const name = resourceName(group);
  const isClear = name === group && name !== shared;
  return isClear ? name : `${name}-${createHash("sha256").update(group).digest("hex").slice(0, 8)}`;
}
