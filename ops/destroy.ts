import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import { operatorFiles } from "../k8s/bundle";
import { istioNamespace, remoteSecretName } from "../k8s/istio-names";
import { ownerSelector } from "../k8s/mesh-chart";
import type { Cluster, Mesh } from "../mesh/mesh";
import { isAdopted } from "./clusters/adopted-namespaces";
import { refuseForeign, whyForeign } from "./clusters/foreign";
import { readInventory } from "./clusters/inventory";
import { ownedObjects, removeObjects } from "./clusters/removals";
import { holdsOf, isTerminating, unlessHeldUp, whatHolds } from "./clusters/terminating";
import { eventsOf } from "./diagnosis/events";
import { explainTimeout } from "./diagnosis/unreachable";
import { Interrupted, Refused } from "./exec/errors";
import { addedByInstall, istioctlFor } from "./exec/istioctl";
import { type Kubectl, kubectlFor } from "./exec/kubectl";
import type { KubernetesObject } from "./exec/kubernetes-object";
import type { Context } from "./run/context";
import { withLock } from "./run/lock";
import { runSteps, type Step, type StepOutcome, type StepResult, secondsWithin } from "./run/steps";

export interface DestroyOptions {
  /** Also Istio's CRDs, and with them every resource of these kinds, whoever made it. @default false */
  readonly crds?: boolean;
}

export interface DestroyResult {
  readonly results: readonly StepResult[];
  readonly ok: boolean;
}

/** istiod puts them into every namespace, and nobody else takes them away. */
const istiodsConfigMaps = ["istio-ca-root-cert", "istio-ca-crl"];

/** Seconds. A cloud takes its time to take a load balancer away, and a namespace goes when its last pod is gone. */
const deadlines = { requests: 90, loadBalancers: 600, uninstall: 300, namespaces: 300 } as const;

/**
 * Takes the mesh off its clusters, in the order in which nothing is left behind: the primary's access to the remotes
 * first, so that no endpoint outlives its cluster, and load balancers before what would remove their addresses.
 * Safe to run again. Namespaces that were there before the mesh stay, with what others have in them.
 * @throws Refused while another run changes this mesh, or when a context leads to somebody else's Istio; nothing
 * was removed then
 */
export async function destroy(
  context: Context,
  mesh: Mesh,
  options: DestroyOptions = {},
): Promise<DestroyResult> {
  await refuseForeignMesh(context, mesh);
  return withLock(context, mesh, "mesh destroy", (locked) => destroyAlone(locked, mesh, options));
}

/** Before anything is removed anywhere. A cluster that does not answer is told by its steps, which ask again. */
async function refuseForeignMesh({ programs, signal }: Context, mesh: Mesh): Promise<void> {
  const reasons = await Promise.all(
    mesh.clusters.map(async (cluster) => {
      try {
        return await whyForeign(kubectlFor(programs, cluster.context), mesh, cluster, signal);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        return undefined;
      }
    }),
  );
  const foreign = reasons.filter((reason) => reason !== undefined);
  if (foreign.length > 0) throw new Refused([...foreign, "nothing was removed"]);
}

async function destroyAlone(context: Context, mesh: Mesh, options: DestroyOptions): Promise<DestroyResult> {
  const steps = [
    removeRemoteSecrets(context, mesh),
    ...mesh.clusters.flatMap((cluster) =>
      uninstallSteps(context, mesh, cluster, options).map((step) => ({
        ...step,
        needs: [...step.needs, remoteSecretsStep],
      })),
    ),
  ];
  const results = await runSteps(steps, context.reporter, context.signal);
  return { results, ok: results.every(({ outcome }) => outcome === "changed" || outcome === "unchanged") };
}

const remoteSecretsStep = "remote-secrets";

