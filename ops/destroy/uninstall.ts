import { operatorFiles } from "../../k8s/bundle";
import { istioNamespace } from "../../k8s/istio-names";
import { ownerSelector } from "../../k8s/mesh-chart";
import { istioctlCommand } from "../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { isAdopted } from "../clusters/adopted-namespaces";
import { refuseForeign } from "../clusters/owner";
import { deleteObjects, ownedObjects } from "../clusters/prune";
import { renderOperator, workFiles } from "../clusters/rendering";
import {
  deleteUnlessBlocked,
  deletionBlockers,
  finalizerBlockers,
  isTerminating,
} from "../clusters/terminating";
import { eventsOf } from "../diagnosis/events";
import { explainTimeout } from "../diagnosis/unreachable";
import { addedByInstall, istioctlFor } from "../exec/istioctl";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import type { Context } from "../run/context";
import { type Step, type StepOutcome, secondsWithin } from "../run/steps";
import { configMapsOfIstiod, isKept, meshObjectsIn } from "./kept";

/** Seconds. A cloud takes its time to delete a load balancer, and a namespace goes when its last pod is gone. */
export const deadlines = { requests: 90, loadBalancers: 600, uninstall: 300, namespaces: 300 } as const;

export interface UninstallOptions {
  /** Also delete Istio's CRDs. @default false */
  readonly crds?: boolean;
  /** Kinds of the objects that mesh.extend.ts has added. @default - none */
  readonly extensionKinds?: readonly string[];
}

/** Uninstalls the mesh from one cluster, which the primary can no longer read. */
export function uninstallSteps(
  context: Context,
  mesh: Mesh,
  cluster: Cluster,
  { crds = false, extensionKinds = [] }: UninstallOptions = {},
): Step[] {
  const kubectl = kubectlFor(context.programs, cluster.context);
  const step = (
    name: string,
    title: string,
    needs: readonly string[],
    deadlineSeconds: number,
    run: (signal: AbortSignal, say: (text: string) => void) => Promise<StepOutcome>,
  ): Step => ({
    id: `${cluster.name}/${name}`,
    cluster: cluster.name,
    phase: name,
    title,
    needs: needs.map((need) => `${cluster.name}/${need}`),
    // kubectl's own timeout comes first: it names what is not deleted.
    deadlineSeconds: deadlineSeconds + 30,
    explain: explainTimeout(kubectl),
    run: async ({ signal, note }) => {
      // All other steps come after these, so a cluster that does not answer keeps everything.
      if (needs.length === 0) await refuseForeign(kubectl, mesh, cluster, signal);
      const say = (text: string) => {
        note(text);
        context.reporter.say(`${cluster.name}: ${title}: ${text}`);
      };
      return run(signal, say);
    },
  });
  const gateways = ["-n", istioNamespace, "services", "-l", "operator.istio.io/component=IngressGateways"];
  const gateway = { kind: "Service", namespace: istioNamespace, name: mesh.istio.line.gateway.name } as const;
  // Namespaces are deleted by later steps.
  const ofExtension = extensionKinds.filter((kind) => kind !== "Namespace");
  const extension =
    ofExtension.length === 0
      ? []
      : [
          step("extension", "objects of mesh.extend.ts", [], deadlines.namespaces, async (signal) => {
            const objects = await ownedObjects(kubectl, mesh, ofExtension, signal);
            if (objects.length === 0) return "unchanged";
            await deleteObjects(kubectl, objects, secondsWithin(deadlines.namespaces), signal);
            return "changed";
          }),
        ];
  return [
    ...extension,
    {
      ...step("load-balancers", "load balancers", [], deadlines.loadBalancers, (signal, say) =>
        deleteUnlessBlocked(
          signal,
          say,
          async (asking) => finalizerBlockers(await kubectl.get(gateways, { signal: asking }), kubectl),
          (deleting) => remove(kubectl, gateways, deadlines.loadBalancers, deleting),
        ),
      ),
      explain: explainTimeout(kubectl, (signal) => eventsOf(kubectl, gateway, signal)),
    },
    step("sample", "sample", [], deadlines.namespaces, (signal, say) =>
      removeNamespaces(kubectl, mesh, extensionKinds, (name) => name !== istioNamespace, signal, say),
    ),
    step(
      "istio",
      "Istio",
      [...(extension.length > 0 ? ["extension"] : []), "load-balancers"],
      deadlines.uninstall,
      (signal) => uninstallIstio(context, mesh, cluster, crds, signal),
    ),
    step("namespaces", "namespace istio-system", ["istio", "sample"], deadlines.namespaces, (signal, say) =>
      removeNamespaces(kubectl, mesh, extensionKinds, (name) => name === istioNamespace, signal, say),
    ),
    step(
      "rest",
      "cluster roles and root certificates",
      ["namespaces"],
      deadlines.requests,
      async (signal) => {
        const everywhere = (name: string) => [
          "configmaps",
          "--all-namespaces",
          "--field-selector",
          `metadata.name=${name}`,
        ];
        const roles = ["clusterroles,clusterrolebindings", "-l", ownerSelector(mesh)];
        const outcomes = await Promise.all(
          [roles, ...configMapsOfIstiod.map(everywhere)].map((args) =>
            remove(kubectl, args, deadlines.requests, signal),
          ),
        );
        return outcomes.includes("changed") ? "changed" : "unchanged";
      },
    ),
  ];
}

