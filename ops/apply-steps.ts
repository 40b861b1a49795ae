import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { istioNamespace } from "../k8s/bundle";
import { bundleCharts, type ChartId } from "../k8s/bundle-charts";
import type { Addresses, Cluster, Mesh } from "../mesh/mesh";
import type { Context } from "./context";
import { eventsOf } from "./events";
import { untilInjected } from "./injection";
import { type Installation, installationIn, type Part } from "./installation";
import { inventoryManifest, inventoryOf, readInventory, removedClusters } from "./inventory";
import { type Kubectl, noValidation } from "./kubectl";
import { isRolledOut, type KubernetesObject, loadBalancerAddress } from "./kubernetes-object";
import { ensureRemoteSecret, remoteSecretName } from "./remote-secret";
import { removeObjects, titlesOf, unwantedObjects } from "./removals";
import type { Step, StepContext, StepOutcome } from "./steps";

/** In the order in which a person would go; `--until` names the last. */
export const phases = [
  "namespaces",
  "services",
  "control-plane",
  "address",
  "exposure",
  "remotes",
  "sample",
  "routing",
  "hand-over",
  "addons",
  "removals",
] as const;
export type Phase = (typeof phases)[number];

/**
 * Seconds after which a step is given up. A cloud's load balancer and a first image pull are the slow ones; the rest
 * is a few requests to an API server.
 */
const deadlines = {
  requests: 90,
  terminating: 180,
  rollout: 300,
  address: 600,
  injection: 180,
  addon: 120,
  install: 300,
} as const;

export interface ApplyInputs {
  readonly mesh: Mesh;
  /** Folder that `mesh synth` wrote. */
  readonly dist: string;
  /** Gateway addresses known so far. */
  readonly addresses: Addresses;
  /** PEM text of the mesh's root certificate. */
  readonly rootCertificate: string;
  /** Keeps a found address, and writes the files of `dist` that waited for it. */
  readonly keepAddresses: (addresses: Addresses) => void | Promise<void>;
  /** What mesh.yaml does not want any more may be removed. @default false: it is named, and stays */
  readonly remove?: boolean;
  /** Instead of every step's own deadline. @default - undefined: its own */
  readonly timeoutSeconds?: number;
}

export type ApplyStep = Step & { readonly phase: Phase };

/** What the steps of one run share. */
interface Run extends ApplyInputs {
  readonly context: Context;
  readonly installations: ReadonlyMap<string, Installation>;
  /** Grows while the run finds addresses. */
  readonly found: Record<string, string>;
}

/** Every step of bringing up the mesh, as data: `runSteps` finds the order. */
export function applySteps(context: Context, inputs: ApplyInputs): readonly ApplyStep[] {
  const { mesh } = inputs;
  const run: Run = {
    ...inputs,
    context,
    installations: new Map(
      mesh.clusters.map((cluster) => [cluster.name, installationIn(context, mesh, cluster, inputs.dist)]),
    ),
    found: { ...inputs.addresses },
  };
  return mesh.clusters.flatMap((cluster) => [
    ...foundation(run, cluster),
    ...(cluster.role === "primary" ? primarySteps(run, cluster) : remoteSteps(run, cluster)),
    ...workloads(run, cluster),
  ]);
}

type StepRow = Omit<ApplyStep, "id" | "cluster" | "needs"> & {
  readonly needs: readonly string[];
};

/** `needs` names steps of the same cluster, or `primary/...` for the primary's. */
function stepsOf(
  run: Run,
  cluster: Cluster,
  rows: Readonly<Record<string, StepRow | undefined>>,
): ApplyStep[] {
  const idOf = (need: string) =>
    need.startsWith("primary/")
      ? `${run.mesh.primary.name}/${need.slice("primary/".length)}`
      : `${cluster.name}/${need}`;
  return Object.entries(rows).flatMap(([name, row]) =>
    row === undefined
      ? []
      : [
          {
            ...row,
            id: idOf(name),
            cluster: cluster.name,
            needs: row.needs.map(idOf),
            deadlineSeconds: run.timeoutSeconds ?? row.deadlineSeconds,
          },
        ],
  );
}

