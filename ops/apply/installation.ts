import { createHash } from "node:crypto";
import { join } from "node:path";
import { operatorFiles } from "../../k8s/bundle";
import type { Addresses, Cluster, Mesh } from "../../mesh/mesh";
import { readManifests } from "../clusters/bundle-objects";
import { applyAsIstioctl, type ClusterState, readClusterState } from "../clusters/cluster-state";
import { isOwnedByIstioctl } from "../clusters/drift";
import { renderOperator, workFiles } from "../clusters/rendering";
import { addedByInstall, type Istioctl, istioctlFor } from "../exec/istioctl";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import { type KubernetesObject, listOf, nameAlone, objectId, objectTitles } from "../exec/kubernetes-object";
import { memoize } from "../exec/memoize";
import { retryUntilAccepted } from "../exec/retry";
import type { Context } from "../run/context";
import { type StepContext, type StepOutcome, secondsWithin } from "../run/steps";

/**
 * One cluster's share of the mesh: what istioctl would apply and what the folder `dist/<cluster>` holds, applied in the
 * order in which a mesh comes up fastest.
 *
 * `istioctl install` applies one component after another and looks every two seconds whether it is ready; a remote
 * cannot even begin before the primary's address is known. So the objects that istioctl renders are applied ahead of it,
 * with its own field manager, each as soon as it can work, and in the end `istioctl install` takes them over: it adds
 * its labels, its webhook tag, and removes what an older version left. To whoever uses istioctl later, it installed
 * everything.
 */
export interface Installation {
  readonly kubectl: Kubectl;
  readonly istioctl: Istioctl;
  /** The object as the run found it; undefined when it was not there, or has been applied since. */
  untouched(id: string, addresses: Addresses): Promise<KubernetesObject | undefined>;
  /** The same for objects of `dist/<cluster>`, which does not wait for istioctl. */
  inBundle(id: string): Promise<KubernetesObject | undefined>;
  /** The cluster has changed from outside: the next question reads its state anew. */
  forget(): void;
  /** What the cluster holds of Istio when `istioctl install` has ended, as far as it can be rendered by now. */
  installed(addresses: Addresses): Promise<readonly KubernetesObject[]>;
  /** Applies those rendered objects of a part that the cluster does not hold yet. */
  ahead(part: Part, addresses: Addresses, step: StepContext): Promise<StepOutcome>;
  /** `kubectl apply` of manifests, left out where the cluster holds them. */
  applyFiles(files: readonly string[], step: StepContext): Promise<StepOutcome>;
  /** Runs `istioctl install` for every operator file whose objects are not all istioctl's own. */
  handOver(addresses: Addresses, step: StepContext): Promise<StepOutcome>;
}

type Filter = (object: KubernetesObject) => boolean;

const isCrd: Filter = ({ kind }) => kind === "CustomResourceDefinition";
const isLoadBalancer: Filter = ({ kind, spec }) => kind === "Service" && spec.type === "LoadBalancer";
const isGatewayDeployment: Filter = ({ kind, metadata }) =>
  kind === "Deployment" && metadata.labels?.["operator.istio.io/component"] === "IngressGateways";

/** What istioctl renders, by what it needs before it can work. */
const parts = {
  /** Load balancers, so that the cloud's delay runs beside all else. */
  services: isLoadBalancer,
  crds: isCrd,
  /** istiod, or what a remote has in its stead, and what gateways need before they start. */
  controlPlane: (object: KubernetesObject) =>
    !isCrd(object) && !isLoadBalancer(object) && !isGatewayDeployment(object),
  /** Gateways' pods get their image by injection. */
  gateways: isGatewayDeployment,
} as const;
/** Name of a share of what istioctl renders, applied by a step of its own. */
export type Part = keyof typeof parts;

/** Of which cluster, and where its files are. */
export interface InstallationProps {
  readonly mesh: Mesh;
  readonly cluster: Cluster;
  /** Folder that `mesh synth` wrote. */
  readonly dist: string;
  /** Of the istioctl that is on the PATH: what another version rendered is not taken from the work folder. */
  readonly istioctlVersion: string;
}

/** Nothing is asked of the cluster before a step asks. */
export function installationIn(
  context: Context,
  { mesh, cluster, dist, istioctlVersion }: InstallationProps,
): Installation {
  const kubectl = kubectlFor(context.programs, cluster.context);
  const istioctl = istioctlFor(context.programs, cluster.context);
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
    bundle: memoize(() => readClusterState(kubectl, [bundle], context.signal)),
    istio: memoize(async (addresses: Addresses) => {
      const objects = [...(await renderRows(addresses)).flat(), ...addedByInstall(mesh)];
      return readClusterState(
        kubectl,
        // Istio's CRDs in full would cost kubectl a second.
        [files.writeObjects("rendered.json", objects.map(nameAlone))],
        context.signal,
      );
    }),
  };

  return {
    kubectl,
    istioctl,
    async inBundle(id) {
      return (await readings.bundle()).untouched(id);
    },
    async untouched(id, addresses) {
      return (await readings.bundle()).untouched(id) ?? (await readings.istio(addresses)).untouched(id);
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
    async ahead(part, addresses, step) {
      const current = await readings.istio(addresses);
      const missing = current.missing(await objects(part, addresses));
      if (missing.length === 0) return "unchanged";
      const file = files.writeObjects(`ahead-${part}.json`, missing);
      await untilGone(kubectl, current.leaving(missing), step);
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
      await untilGone(kubectl, current.leaving(wanted), step);
      let attempts = 0;
      const { changed } = await retryUntilAccepted(() => {
        attempts++;
        return kubectl.applyFiles(manifests, { signal });
      }, signal);
      current.applied(wanted);
      // What an attempt has applied before it was refused, the next one calls unchanged.
      return attempts > 1 || changed.length > 0 ? "changed" : "unchanged";
    },
    async handOver(addresses, { signal, deadlineSeconds }) {
      const rendered = await renderRows(addresses);
      const now = await readings.istio(addresses);
      const open = rows
        .map(({ file, installs }, index) => ({
          file,
          objects: rendered[index]!,
          added: installs === "control plane" ? addedByInstall(mesh) : [],
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

/** Whether `istioctl install` was run to its end with these objects, and everything is still there. */
function isInstalled(
  objects: readonly KubernetesObject[],
  added: readonly KubernetesObject[],
  now: ClusterState,
): boolean {
  const live = (object: KubernetesObject) => now.untouched(objectId(object));
  return (
    now.missing(objects).length === 0 &&
    objects.every((object) => isOwnedByIstioctl(live(object))) &&
    added.every((object) => live(object) !== undefined) &&
    live(bearerOf(objects))?.metadata.annotations?.[receipt] === digestOf(objects)
  );
}

/**
 * Annotation that is written when `istioctl install` has ended: what it was given. Only at its end does istioctl remove
 * what it is not given any more, and nothing else in the cluster tells whether it came so far before it was killed.
 */
const receipt = "mesh/installed";

/** Goes when Istio goes. */
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

/** What is applied to an object that is being deleted goes with it. A cloud's load balancer takes minutes to go. */
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
