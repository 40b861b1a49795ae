import type { Cluster, Mesh, Sample } from "../../mesh/mesh";
import { whyForeign } from "../../ops/clusters/owner";
import { Interrupted, shortMessage } from "../../ops/exec/errors";
import { type Kubectl, kubectlFor } from "../../ops/exec/kubectl";
import { isRolledOut, type KubernetesObject } from "../../ops/exec/kubernetes-object";
import { deadlineSignal, pause } from "../../ops/exec/timing";
import type { Context } from "../../ops/run/context";
import { judgeRights, type RightRow, rightsOf } from "../basics/rights";
import { type CheckInputs, worldOf } from "../basics/world";
import { type CheckFacts, pass, problem, type Verdict } from "../check";
import type { CheckResult } from "../report";
import { blocked, couldNotLook, judged } from "../run-checks";
import { kubectlIn } from "../suggested-commands";
import { endpointSet } from "./endpoints/endpoint-set";
import { verifyWorld } from "./world";

/** A Deployment of the sample, and how many pods it had. */
interface Scaled {
  readonly cluster: Cluster;
  readonly name: string;
  readonly kubectl: Kubectl;
  readonly replicas: number;
}

/** One step of the walk-through's scaling. */
interface ScaleStep {
  readonly facts: CheckFacts;
  readonly concerns: (scaled: Scaled) => boolean;
  /** Pods that the Deployments get; undefined: as many as they had. */
  readonly pods: number | undefined;
}

const common = {
  severity: "fail",
  looksAt:
    "the endpoints that every client's Envoy holds, once the pods run: local pods, and for each other cluster one gateway whose weight is the number of its pods",
  why: "If clients do not learn about scaling, requests go to deleted pods, and new pods get none.",
  fix: "check whether istiod is synced with the cluster of these pods (`mesh verify --only control-plane`)",
} as const;

/** The pods that scaling gives each version. */
const more = 2;

/** Runs before the first change: a missing permission in one cluster would leave the others scaled. */
const allowed: CheckFacts = {
  severity: "fail",
  id: "scale.allowed",
  title: "you can scale the sample in every cluster",
  looksAt:
    "the labels of the namespace istio-system, and a SelfSubjectAccessReview for patching deployments/scale and watching deployments in the sample's namespace",
  why: "verify --scale changes the clusters. A context may lead to a foreign cluster.",
  fix: "ask an administrator for the permission; the ClusterRole edit in the sample's namespace has it",
  needs: ["rights.read"],
};

const scaling: readonly RightRow[] = [
  { verbs: ["patch"], group: "apps", resources: ["deployments/scale"], in: "sample" },
  { verbs: ["watch"], group: "apps", resources: ["deployments"], in: "sample" },
];
const rightsToScale = (mesh: Mesh) => rightsOf(scaling, mesh);

const steps: readonly ScaleStep[] = [
  {
    facts: {
      ...common,
      id: "scale.primary",
      title: "new pods of the primary become endpoints in every cluster",
      needs: ["endpoints.set", "scale.allowed"],
    },
    concerns: ({ cluster }) => cluster.role === "primary",
    pods: more,
  },
  {
    facts: {
      ...common,
      id: "scale.remotes",
      title: "new pods of the remotes become endpoints in every cluster",
      needs: ["scale.primary"],
    },
    concerns: ({ cluster }) => cluster.role === "remote",
    pods: more,
  },
  {
    facts: {
      ...common,
      id: "scale.back",
      title: "removed pods are no longer endpoints",
      needs: ["endpoints.set"],
    },
    concerns: () => true,
    pods: undefined,
  },
];

/** What `--scale` adds to the checks. */
export const scaleChecks: readonly CheckFacts[] = [allowed, ...steps.map(({ facts }) => facts)];

/** Seconds for pods to start, and for every proxy to get the new endpoints. */
const rolloutSeconds = 180;
const spreadSeconds = 60;

/**
 * The walk-through's scaling: the primary's version gets a second pod, then the remotes', and after each every client
 * must see it. In the end every Deployment has as many pods as before, whatever happens, Ctrl-C included.
 *
 * @throws Interrupted on Ctrl-C; whatever else goes wrong is a result
 */
export async function verifyScaling(context: Context, inputs: CheckInputs): Promise<readonly CheckResult[]> {
  const { mesh } = inputs;
  const { sample } = mesh;
  if (!sample) return [];
  const results: CheckResult[] = [];
  const look = async (facts: CheckFacts, work: () => Promise<Verdict>) => {
    context.reporter.say(`${facts.id}: ${facts.title} ...`);
    const started = performance.now();
    const verdict = await work().catch((error) => {
      if (context.signal.aborted) throw error;
      return couldNotLook(error, facts.severity);
    });
    results.push(judged(facts, verdict, undefined, (performance.now() - started) / 1000));
    return verdict.kind === "pass";
  };
  const [primary, remotes, back] = steps as readonly [ScaleStep, ScaleStep, ScaleStep];
  let deployments: readonly Scaled[] = [];
  const isAllowed = await look(allowed, async () => {
    const verdict = await mayScale(context, inputs);
    if (verdict.kind === "pass") deployments = await readDeployments(context, mesh, sample);
    return verdict;
  });
  if (!isAllowed) return [...results, ...steps.map(({ facts }) => blocked(facts, allowed))];
  let left: readonly string[] = [];
  try {
    const isSeen = await look(primary.facts, () => scaleAndLook(context, inputs, deployments, primary));
    if (isSeen) await look(remotes.facts, () => scaleAndLook(context, inputs, deployments, remotes));
    else results.push(blocked(remotes.facts, primary.facts));
  } finally {
    left = await restore(deployments, sample);
    for (const line of left) context.reporter.say(line);
  }
  await look(back.facts, async () => {
    if (left.length === 0) return scaleAndLook(context, inputs, deployments, back);
    const commands = deployments.map(({ cluster, name, replicas }) =>
      kubectlIn(cluster, ...scaleArguments(sample.namespace, name, replicas)),
    );
    return problem(left, { fix: "scale the sample back manually", commands });
  });
  return results;
}