/** The address that a remote was installed with does not matter here: with any, istioctl renders all objects. */
const anyAddress = "192.0.2.1";

async function uninstallIstio(
  context: Context,
  mesh: Mesh,
  cluster: Cluster,
  crds: boolean,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const istioctl = istioctlFor(context.programs, cluster.context, mesh.istio.line);
  const files = workFiles(context, cluster);
  const rendered = await Promise.all(
    operatorFiles(mesh, cluster).map(({ make }, index) =>
      renderOperator(istioctl, files, `remove-${index}`, make(mesh, cluster, anyAddress)),
    ),
  );
  // `istioctl uninstall` finds objects by istioctl's labels, which those of an interrupted apply do not have.
  const unwanted = [...rendered.flat(), ...addedByInstall(mesh)].filter((object) => !isKept(object, crds));
  const file = files.writeObjects("remove.json", unwanted);
  const kubectl = kubectlFor(context.programs, cluster.context);
  const outcomes = [
    await remove(kubectl, ["-f", file], deadlines.uninstall, signal),
    crds ? await purge(context, mesh, cluster, signal) : "unchanged",
  ];
  return outcomes.includes("changed") ? "changed" : "unchanged";
}

/** Everything with istioctl's labels, of all revisions, and Istio's CRDs. */
async function purge(
  { programs }: Context,
  { istio }: Mesh,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { stderr, stdout } = await programs.run(
    "istioctl",
    [
      ...istioctlCommand(istio.line, "uninstall"),
      ...["--context", cluster.context, "--purge", "--skip-confirmation"],
    ],
    { signal, deadlineSeconds: deadlines.uninstall },
  );
  return /removed/i.test(stdout + stderr) ? "changed" : "unchanged";
}

/** Deletes this mesh's namespaces; of one that existed before the mesh, only the mesh's objects. */
async function removeNamespaces(
  kubectl: Kubectl,
  mesh: Mesh,
  extensionKinds: readonly string[],
  isMeant: (name: string) => boolean,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<StepOutcome> {
  const owned = await kubectl.get(["namespaces", "-l", ownerSelector(mesh)], { signal });
  const meant = owned.filter(({ metadata }) => isMeant(metadata.name));
  if (meant.length === 0) return "unchanged";
  const objects = await Promise.all(
    meant
      .filter(isAdopted)
      .map((namespace) => meshObjectsIn(kubectl, mesh, extensionKinds, namespace, signal)),
  );
  const names = meant.map(({ metadata }) => metadata.name);
  const look = async (asking: AbortSignal) => {
    const found = await kubectl.get(["namespaces", ...names], { signal: asking });
    const blockers = found
      .filter(isTerminating)
      .map((namespace) => deletionBlockers(kubectl, namespace, asking));
    return (await Promise.all(blockers)).flat();
  };
  await deleteUnlessBlocked(signal, say, look, (deleting) =>
    // kubectl's own timeout comes first: it names what is not deleted.
    deleteObjects(kubectl, [...objects.flat(), ...meant], secondsWithin(deadlines.namespaces), deleting),
  );
  return "changed";
}

export async function remove(
  kubectl: Kubectl,
  args: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<StepOutcome> {
  return (await kubectl.remove(args, seconds, { signal })) ? "changed" : "unchanged";
}
