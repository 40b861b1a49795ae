import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type ChartId, manifestFiles, operatorFiles } from "../../k8s/bundle";
import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { bundleObjects, extensionFiles, readManifests } from "../clusters/bundle-objects";
import { untilInjected, whyNotInjected } from "../clusters/injection";
import { inventoryOf, readInventory, removedClusters, writeInventory } from "../clusters/inventory";
import { isOwned } from "../clusters/owner";
import { deleteObjects, objectsToPrune } from "../clusters/prune";
import { eventsOf } from "../diagnosis/events";
import { explainNotReady } from "../diagnosis/pods";
import type { Kubectl } from "../exec/kubectl";
import {
  isRolledOut,
  type KubernetesObject,
  loadBalancerAddress,
  objectId,
  objectTitles,
} from "../exec/kubernetes-object";
import { type StepOutcome, secondsWithin } from "../run/steps";
import { keepAddress } from "./addresses";
import { deadlines } from "./deadlines";
import type { Part } from "./installation";
import type { Phase } from "./phases";
import type { Run, StepRow } from "./run";

/** Applies a part of the rendered objects before `istioctl install`. */
export function applyRendered(
  run: Run,
  cluster: Cluster,
  part: Part,
  phase: Phase,
  title: string,
  needs: readonly string[],
): StepRow {
  const installation = run.installations.get(cluster.name)!;
  return {
    phase,
    title,
    needs,
    deadlineSeconds: deadlines.terminating,
    run: (step) => installation.applyRendered(part, run.addresses, step),
  };
}

/** Applies charts of `dist/<cluster>`. */
export function chart(
  run: Run,
  cluster: Cluster,
  phase: Phase,
  ids: readonly ChartId[],
  title: string,
  needs: readonly string[],
): StepRow {
  const files = manifestFiles(run.mesh, cluster)
    .filter(({ id }) => ids.includes(id))
    .map(({ file }) => join(run.paths.dist, cluster.name, file));
  const installation = run.installations.get(cluster.name)!;
  return {
    phase,
    title,
    needs,
    deadlineSeconds: deadlines.terminating,
    run: (step) => installation.applyFiles(files, step),
  };
}

/** Waits for the rollout of a Deployment; scales it to 1 if it was scaled to 0. */
export function rollout(
  run: Run,
  cluster: Cluster,
  phase: Phase,
  title: string,
  namespace: string,
  name: string,
  needs: readonly string[],
): StepRow {
  const { kubectl } = run.installations.get(cluster.name)!;
  return {
    phase,
    title,
    needs,
    deadlineSeconds: deadlines.rollout,
    run: async ({ signal }) => {
      const found = await foundDeployment(run, cluster, namespace, name);
      if (found && isRolledOut(found)) return "unchanged";
      const isScaledToNothing = found?.spec.replicas === 0;
      if (isScaledToNothing) {
        // With an autoscaler, manifests have no replicas, and the autoscaler ignores a Deployment that is scaled to 0.
        await kubectl.run(["-n", namespace, "scale", "deployment", name, "--replicas=1"], { signal });
      }
      await kubectl.until({ resource: "deployments", namespace, name, ready: isRolledOut }, signal);
      return isScaledToNothing ? "changed" : "unchanged";
    },
    explain: (signal) => explainNotReady(kubectl, { namespace, name }, signal),
  };
}

/** Waits until a DaemonSet has a ready pod on every node. */
export function everyNode(
  run: Run,
  cluster: Cluster,
  phase: Phase,
  title: string,
  name: string,
  needs: readonly string[],
): StepRow {
  const { kubectl } = run.installations.get(cluster.name)!;
  const namespace = istioNamespace;
  return {
    phase,
    title,
    needs,
    deadlineSeconds: deadlines.rollout,
    run: async ({ signal }) => {
      await kubectl.until({ resource: "daemonsets", namespace, name, ready: isRolledOut }, signal);
      return "unchanged";
    },
    explain: (signal) => explainNotReady(kubectl, { kind: "DaemonSet", namespace, name }, signal),
  };
}