/** Whether every cluster is this mesh's, and lets the sample be scaled. */
async function mayScale(context: Context, inputs: CheckInputs): Promise<Verdict> {
  const { mesh } = inputs;
  const { probes } = worldOf(context, context.programs, inputs, rightsToScale(mesh));
  const verdicts = await Promise.all(
    mesh.clusters.map(async (cluster) => {
      const { kubectl, accessReview } = probes(cluster);
      const foreign = await whyForeign(kubectl, mesh, cluster, context.signal);
      if (foreign !== undefined)
        return problem(foreign, { fix: "correct the context in mesh.yaml or in the kubeconfig" });
      return judgeRights(await accessReview(), rightsToScale(mesh), cluster.context);
    }),
  );
  return verdicts.find(({ kind }) => kind !== "pass") ?? pass(...verdicts[0]!.evidence);
}

async function readDeployments(
  { programs, signal }: Context,
  mesh: Mesh,
  { namespace, versions }: Sample,
): Promise<readonly Scaled[]> {
  const perCluster = await Promise.all(
    mesh.clusters.map(async (cluster) => {
      const kubectl = kubectlFor(programs, cluster.context);
      const names = versions
        .filter(({ clusters }) => clusters.includes(cluster.name))
        .map(({ name }) => `helloworld-${name}`);
      if (names.length === 0) return [];
      const found = await kubectl.get(["-n", namespace, "deployments", ...names], { signal });
      return found.map(({ metadata, spec }) => ({
        cluster,
        kubectl,
        name: metadata.name,
        replicas: spec.replicas ?? 1,
      }));
    }),
  );
  return perCluster.flat();
}

async function scaleAndLook(
  context: Context,
  inputs: CheckInputs,
  deployments: readonly Scaled[],
  { concerns, pods }: ScaleStep,
): Promise<Verdict> {
  const { namespace } = inputs.mesh.sample!;
  const mine = deployments.filter(concerns).map(({ replicas, ...scaled }) => ({
    ...scaled,
    wanted: pods === undefined ? replicas : Math.max(pods, replicas),
  }));
  // Waits for all, even if one fails: a late scale command would undo the restore.
  if (pods !== undefined) {
    await allEnded(mine.map(({ kubectl, name, wanted }) => scale(kubectl, namespace, name, wanted)));
  }
  const deadline = deadlineSignal(context.signal, rolloutSeconds);
  try {
    await allEnded(
      mine.map(({ kubectl, name, wanted }) => {
        const ready = (object: KubernetesObject) => object.spec.replicas === wanted && isRolledOut(object);
        return kubectl.until({ resource: "deployments", namespace, name, ready }, deadline.signal);
      }),
    );
  } catch (error) {
    if (context.signal.aborted || !deadline.signal.aborted) throw error;
    return problem(`the pods were not ready within ${rolloutSeconds} s`);
  } finally {
    deadline.release();
  }
  return untilSeen(context, inputs);
}

/** @throws the first error, when nothing goes on any more */
async function allEnded(work: readonly Promise<unknown>[]): Promise<void> {
  const all = await Promise.allSettled(work);
  const failed = all.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

/** Looks until every client sees the pods that serve. */
async function untilSeen(context: Context, inputs: CheckInputs): Promise<Verdict> {
  const { clusters } = inputs.mesh;
  const begun = performance.now();
  for (;;) {
    const world = verifyWorld(context, inputs);
    const verdicts = await Promise.all(clusters.map((cluster) => endpointSet(world, cluster)));
    const gone = (performance.now() - begun) / 1000;
    const wrong = verdicts.flatMap(({ kind, evidence }, index) =>
      kind !== "problem" ? [] : evidence.map((line) => `from ${clusters[index]!.name}: ${line}`),
    );
    if (wrong.length === 0) {
      const seen = verdicts.map(
        ({ evidence }, index) => `from ${clusters[index]!.name}: ${evidence.join(", ")}`,
      );
      return pass(...seen, `seen within ${gone.toFixed(0)} s`);
    }
    if (gone > spreadSeconds) return problem([`${Math.round(gone)} s after the pods were ready:`, ...wrong]);
    if (context.signal.aborted) throw new Interrupted();
    await pause(context.signal);
  }
}

const scaleArguments = (namespace: string, name: string, replicas: number) => [
  ...["-n", namespace],
  ...["scale", "deployment", name, `--replicas=${replicas}`],
];

const scale = (kubectl: Kubectl, namespace: string, name: string, replicas: number, cleanUp = false) =>
  kubectl.run(scaleArguments(namespace, name, replicas), { cleanUp });

/** Scales all back, even if one fails. @returns a line for each that is still scaled */
async function restore(deployments: readonly Scaled[], { namespace }: Sample): Promise<string[]> {
  const all = await Promise.all(
    deployments.map(({ cluster, kubectl, name, replicas }) =>
      scale(kubectl, namespace, name, replicas, true).then(
        () => [],
        (error) => [`${name} of ${cluster.name} was not scaled back to ${replicas}: ${shortMessage(error)}`],
      ),
    ),
  );
  return all.flat();
}