function removeRemoteSecrets({ programs }: Context, mesh: Mesh): Step {
  const kubectl = kubectlFor(programs, mesh.primary.context);
  return {
    id: remoteSecretsStep,
    cluster: mesh.primary.name,
    phase: "remote-secrets",
    title: "remote secrets",
    needs: [],
    deadlineSeconds: deadlines.requests,
    run: async ({ signal }) => {
      await refuseForeign(kubectl, mesh, mesh.primary, signal);
      const applied = (await readInventory(kubectl, signal))?.clusters ?? [];
      const remotes = [...mesh.remotes, ...applied.filter(({ role }) => role === "remote")];
      const names = [...new Set(remotes.map(({ name }) => remoteSecretName(name)))];
      if (names.length === 0) return "unchanged";
      return remove(kubectl, ["-n", istioNamespace, "secret", ...names], deadlines.requests, signal);
    },
  };
}

/** Takes the mesh off one cluster to which the primary has no access any more. */
export function uninstallSteps(
  context: Context,
  mesh: Mesh,
  cluster: Cluster,
  { crds = false }: DestroyOptions,
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
    // kubectl's own time-out names what does not go: let it come first.
    deadlineSeconds: deadlineSeconds + 30,
    explain: explainTimeout(kubectl),
    run: async ({ signal, note }) => {
      // All others come after these, and a cluster that nothing is known of keeps everything.
      if (needs.length === 0) await refuseForeign(kubectl, mesh, cluster, signal);
      const say = (text: string) => {
        note(text);
        context.reporter.say(`${cluster.name}: ${title}: ${text}`);
      };
      return run(signal, say);
    },
  });
  const gateways = ["-n", istioNamespace, "services", "-l", "operator.istio.io/component=IngressGateways"];
  return [
    {
      ...step("load-balancers", "load balancers", [], deadlines.loadBalancers, (signal, say) =>
        unlessHeldUp(
          signal,
          say,
          async (asking) => holdsOf(await kubectl.get(gateways, { signal: asking }), kubectl),
          (deleting) => remove(kubectl, gateways, deadlines.loadBalancers, deleting),
        ),
      ),
      explain: explainTimeout(kubectl, (signal) =>
        eventsOf(
          kubectl,
          { kind: "Service", namespace: istioNamespace, name: mesh.istio.line.gateway.name },
          signal,
        ),
      ),
    },
    step("sample", "sample", [], deadlines.namespaces, (signal, say) =>
      removeNamespaces(kubectl, mesh, (name) => name !== istioNamespace, signal, say),
    ),
    step("istio", "Istio", ["load-balancers"], deadlines.uninstall, (signal) =>
      uninstall(context, mesh, cluster, kubectl, crds, signal),
    ),
    step("namespaces", "namespace istio-system", ["istio", "sample"], deadlines.namespaces, (signal, say) =>
      removeNamespaces(kubectl, mesh, (name) => name === istioNamespace, signal, say),
    ),
    step(
      "rest",
      "cluster roles and root certificates",
      ["namespaces"],
      deadlines.requests,
      async (signal) => {
        const roles = await remove(
          kubectl,
          ["clusterroles,clusterrolebindings", "-l", ownerSelector(mesh)],
          deadlines.requests,
          signal,
        );
        const left = await Promise.all(
          istiodsConfigMaps.map((name) =>
            remove(
              kubectl,
              ["configmaps", "--all-namespaces", "--field-selector", `metadata.name=${name}`],
              deadlines.requests,
              signal,
            ),
          ),
        );
        return [roles, ...left].includes("changed") ? "changed" : "unchanged";
      },
    ),
  ];
}

