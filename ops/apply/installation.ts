import { createHash } from "node:crypto";
import { join } from "node:path";
import { operatorFiles } from "../../k8s/bundle";
import type { Addresses, Cluster, Mesh } from "../../mesh/mesh";
import { bundleObjects, readManifests } from "../clusters/bundle-objects";
import { applyAsIstioctl, type ClusterState, readClusterState } from "../clusters/cluster-state";
import { isOwnedByIstioctl } from "../clusters/drift";
import { renderOperator, workFiles } from "../clusters/rendering";
import { addedByInstall, type Istioctl, isOfGateway, istioctlFor } from "../exec/istioctl";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import { type KubernetesObject, listOf, nameAlone, objectId, objectTitles } from "../exec/kubernetes-object";
import { memoize } from "../exec/memoize";
import { retryUntilAccepted } from "../exec/retry";
import type { Context } from "../run/context";
import { type StepContext, type StepOutcome, secondsWithin } from "../run/steps";

/**
 * The mesh's objects in one cluster: what istioctl would apply, and the folder `dist/<cluster>`.
 *
 * `istioctl install` applies one component after another and polls every two seconds until it is ready; a remote cannot
 * even start before the primary's address is known. So the rendered objects are applied first, with istioctl's field
 * manager, each as soon as it can work. In the end `istioctl install` takes them over: it adds its labels and its
 * revision tag, and prunes what an older version left. Users of istioctl see a normal installation.
 */
export interface Installation {
  readonly kubectl: Kubectl;
  readonly istioctl: Istioctl;
  /** The object at the start of the run; undefined if it did not exist, or has been applied since. */
  initial(id: string, addresses: Addresses): Promise<KubernetesObject | undefined>;
  /** The same for objects of `dist/<cluster>`, without waiting for istioctl's rendering. */
  inBundle(id: string): Promise<KubernetesObject | undefined>;
  /** The cluster has changed otherwise: its state is read again. */
  forget(): void;
  /** Istio's objects after `istioctl install`, as far as they can be rendered now. */
  installed(addresses: Addresses): Promise<readonly KubernetesObject[]>;
  /** Applies the rendered objects of a part that the cluster does not have yet. */
  applyRendered(part: Part, addresses: Addresses, step: StepContext): Promise<StepOutcome>;
  /** `kubectl apply` of manifests, unless the cluster has them all. */
  applyFiles(files: readonly string[], step: StepContext): Promise<StepOutcome>;
  /** Runs `istioctl install` for every operator file whose objects istioctl has not taken over yet. */
  install(addresses: Addresses, step: StepContext): Promise<StepOutcome>;
}

type Filter = (object: KubernetesObject) => boolean;

const isCrd: Filter = ({ kind }) => kind === "CustomResourceDefinition";
const isLoadBalancer: Filter = ({ kind, spec }) => kind === "Service" && spec.type === "LoadBalancer";
const isGatewayDeployment: Filter = (object) => object.kind === "Deployment" && isOfGateway(object);

/** Rendered objects by what they need before they can work. */
const parts = {
  /** Load balancers first, because the cloud takes its time. */
  services: isLoadBalancer,
  crds: isCrd,
  /** istiod, or a remote's webhook and reader, and what gateways need before they start. */
  controlPlane: (object: KubernetesObject) =>
    !isCrd(object) && !isLoadBalancer(object) && !isGatewayDeployment(object),
  /** The pods of gateways get their image by injection. */
  gateways: isGatewayDeployment,
} as const;
export type Part = keyof typeof parts;

export interface InstallationProps {
  readonly mesh: Mesh;
  readonly cluster: Cluster;
  /** Folder that `mesh synth` wrote. */
  readonly dist: string;
  /** Of the istioctl on the PATH: cached renderings of other versions are not used. */
  readonly istioctlVersion: string;
}