/** The Deployment at the start of the run; undefined if it did not exist, or has been applied since. */
function foundDeployment(
  run: Run,
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<KubernetesObject | undefined> {
  const { initial } = run.installations.get(cluster.name)!;
  return initial(`Deployment.apps/${namespace}/${name}`, run.addresses);
}

/** Waits until new pods get their proxy, if a pod is still to be created. */
export function injection(run: Run, cluster: Cluster, phase: Phase, needs: readonly string[]): StepRow {
  const { kubectl } = run.installations.get(cluster.name)!;
  return {
    phase,
    title: "injection",
    needs,
    deadlineSeconds: deadlines.injection,
    run: async ({ signal }) => {
      const pods = injectedDeployments(run.mesh, cluster);
      const found = await Promise.all(
        pods.map(({ namespace, name }) => foundDeployment(run, cluster, namespace, name)),
      );
      const isNeeded = found.some((deployment) => !deployment || !isRolledOut(deployment));
      if (isNeeded) await untilInjected(kubectl, signal);
      return "unchanged";
    },
    explain: async (signal) => [(await whyNotInjected(kubectl, signal)) ?? "pods get their proxy now"],
  };
}

/** Deployments whose pods need a proxy. */
export function injectedDeployments(
  { istio, sample }: Mesh,
  cluster: Cluster,
): { namespace: string; name: string }[] {
  const versions = sample?.versions.filter(({ clusters }) => clusters.includes(cluster.name)) ?? [];
  const names = [istio.line.sample.client.name, ...versions.map(({ name }) => `helloworld-${name}`)];
  return [
    { namespace: istioNamespace, name: istio.line.gateway.name },
    ...(sample ? names.map((name) => ({ namespace: sample.namespace, name })) : []),
  ];
}

/** Waits until the cloud has given the gateway an address, and keeps it. */
export function address(run: Run, cluster: Cluster, needs: readonly string[]): StepRow {
  const installation = run.installations.get(cluster.name)!;
  const { kubectl } = installation;
  const { name } = run.mesh.istio.line.gateway;
  return {
    phase: cluster.role === "primary" ? "address" : "remotes",
    // Only the picture shows the remotes' addresses.
    ...(cluster.role === "primary" && { outsideDist: true }),
    title: `address of ${name}`,
    needs,
    deadlineSeconds: deadlines.address,
    run: async ({ signal }) => {
      const known = await installation.initial(`Service./${istioNamespace}/${name}`, run.addresses);
      const hasAddress = (object: KubernetesObject) => loadBalancerAddress(object) !== undefined;
      const service =
        known && hasAddress(known)
          ? known
          : await kubectl.until(
              { resource: "services", namespace: istioNamespace, name, ready: hasAddress },
              signal,
            );
      const address = loadBalancerAddress(service, run.addresses[cluster.name])!;
      keepAddress(run, cluster.name, address);
      // To have found it changes no cluster.
      return "unchanged";
    },
    explain: (signal) => eventsOf(kubectl, { kind: "Service", namespace: istioNamespace, name }, signal),
  };
}

/** `istioctl install`, which takes over the applied objects. */
export function installWithIstioctl(run: Run, cluster: Cluster, needs: readonly string[]): StepRow {
  const installation = run.installations.get(cluster.name)!;
  return {
    phase: "hand-over",
    title: "istioctl install",
    needs,
    deadlineSeconds: deadlines.install * operatorFiles(run.mesh, cluster).length,
    run: (step) => installation.install(run.addresses, step),
  };
}

/** Optional: the mesh works with unwanted objects. */
export function removals(run: Run, cluster: Cluster, needs: readonly string[]): StepRow {
  const { kubectl } = run.installations.get(cluster.name)!;
  return {
    phase: "removals",
    title: "prune",
    needs,
    deadlineSeconds: deadlines.rollout,
    optional: true,
    run: async ({ signal, deadlineSeconds }) => {
      const unwanted = await objectsToPrune(
        kubectl,
        run.mesh,
        bundleObjects(join(run.paths.dist, cluster.name)),
        run.extensionKinds,
        signal,
      );
      if (unwanted.length === 0) return "unchanged";
      if (!run.prune)
        throw new Error(`no longer in mesh.yaml; delete with --prune: ${objectTitles(unwanted)}`);
      await deleteObjects(kubectl, unwanted, secondsWithin(deadlineSeconds), signal);
      return "changed";
    },
  };
}

/** Applies an addon and waits for it. Optional: the mesh works without. */
export function addon(
  run: Run,
  cluster: Cluster,
  id: ChartId & ("prometheus" | "kiali"),
  needs: readonly string[],
  after: readonly string[],
) {
  return {
    [id]: { ...chart(run, cluster, "addons", [id], id, needs), after, optional: true },
    [`${id} ready`]: {
      ...rollout(run, cluster, "addons", `${id} ready`, istioNamespace, id, [id]),
      deadlineSeconds: deadlines.addon,
      optional: true,
    },
  };
}

/** Applies what mesh.extend.ts adds. Objects that others made are not taken over. */
export function extension(
  run: Run,
  cluster: Cluster,
  needs: readonly string[],
  after: readonly string[],
): StepRow | undefined {
  const files = extensionFiles(run.mesh, cluster, run.paths.dist);
  if (files.length === 0) return undefined;
  const installation = run.installations.get(cluster.name)!;
  return {
    phase: "extension",
    title: basename(run.paths.extension),
    needs,
    after,
    deadlineSeconds: deadlines.terminating,
    run: async (step) => {
      const live = await Promise.all(files.flatMap(readManifests).map(objectId).map(installation.inBundle));
      const foreign = live.filter((object) => object && !isOwned(object, run.mesh)) as KubernetesObject[];
      if (foreign.length > 0)
        throw new Error(
          `${objectTitles(foreign)} existed before, and the mesh ${run.mesh.name} does not own it: rename it in ` +
            `${basename(run.paths.extension)}, or delete it from the cluster first`,
        );
      return installation.applyFiles(files, step);
    },
  };
}

/** Clusters stay in the inventory until they are removed from the mesh: a killed run must not lose them. */
export async function keepInventory(run: Run, primary: Kubectl, signal: AbortSignal): Promise<StepOutcome> {
  const wanted = inventoryOf(run.mesh, removedClusters(run.inventory, run.mesh), run.extensionKinds);
  // Read again: the namespace may have been Terminating at the start of the run.
  if (isDeepStrictEqual(await readInventory(primary, signal), wanted)) return "unchanged";
  await writeInventory(primary, wanted, signal);
  return "changed";
}