async function uninstall(
  context: Context,
  mesh: Mesh,
  cluster: Cluster,
  kubectl: Kubectl,
  crds: boolean,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const rendered = (
    await Promise.all(operatorFiles(mesh, cluster).map((_, index) => render(context, mesh, cluster, index)))
  ).flat();
  // Also what an interrupted apply has put there ahead of istioctl: that does not bear istioctl's labels.
  const ofIstio = [...rendered, ...addedByInstall(mesh)];
  const wanted = ofIstio.filter(({ kind }) => crds || kind !== "CustomResourceDefinition");
  const file = writeWork(
    context,
    cluster,
    "remove.json",
    JSON.stringify({ apiVersion: "v1", kind: "List", items: wanted }),
  );
  const outcomes = [
    await remove(kubectl, ["-f", file], deadlines.uninstall, signal),
    crds ? await purge(context, cluster, signal) : "unchanged",
  ];
  return outcomes.includes("changed") ? "changed" : "unchanged";
}

/** Everything that bears istioctl's labels, of whichever revision, and Istio's CRDs. */
async function purge({ programs }: Context, cluster: Cluster, signal: AbortSignal): Promise<StepOutcome> {
  const { stderr, stdout } = await programs.run(
    "istioctl",
    ["uninstall", "--context", cluster.context, "--purge", "--skip-confirmation"],
    { signal, deadlineSeconds: deadlines.uninstall },
  );
  return /removed/i.test(stdout + stderr) ? "changed" : "unchanged";
}

/** The address that a remote was installed with does not matter any more; any will render all objects. */
const anyAddress = "192.0.2.1";

function render(
  context: Context,
  mesh: Mesh,
  cluster: Cluster,
  index: number,
): Promise<readonly KubernetesObject[]> {
  const operator = operatorFiles(mesh, cluster)[index]!.make(mesh, cluster, anyAddress);
  return istioctlFor(context.programs, cluster.context).render(
    writeWork(context, cluster, `remove-${index}.yaml`, dump(operator)),
  );
}

function writeWork({ workFolder }: Context, cluster: Cluster, name: string, text: string): string {
  const folder = join(workFolder, "istio", cluster.name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Namespaces of this mesh, until they are gone; of one that somebody made ahead of it, only what the mesh put there. */
async function removeNamespaces(
  kubectl: Kubectl,
  mesh: Mesh,
  isMeant: (name: string) => boolean,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<StepOutcome> {
  const owned = await kubectl.get(["namespaces", "-l", ownerSelector(mesh)], { signal });
  const meant = owned.filter(({ metadata }) => isMeant(metadata.name));
  if (meant.length === 0) return "unchanged";
  const left = await Promise.all(
    meant.filter(isAdopted).map((namespace) => ours(kubectl, mesh, namespace, signal)),
  );
  const names = meant.map(({ metadata }) => metadata.name);
  const look = async (asking: AbortSignal) => {
    const going = (await kubectl.get(["namespaces", ...names], { signal: asking })).filter(isTerminating);
    return (await Promise.all(going.map((namespace) => whatHolds(kubectl, namespace, asking)))).flat();
  };
  await unlessHeldUp(signal, say, look, (deleting) =>
    // kubectl gives up before the step does: its words name what does not go.
    removeObjects(kubectl, [...left.flat(), ...meant], secondsWithin(deadlines.namespaces), deleting),
  );
  return "changed";
}

/** What the mesh has put into a namespace that stays. */
async function ours(
  kubectl: Kubectl,
  mesh: Mesh,
  { metadata: { name } }: KubernetesObject,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const [owned, configMaps] = await Promise.all([
    ownedObjects(kubectl, mesh, signal),
    kubectl.get(["-n", name, "configmaps"], { signal }),
  ]);
  // istiod's replicas agree in these on who leads. They bear no label.
  const leaders = configMaps.filter(({ metadata }) => metadata.annotations?.[leaderAnnotation] !== undefined);
  return [...owned.filter(({ metadata }) => metadata.namespace === name), ...leaders];
}
const leaderAnnotation = "control-plane.alpha.kubernetes.io/leader";

async function remove(
  kubectl: Kubectl,
  args: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<StepOutcome> {
  return (await kubectl.remove(args, seconds, { signal })) ? "changed" : "unchanged";
}