/** Sends no request before a step does. */
export function installationIn(
  context: Context,
  { mesh, cluster, dist, istioctlVersion }: InstallationProps,
): Installation {
  const kubectl = kubectlFor(context.programs, cluster.context);
  const istioctl = istioctlFor(context.programs, cluster.context, mesh.istio.line);
  const rows = operatorFiles(mesh, cluster);
  const bundle = join(dist, cluster.name);
  const files = workFiles(context, cluster);

  const renderRow = memoize(
    (index: number, address: string) => {
      // Without an address istioctl renders only the base of a remote; the steps know which part of it to apply.
      const name = `operator-${index}${address ? "" : "-base"}`;
      return renderOperator(
        istioctl,
        files,
        name,
        rows[index]!.make(mesh, cluster, address),
        istioctlVersion,
      );
    },
    (index, address) => `${index} ${address}`,
  );
  const renderRows = (addresses: Addresses) =>
    Promise.all(
      rows.map(({ needs }, index) =>
        renderRow(index, needs === "primary address" ? (addresses[mesh.primary.name] ?? "") : "not needed"),
      ),
    );
  const objects = async (part: Part, addresses: Addresses) =>
    (await renderRows(addresses)).flat().filter(parts[part]);

  // Two readings, so that the first manifests go out while istioctl still renders.
  const readings = {
    bundle: memoize(() => readClusterState(kubectl, bundleObjects(bundle), context.signal)),
    istio: memoize(async (addresses: Addresses) => {
      const objects = [...(await renderRows(addresses)).flat(), ...addedByInstall(mesh)];
      return readClusterState(kubectl, objects, context.signal);
    }),
  };

  return {
    kubectl,
    istioctl,
    async inBundle(id) {
      return (await readings.bundle()).initial(id);
    },
    async initial(id, addresses) {
      return (await readings.bundle()).initial(id) ?? (await readings.istio(addresses)).initial(id);
    },
    forget() {
      readings.bundle.forget();
      readings.istio.forget();
    },
    async installed(addresses) {
      const rendered = await renderRows(addresses);
      const isWhole = (index: number) =>
        rows[index]!.needs !== "primary address" || addresses[mesh.primary.name] !== undefined;
      const perRow = rendered.map((objects, index) => (isWhole(index) ? withReceipt(objects) : objects));
      return [...perRow.flat(), ...addedByInstall(mesh)];
    },
    async applyRendered(part, addresses, step) {
      const current = await readings.istio(addresses);
      const missing = current.missing(await objects(part, addresses));
      if (missing.length === 0) return "unchanged";
      const file = files.writeObjects(`rendered-${part}.json`, missing);
      await untilGone(kubectl, current.terminating(missing), step);
      await retryUntilAccepted(
        () => kubectl.run([...applyAsIstioctl, "-f", file], { signal: step.signal }),
        step.signal,
      );
      current.applied(missing);
      return "changed";
    },
    async applyFiles(manifests, step) {
      const { signal } = step;
      const current = await readings.bundle();
      const wanted = manifests.flatMap(readManifests);
      if (current.notApplied(wanted).length === 0) return "unchanged";
      await untilGone(kubectl, current.terminating(wanted), step);
      let attempts = 0;
      const { changed } = await retryUntilAccepted(() => {
        attempts++;
        return kubectl.applyFiles(manifests, { signal });
      }, signal);
      current.applied(wanted);
      // A retry reports as unchanged what the attempt before it applied.
      return attempts > 1 || changed.length > 0 ? "changed" : "unchanged";
    },
    async install(addresses, { signal, deadlineSeconds }) {
      const rendered = await renderRows(addresses);
      const now = await readings.istio(addresses);
      const open = rows
        .map(({ file, renders }, index) => ({
          file,
          objects: rendered[index]!,
          added: renders.controlPlane ? addedByInstall(mesh) : [],
        }))
        .filter(({ objects, added }) => !isInstalled(objects, added, now));
      for (const { file, objects } of open) {
        await istioctl.install(join(bundle, file), secondsWithin(deadlineSeconds) / open.length, { signal });
        await kubectl.run(keepReceipt(objects), { signal });
      }
      return open.length > 0 ? "changed" : "unchanged";
    },
  };
}

/** Whether `istioctl install` completed with these objects, and all of them still exist. */
function isInstalled(
  objects: readonly KubernetesObject[],
  added: readonly KubernetesObject[],
  now: ClusterState,
): boolean {
  const live = (object: KubernetesObject) => now.initial(objectId(object));
  return (
    now.missing(objects).length === 0 &&
    objects.every((object) => isOwnedByIstioctl(live(object))) &&
    added.every((object) => live(object) !== undefined) &&
    live(bearerOf(objects))?.metadata.annotations?.[receipt] === digestOf(objects)
  );
}

/**
 * Annotation with a digest of what `istioctl install` was given, written when it has completed. istioctl prunes at its
 * very end, and nothing else in the cluster shows whether it got that far.
 */
const receipt = "mesh/installed";

/** The object that has the annotation; it is deleted with Istio. */
const bearerOf = (objects: readonly KubernetesObject[]) =>
  objects.find(({ kind }) => kind === "ServiceAccount")!;

function withReceipt(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const bearer = bearerOf(objects);
  const { metadata } = bearer;
  const annotations = { ...metadata.annotations, [receipt]: digestOf(objects) };
  return objects.map((one) => (one === bearer ? { ...bearer, metadata: { ...metadata, annotations } } : one));
}

function keepReceipt(objects: readonly KubernetesObject[]): readonly string[] {
  const { name, namespace } = bearerOf(objects).metadata;
  const annotation = `${receipt}=${digestOf(objects)}`;
  return ["-n", namespace!, "annotate", "--overwrite", "serviceaccount", name, annotation];
}

const digestOf = (objects: readonly KubernetesObject[]) =>
  createHash("sha256").update(JSON.stringify(objects)).digest("hex").slice(0, 16);

/** Changes to an object that is being deleted would be lost with it. A cloud load balancer takes minutes to delete. */
async function untilGone(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  { signal, note, deadlineSeconds }: StepContext,
): Promise<void> {
  if (objects.length === 0) return;
  note(`waiting for ${objectTitles(objects)} to be deleted`);
  const input = listOf(objects.map(nameAlone));
  await kubectl.waitUntilGone(["-f", "-"], deadlineSeconds, { signal, input });
}