/** What needs nothing but an API server. */
function foundation(run: Run, cluster: Cluster): ApplyStep[] {
  const before = bundleCharts({ mesh: run.mesh, cluster }).filter(({ beforeIstio }) => beforeIstio);
  const installation = run.installations.get(cluster.name)!;
  return stepsOf(run, cluster, {
    namespaces: {
      phase: "namespaces",
      title: "namespaces and CA",
      needs: [],
      deadlineSeconds: deadlines.terminating,
      run: async (step) => {
        await refuseForeignRoot(run, cluster);
        await untilNamespacesAreUsable(run, cluster, step);
        return installation.applyFiles(
          before.map(({ file }) => join(run.dist, cluster.name, file)),
          step.signal,
        );
      },
    },
    services: ahead(run, cluster, "services", "services", "gateway Services", ["namespaces"]),
    crds: ahead(run, cluster, "crds", phaseOf(cluster), "Istio's CRDs", ["namespaces"]),
    controlPlane: ahead(run, cluster, "controlPlane", phaseOf(cluster), titleOfControlPlane(cluster), [
      "namespaces",
    ]),
  });
}

const phaseOf = ({ role }: Cluster): Phase => (role === "primary" ? "control-plane" : "remotes");
const titleOfControlPlane = ({ role }: Cluster) => (role === "primary" ? "istiod" : "webhook and reader");

function primarySteps(run: Run, cluster: Cluster): ApplyStep[] {
  const { mesh } = run;
  const { kubectl } = run.installations.get(cluster.name)!;
  const { gateway } = mesh.istio.line;
  return stepsOf(run, cluster, {
    inventory: {
      phase: "namespaces",
      title: "inventory",
      needs: ["namespaces"],
      deadlineSeconds: deadlines.requests,
      run: ({ signal }) => keepInventory(run, kubectl, signal),
    },
    istiod: rollout(run, cluster, "control-plane", "istiod ready", istioNamespace, "istiod", [
      "controlPlane",
    ]),
    injection: injection(run, cluster, "control-plane", ["istiod"]),
    gateways: ahead(run, cluster, "gateways", "control-plane", "gateways", ["injection", "services"]),
    gatewayReady: rollout(
      run,
      cluster,
      "control-plane",
      `${gateway.name} ready`,
      istioNamespace,
      gateway.name,
      ["gateways"],
    ),
    address: address(run, cluster, ["services"]),
    exposure: chart(run, cluster, "exposure", ["expose-istiod", "expose-services"], "exposure", [
      "istiod",
      "crds",
    ]),
  });
}

/**
 * The secrets of remotes that have left mesh.yaml go first of all, so that their endpoints are gone before anything
 * else is; then the inventory forgets them.
 */
async function keepInventory(run: Run, primary: Kubectl, signal: AbortSignal): Promise<StepOutcome> {
  const wanted = inventoryOf(run.mesh);
  const found = await readInventory(primary, signal);
  const removed = removedClusters(found, run.mesh);
  if (removed.length > 0 && !run.remove) {
    throw new Error(
      `${removed.map(({ name }) => name).join(", ")} has left mesh.yaml, and its remote secret would be removed; ` +
        "run again with --yes, or bring the cluster back into mesh.yaml",
    );
  }
  if (removed.length > 0) {
    const secrets = removed.map(({ name }) => remoteSecretName(name));
    await primary.run(["-n", istioNamespace, "delete", "--ignore-not-found", "secret", ...secrets], {
      signal,
    });
  }
  if (isDeepStrictEqual(found, wanted)) return "unchanged";
  await primary.run(["apply", noValidation, "-f", "-"], {
    signal,
    input: JSON.stringify(inventoryManifest(wanted)),
  });
  return "changed";
}

function remoteSteps(run: Run, cluster: Cluster): ApplyStep[] {
  const { mesh } = run;
  const primary = run.installations.get(mesh.primary.name)!;
  const remote = run.installations.get(cluster.name)!;
  const { gateway } = mesh.istio.line;
  return stepsOf(run, cluster, {
    // With the address known, the same part holds the way to the primary's istiod as well.
    wayToPrimary: ahead(run, cluster, "controlPlane", "remotes", "way to istiod", [
      "primary/address",
      "controlPlane",
    ]),
    secret: {
      phase: "remotes",
      title: `remote secret in ${mesh.primary.name}`,
      needs: ["controlPlane", "primary/namespaces"],
      deadlineSeconds: deadlines.requests,
      run: ({ signal }) =>
        ensureRemoteSecret(
          {
            cluster: cluster.name,
            primary: primary.kubectl,
            remote: remote.kubectl,
            istioctl: remote.istioctl,
          },
          signal,
        ),
    },
    injection: injection(run, cluster, "remotes", [
      "crds",
      "wayToPrimary",
      "secret",
      "primary/exposure",
      "primary/gatewayReady",
    ]),
    gateways: ahead(run, cluster, "gateways", "remotes", "gateway", ["injection", "services"]),
    gatewayReady: rollout(run, cluster, "remotes", `${gateway.name} ready`, istioNamespace, gateway.name, [
      "gateways",
    ]),
    address: address(run, cluster, ["services"]),
  });
}

