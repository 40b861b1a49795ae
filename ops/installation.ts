import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import { istioOperatorRows } from "../k8s/istio-operators";
import type { Addresses, Cluster, Mesh } from "../mesh/mesh";
import type { Context } from "./context";
import { type Istioctl, istioctlFieldManager, istioctlFor } from "./istioctl";
import { type Kubectl, kubectlFor } from "./kubectl";
import { type KubernetesObject, objectId } from "./kubernetes-object";
import { isOwnedByIstioctl, missingFrom } from "./live-match";
import type { StepOutcome } from "./steps";

/**
 * Istio in one cluster: what istioctl would apply, applied in the order in which a mesh comes up fastest.
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
  /** Applies those of the rendered objects that `part` holds and that the cluster does not hold yet. */
  ahead(part: Part, addresses: Addresses, signal: AbortSignal): Promise<StepOutcome>;
  /** Rendered objects of a part. */
  objects(part: Part, addresses: Addresses): Promise<readonly KubernetesObject[]>;
  /** Runs `istioctl install` for every operator file whose objects are not all istioctl's own. */
  handOver(
    dist: string,
    addresses: Addresses,
    deadlineSeconds: number,
    signal: AbortSignal,
  ): Promise<StepOutcome>;
}

/** Parts of what istioctl renders, by what each needs before it can work. */
export type Part = keyof typeof parts;

type Filter = (object: KubernetesObject) => boolean;

const isCrd: Filter = ({ kind }) => kind === "CustomResourceDefinition";
const isLoadBalancer: Filter = ({ kind, spec }) => kind === "Service" && spec.type === "LoadBalancer";
const isGateway: Filter = ({ metadata }) =>
  metadata.labels?.["operator.istio.io/component"] === "IngressGateways";

const parts = {
  /** Load balancers, so that the cloud's delay runs beside all else. */
  services: isLoadBalancer,
  crds: isCrd,
  /** istiod, or what a remote has in its stead. */
  controlPlane: (object: KubernetesObject) => !isCrd(object) && !isGateway(object),
  /** Gateways' pods get their image by injection. */
  gateways: (object: KubernetesObject) => isGateway(object) && !isLoadBalancer(object),
} as const;

export function installationIn(context: Context, mesh: Mesh, cluster: Cluster): Installation {
  const kubectl = kubectlFor(context.programs, cluster.context);
  const istioctl = istioctlFor(context.programs, cluster.context);
  const rows = istioOperatorRows(mesh, cluster);
  const folder = join(context.workFolder, "istio", cluster.name);
  const write = (name: string, text: string) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };

  const renderRow = once(async (index: number, address: string): Promise<readonly KubernetesObject[]> => {
    const { make } = rows[index]!;
    // Without an address istioctl renders a remote's base alone: all of it that can be there already.
    const file = write(`operator-${index}${address ? "" : "-base"}.yaml`, dump(make(mesh, cluster, address)));
    return istioctl.render(file);
  });
  const addressFor = (index: number, addresses: Addresses) =>
    rows[index]!.needsPrimaryAddress ? (addresses[mesh.primary.name] ?? "") : "known";
  const render = async (addresses: Addresses) =>
    (await Promise.all(rows.map((_, index) => renderRow(index, addressFor(index, addresses))))).flat();

  const readLive = async (objects: readonly KubernetesObject[], name: string, signal: AbortSignal) => {
    if (objects.length === 0) return [];
    const file = write(`${name}.yaml`, objects.map((object) => dump(object)).join("---\n"));
    return kubectl.get(["-f", file], { signal });
  };
  // One look at the whole serves every part, since each is applied once.
  const applied = new Set<string>();
  const liveAtStart = once(async (address: string) => {
    return readLive(await render({ [mesh.primary.name]: address }), "rendered", context.signal);
  });

  const objects = async (part: Part, addresses: Addresses) => (await render(addresses)).filter(parts[part]);

  return {
    kubectl,
    istioctl,
    objects,
    async ahead(part, addresses, signal) {
      const address = addresses[mesh.primary.name] ?? "";
      if (applied.has(`${part} ${address}`)) return "unchanged";
      const wanted = await objects(part, addresses);
      const live = await liveAtStart(address);
      const missing = missingFrom(live, wanted);
      if (missing.length === 0) return "unchanged";
      const file = write(`ahead-${part}.yaml`, missing.map((object) => dump(object)).join("---\n"));
      await kubectl.run(
        [
          "apply",
          "--server-side",
          `--field-manager=${istioctlFieldManager}`,
          "--force-conflicts",
          "-f",
          file,
        ],
        { signal },
      );
      applied.add(`${part} ${address}`);
      return "changed";
    },
    async handOver(dist, addresses, deadlineSeconds, signal) {
      const all = await Promise.all(rows.map((_, index) => renderRow(index, addressFor(index, addresses))));
      const live = await readLive(all.flat(), "rendered", signal);
      const byId = new Map(live.map((object) => [objectId(object), object]));
      let outcome: StepOutcome = "unchanged";
      for (const [index, { file }] of rows.entries()) {
        const rendered = all[index]!;
        const isInstalled =
          missingFrom(live, rendered).length === 0 &&
          rendered.every((object) => isOwnedByIstioctl(byId.get(objectId(object))!));
        if (isInstalled) continue;
        await istioctl.install(join(dist, cluster.name, file), deadlineSeconds, { signal });
        outcome = "changed";
      }
      return outcome;
    },
  };
}

/** Remembers the promise of each set of arguments: the same question is asked once. */
function once<Args extends readonly (string | number)[], T>(
  ask: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (...args) => {
    const key = JSON.stringify(args);
    if (!answers.has(key)) answers.set(key, ask(...args));
    return answers.get(key)!;
  };
}
