import type { Mesh } from "../mesh/mesh";
import { meshCommand } from "../mesh/paths";
import { InputError } from "../mesh/problem";
import { losesCluster, type PlannedChange } from "../ops/azure/planned-changes";
import type { Plan } from "../ops/azure/terraform";
import type { UpgradedCluster } from "../ops/azure/upgraded-clusters";
import { unknownValue } from "./options";

/** Where a plan comes from, and what may be lost. */
export interface PlanInputs {
  readonly mesh: Mesh;
  /** mesh.yaml */
  readonly file: string;
  /** Clusters that it may replace or destroy: names in the mesh, or AKS names. */
  readonly replace: readonly string[];
}

/** What a plan does to clusters and node pools, in sentences. */
export class AzurePlan {
  /** Names in mesh.yaml, by AKS name. */
  private readonly names: ReadonlyMap<string, string>;
  /** Clusters that would be lost. */
  private readonly lost: readonly PlannedChange[];

  constructor(
    private readonly plan: Plan,
    private readonly inputs: PlanInputs,
  ) {
    this.names = new Map(inputs.mesh.clusters.flatMap(({ name, aks }) => (aks ? [[aks.name, name]] : [])));
    this.lost = plan.effects.filter(losesCluster);
  }

  /** @throws InputError for a name after --replace that no cluster has */
  requireKnownNames(): void {
    const clusters = [...this.names, ...this.lost.map(({ aks }) => [aks, this.nameOf(aks)] as const)];
    const known = [...new Set([...clusters.map(([, name]) => name), ...clusters.map(([aks]) => aks)])];
    const unknown = this.inputs.replace.filter((name) => !known.includes(name));
    if (unknown.length > 0)
      throw new InputError(unknown.map((name) => unknownValue("--replace", name, known)));
  }

  /** Why nothing may be applied, each with its fix. */
  refusals(): string[] {
    const meant = this.inputs.replace.flatMap((name) => this.meant(name));
    return [
      ...this.plan.upgraded.map((one) => this.upgradedPast(one)),
      ...this.lost.filter((one) => !meant.includes(one)).map((one) => this.mayNotBeLost(one)),
    ];
  }

  notes(): string[] {
    const { effects, patched } = this.plan;
    const unneeded = this.inputs.replace.filter((name) => this.meant(name).length === 0);
    return [
      ...unneeded.map((name) => `--replace ${name}: the plan does not replace this cluster`),
      ...patched.map(
        ({ aks, runs, wanted }) =>
          `${this.cluster(aks)} runs Kubernetes ${runs}, a patch of ${wanted}: no change`,
      ),
      ...(this.plan.changes && effects.length > 0
        ? ["clusters and node pools:", ...effects.map((effect) => `  ${this.sentence(effect)}`)]
        : []),
    ];
  }

  /** The clusters to lose that a name means. A name in the mesh is not also an AKS name of another cluster. */
  private meant(name: string): readonly PlannedChange[] {
    const inMesh = this.lost.filter(({ aks }) => this.names.get(aks) === name);
    if (inMesh.length > 0) return inMesh;
    const before = this.lost.filter(({ aks }) => this.plan.formerNames.get(aks) === name);
    if (before.length > 0) return before;
    return [...this.names.values()].includes(name) ? [] : this.lost.filter(({ aks }) => aks === name);
  }

  private nameOf(aks: string): string {
    return this.names.get(aks) ?? this.plan.formerNames.get(aks) ?? aks;
  }

  private cluster(aks: string): string {
    const name = this.nameOf(aks);
    return name === aks ? `AKS ${aks}` : `${name} (AKS ${aks})`;
  }

  private sentence({ aks, pool, does, attributes, temporary = "rotation" }: PlannedChange): string {
    const of = pool === undefined ? this.cluster(aks) : `node pool ${pool} of ${this.cluster(aks)}`;
    const by = attributes.length > 0 ? ` (${attributes.join(", ")})` : "";
    const meanings: Record<PlannedChange["does"], string> = {
      created: pool === undefined ? "new cluster" : "new node pool",
      updated: `updated in place${by}`,
      rotated: `replaced through the temporary pool ${temporary}${by}: its pods move to new nodes, and nodes are not drained gracefully. This needs quota for a second pool beside the first; without it azurerm leaves the pool ${temporary} alone behind`,
      replaced:
        pool === undefined
          ? `cluster replaced${by}: everything on it is lost`
          : `node pool replaced${by}: its nodes are deleted before new ones exist; drain them first`,
      destroyed:
        pool === undefined
          ? "cluster destroyed: everything on it is lost"
          : "node pool destroyed: its pods need room in another pool; drain its nodes first",
    };
    return `${of}: ${meanings[does]}`;
  }

  private mayNotBeLost(effect: PlannedChange): string {
    const { aks, does } = effect;
    const { file } = this.inputs;
    const option = this.meant(this.nameOf(aks)).every((one) => one === effect) ? this.nameOf(aks) : aks;
    const { because, fix } = this.causeOf(effect);
    const verb = does === "replaced" ? "replaces" : "destroys";
    return (
      `${this.cluster(aks)}: the plan ${verb} this cluster and everything on it: ${because}\n` +
      `  fix: ${fix}\n` +
      `  or, to lose the cluster: move its traffic to another one first (docs/azure.md), then ${meshCommand(file, "up", "--replace", option)}`
    );
  }

  private upgradedPast({ aks, runs, wanted }: UpgradedCluster): string {
    const { file } = this.inputs;
    const name = this.nameOf(aks);
    return (
      `${this.cluster(aks)} runs Kubernetes ${runs}, newer than ${wanted} in ${file}: it was upgraded on Azure, and AKS does not downgrade\n` +
      `  fix: write kubernetesVersion: ${runs} for ${name} into ${file}, under clusters or under azure`
    );
  }

  private causeOf({ aks, attributes, drifted = [], cause }: PlannedChange): { because: string; fix: string } {
    const { file, mesh } = this.inputs;
    if (typeof cause === "object" && "holder" in cause)
      return {
        because: `it destroys ${cause.holder}, which contains the cluster`,
        fix: `undo the change of ${cause.holder} in ${file} or mesh.extend.ts`,
      };
    if (typeof cause === "object")
      return {
        because: "its creation did not complete (tainted)",
        fix: `if it is healthy, run \`terraform untaint ${cause.tainted}\` in the stack's folder`,
      };
    if (cause === "removed") {
      const renamed = mesh.clusters.find(({ name }) => name === this.plan.formerNames.get(aks));
      return {
        because: renamed?.aks
          ? `${renamed.name} is AKS ${renamed.aks.name} in ${file}, which is a new cluster`
          : `it is not in ${file}`,
        fix: renamed ? `write aks: ${aks} for ${renamed.name} into ${file}` : `add it to ${file} again`,
      };
    }
    const own = attributes.filter((path) => !drifted.includes(path));
    const undo = `undo the change in ${file} or mesh.extend.ts`;
    if (drifted.length === 0)
      return {
        because:
          own.length > 0
            ? `azurerm cannot change ${own.join(", ")} in place`
            : "Terraform was asked to replace it",
        fix: undo,
      };
    return {
      because: `azurerm cannot change ${attributes.join(", ")} in place, and ${drifted.join(", ")} was changed outside of Terraform`,
      fix: `${own.length > 0 ? `${undo}, and ` : ""}undo the change on Azure, or set the same value for the cluster in mesh.extend.ts`,
    };
  }
}