function workloads(run: Run, cluster: Cluster): ApplyStep[] {
  const { mesh } = run;
  const { sample } = mesh;
  const isPrimary = cluster.role === "primary";
  const deployments = injectedDeployments(mesh, cluster)
    .filter(({ namespace }) => namespace !== istioNamespace)
    .map(({ name }) => name);
  const readySteps = deployments.map((name) => `${name} ready`);
  // Istio takes over once every pod has been injected: istioctl replaces the webhook, and for a moment there is none.
  const afterPods = ["gatewayReady", ...readySteps];
  return stepsOf(run, cluster, {
    sample: sample && chart(run, cluster, "sample", ["sample"], "sample", ["gateways"]),
    ...Object.fromEntries(
      deployments.map((name) => [
        `${name} ready`,
        rollout(run, cluster, "sample", `${name} ready`, sample!.namespace, name, ["sample"]),
      ]),
    ),
    routing:
      sample && isPrimary
        ? chart(run, cluster, "routing", ["routing"], "routing", ["istiod", "crds"])
        : undefined,
    // By then the API server has learned of every kind it is asked for.
    removals: removals(run, cluster, ["crds", ...afterPods]),
    handOver: handOver(run, cluster, [...afterPods, ...(isPrimary ? ["exposure"] : ["wayToPrimary"])]),
    // Nothing of the mesh waits for these: the sample comes first.
    ...(mesh.addons.prometheus && isPrimary ? addon(run, cluster, "prometheus", afterPods) : {}),
    ...(mesh.addons.kiali && isPrimary ? addon(run, cluster, "kiali", afterPods) : {}),
  });
}

function ahead(
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
    deadlineSeconds: deadlines.requests,
    run: ({ signal }) => installation.ahead(part, run.found, signal),
  };
}

function chart(
  run: Run,
  cluster: Cluster,
  phase: Phase,
  ids: readonly ChartId[],
  title: string,
  needs: readonly string[],
): StepRow {
  const files = bundleCharts({ mesh: run.mesh, cluster })
    .filter(({ id }) => ids.includes(id))
    .map(({ file }) => join(run.dist, cluster.name, file));
  const installation = run.installations.get(cluster.name)!;
  return {
    phase,
    title,
    needs,
    deadlineSeconds: deadlines.requests,
    run: ({ signal }) => installation.applyFiles(files, signal),
  };
}

function rollout(
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
      if (!(await wasRolledOut(run, cluster, namespace, name))) {
        await kubectl.until({ resource: "deployments", namespace, name, ready: isRolledOut }, signal);
      }
      return "unchanged";
    },
    explain: (signal) => eventsOf(kubectl, namespace, name, signal),
  };
}

/** It was when the run began, and the run has not touched it. */
async function wasRolledOut(run: Run, cluster: Cluster, namespace: string, name: string): Promise<boolean> {
  const { untouched } = run.installations.get(cluster.name)!;
  const deployment = await untouched(`Deployment.apps/${namespace}/${name}`, run.found);
  return deployment !== undefined && isRolledOut(deployment);
}

function injection(run: Run, cluster: Cluster, phase: Phase, needs: readonly string[]): StepRow {
  const { kubectl } = run.installations.get(cluster.name)!;
  return {
    phase,
    title: "injection",
    needs,
    deadlineSeconds: deadlines.injection,
    run: async ({ signal }) => {
      const pods = injectedDeployments(run.mesh, cluster);
      const isNeeded = await Promise.all(
        pods.map(({ namespace, name }) => wasRolledOut(run, cluster, namespace, name)),
      );
      if (isNeeded.includes(false)) await untilInjected(run.context, kubectl, signal);
      return "unchanged";
    },
  };
}

