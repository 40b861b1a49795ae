import { join } from "node:path";
import { dump } from "js-yaml";
import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import type { Cluster } from "../../mesh/mesh";
import { changedLines, type ResourceChange } from "../../synth/diff/diff";
import { hideSecrets } from "../../synth/diff/redact";
import { bundleObjects } from "../clusters/bundle-objects";
import { lastApplied, liveAs } from "../clusters/drift";
import { inventoryManifest, inventoryOf, removedClusters } from "../clusters/inventory";
import { refuseForeign } from "../clusters/owner";
import { objectsToPrune } from "../clusters/prune";
import { type KubernetesObject, objectId } from "../exec/kubernetes-object";
import type { Context } from "../run/context";
import { discover } from "./discovery";
import type { Installation } from "./installation";
import { refuseForeignRoot } from "./preconditions";
import type { ApplyInputs, Run } from "./run";
import { runOf } from "./steps";

/**
 * What `apply` would change in the clusters, resource by resource; nothing is changed, and no lock is taken. Values of
 * Secrets are hidden. What `apply` deletes only with `prune` is shown as removed.
 * @param only name of the cluster whose steps are shown. @default - all
 * @throws Error where a step of `apply` would refuse: a cluster is not of this mesh, or has another root
 */
export async function dryRun(
  context: Context,
  inputs: ApplyInputs,
  only?: string,
): Promise<readonly ResourceChange[]> {
  const { mesh } = inputs;
  const discovered = await discover(context, mesh);
  const run = runOf(context, { ...inputs, ...discovered });
  const isMeant = (cluster: string) => only === undefined || only === cluster;
  const perCluster = await Promise.all(
    mesh.clusters.filter(({ name }) => isMeant(name)).map((cluster) => changesIn(run, cluster)),
  );
  return [...perCluster.flat(), ...(await changesOfMembership(run, isMeant))];
}

async function changesIn(run: Run, cluster: Cluster): Promise<ResourceChange[]> {
  const installation = run.installations.get(cluster.name)!;
  await refuseForeign(installation.kubectl, run.mesh, cluster, run.context.signal);
  await refuseForeignRoot(run, cluster);
  const bundle = bundleObjects(join(run.paths.dist, cluster.name));
  const [manifests, rendered, unwanted] = await Promise.all([
    changesTo(bundle, run, cluster.name, installation),
    installation
      .installed(run.addresses)
      .then((objects) => changesTo(objects, run, cluster.name, installation)),
    objectsToPrune(installation.kubectl, run.mesh, bundle, run.extensionKinds, run.context.signal),
  ]);
  return [
    ...manifests,
    ...rendered,
    ...unwanted.map((object) => change(cluster.name, "removed", object, undefined)),
  ];
}

async function changesTo(
  objects: readonly KubernetesObject[],
  { addresses }: Run,
  scope: string,
  installation: Installation,
): Promise<ResourceChange[]> {
  const changes = objects.map(async (wanted) => {
    const live = await installation.initial(objectId(wanted), addresses);
    if (!live) return [change(scope, "added", undefined, wanted)];
    const before = liveAs(wanted, live, lastApplied(live));
    return JSON.stringify(before) === JSON.stringify(wanted)
      ? []
      : [change(scope, "changed", before, wanted)];
  });
  return (await Promise.all(changes)).flat();
}

/**
 * Remote secrets and the inventory. A remote's own step puts its secret into the primary, the primary's steps take out
 * removed clusters, and every run writes the inventory. An existing remote secret is not judged: only istioctl knows
 * what it would say.
 */
async function changesOfMembership(
  run: Run,
  isMeant: (cluster: string) => boolean,
): Promise<ResourceChange[]> {
  const { mesh, inventory, context } = run;
  const { kubectl } = run.installations.get(mesh.primary.name)!;
  const scope = mesh.primary.name;
  const removed = isMeant(scope) ? removedClusters(inventory, mesh) : [];
  const remotes = mesh.remotes.filter(({ name }) => isMeant(name));
  const names = [...remotes, ...removed].map(({ name }) => remoteSecretName(name));
  const secrets =
    names.length === 0
      ? []
      : await kubectl.get(["-n", istioNamespace, "secrets", ...names], { signal: context.signal });
  const isThere = (cluster: string) =>
    secrets.some(({ metadata }) => metadata.name === remoteSecretName(cluster));
  const secretOf = (cluster: string) => `Secret ${istioNamespace}/${remoteSecretName(cluster)}`;
  const before = inventory && inventoryManifest(inventory);
  const after = inventoryManifest(inventoryOf(mesh, [], run.extensionKinds));
  const whole = (action: "added" | "removed", at: string, resource: string): ResourceChange => ({
    action,
    scope: at,
    resource,
    lines: [],
    means: [],
  });
  return [
    ...remotes.filter(({ name }) => !isThere(name)).map(({ name }) => whole("added", scope, secretOf(name))),
    ...removed.filter(({ name }) => isThere(name)).map(({ name }) => whole("removed", scope, secretOf(name))),
    ...removed.map(({ name, context: its }) =>
      whole("removed", name, `Istio and sample in the context ${its}`),
    ),
    ...(before && JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [change(scope, before ? "changed" : "added", before, after)]),
  ];
}

function change(
  scope: string,
  action: ResourceChange["action"],
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
): ResourceChange {
  const { kind, metadata } = (after ?? before)!;
  const resource = `${kind} ${[metadata.namespace, metadata.name].filter(Boolean).join("/")}`;
  const [one, other] = hideSecrets(asResource(scope, resource, before), asResource(scope, resource, after));
  // A whole new or removed object is seen by its name; what it says stands in dist, or istioctl shows it.
  const lines = action === "changed" ? changedLines(one, other) : [];
  return { action, scope, resource, lines, means: [] };
}

const asResource = (scope: string, resource: string, object: KubernetesObject | undefined) =>
  object && { kind: "cluster" as const, scope, resource, text: dump(object), object };