/** Deployments whose pods are of use only with a proxy. */
function injectedDeployments(
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

function address(run: Run, cluster: Cluster, needs: readonly string[]): StepRow {
  const installation = run.installations.get(cluster.name)!;
  const { kubectl } = installation;
  const { name } = run.mesh.istio.line.gateway;
  return {
    phase: cluster.role === "primary" ? "address" : "remotes",
    title: `address of ${name}`,
    needs,
    deadlineSeconds: deadlines.address,
    run: async ({ signal }) => {
      const known = await installation.untouched(`Service./${istioNamespace}/${name}`, run.found);
      const hasAddress = (object: KubernetesObject) => loadBalancerAddress(object) !== undefined;
      const service =
        known && hasAddress(known)
          ? known
          : await kubectl.until(
              { resource: "services", namespace: istioNamespace, name, ready: hasAddress },
              signal,
            );
      const address = loadBalancerAddress(service)!;
      if (run.found[cluster.name] === address) return "unchanged";
      run.found[cluster.name] = address;
      await run.keepAddresses({ ...run.found });
      return "changed";
    },
    explain: (signal) => eventsOf(kubectl, istioNamespace, name, signal),
  };
}

function handOver(run: Run, cluster: Cluster, needs: readonly string[]): StepRow {
  const installation = run.installations.get(cluster.name)!;
  return {
    phase: "hand-over",
    title: "istioctl install",
    needs,
    deadlineSeconds: deadlines.install + deadlines.requests,
    run: ({ signal }) => installation.handOver(run.found, deadlines.install, signal),
  };
}

/** Optional: a mesh with something too much in it works. */
function removals(run: Run, cluster: Cluster, needs: readonly string[]): StepRow {
  const { kubectl } = run.installations.get(cluster.name)!;
  return {
    phase: "removals",
    title: "what is not wanted any more",
    needs,
    deadlineSeconds: deadlines.rollout,
    optional: true,
    run: async ({ signal }) => {
      const unwanted = await unwantedObjects(kubectl, run.mesh, cluster, run.dist, signal);
      if (unwanted.length === 0) return "unchanged";
      if (!run.remove) throw new Error(`stays unless --yes is given: ${titlesOf(unwanted)}`);
      await removeObjects(kubectl, unwanted, signal);
      return "changed";
    },
  };
}

function addon(run: Run, cluster: Cluster, id: ChartId & ("prometheus" | "kiali"), needs: readonly string[]) {
  return {
    [id]: { ...chart(run, cluster, "addons", [id], id, needs), optional: true },
    [`${id} ready`]: {
      ...rollout(run, cluster, "addons", `${id} ready`, istioNamespace, id, [id]),
      deadlineSeconds: deadlines.addon,
      optional: true,
    },
  };
}

/** A second root would cut the mesh in two: workloads of one root refuse those of the other. */
async function refuseForeignRoot(run: Run, cluster: Cluster): Promise<void> {
  const cacerts = await run.installations.get(cluster.name)!.inBundle(`Secret./${istioNamespace}/cacerts`);
  if (!cacerts) return;
  const installed = Buffer.from(cacerts.data?.["root-cert.pem"] ?? "", "base64").toString("utf8");
  if (installed.trim() === run.rootCertificate.trim()) return;
  throw new Error(
    `${cluster.name} has a Secret cacerts with another root certificate than this mesh's CA; one mesh has one root; ` +
      "bring back the CA folder that the cluster was installed with, or run mesh destroy first",
  );
}

/** A namespace that is being deleted takes nothing new, and tells so only when it is too late. */
async function untilNamespacesAreUsable(
  run: Run,
  cluster: Cluster,
  { signal, note }: StepContext,
): Promise<void> {
  const { kubectl, inBundle, forget } = run.installations.get(cluster.name)!;
  const names = [istioNamespace, ...(run.mesh.sample ? [run.mesh.sample.namespace] : [])];
  const found = await Promise.all(names.map((name) => inBundle(`Namespace.//${name}`)));
  const leaving = names.filter((_, index) => found[index]?.status?.phase === "Terminating");
  if (leaving.length === 0) return;
  note(`waiting for namespace ${leaving.join(", ")} to be gone`);
  await kubectl.run(
    ["wait", "--for=delete", "--timeout=-1s", ...leaving.map((name) => `namespace/${name}`)],
    {
      signal,
      deadlineSeconds: deadlines.terminating,
    },
  );
  forget();
}
