import type { Cluster, Mesh, Sample } from "../../mesh/mesh";
import { type Kubectl, kubectlFor, pause } from "../../ops/programs/kubectl";
import { isRolledOut } from "../../ops/programs/kubernetes-object";
import { limited } from "../../ops/programs/limited";
import { Interrupted } from "../../ops/programs/programs";
import type { Context } from "../../ops/runs/context";
import type { CheckInputs } from "../basics/world";
import { type CheckFacts, faulty, sound, type Verdict } from "../check";
import type { CheckResult } from "../report";
import { judged } from "../run-checks";
import { endpointSet } from "./endpoint-set";
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
  why: "Pods come and go. A mesh whose clients do not hear of it sends requests to pods that are gone, and none to new ones.",
  fix: "see whether istiod has read the cluster in which the pods are (`mesh verify --only control-plane`)",
} as const;

/** The pods that scaling gives each version. */
const more = 2;

const steps: readonly ScaleStep[] = [
  {
    facts: {
      ...common,
      id: "scale.primary",
      title: "pods that the primary gets are seen from every cluster",
      needs: ["endpoints.set"],
    },
    concerns: ({ cluster }) => cluster.role === "primary",
    pods: more,
  },
  {
    facts: {
      ...common,
      id: "scale.remotes",
      title: "pods that the remotes get are seen from every cluster",
      needs: ["scale.primary"],
    },
    concerns: ({ cluster }) => cluster.role === "remote",
    pods: more,
  },
  {
    facts: {
      ...common,
      id: "scale.back",
      title: "pods that are gone are seen no more",
      needs: ["endpoints.set"],
    },
    concerns: () => true,
    pods: undefined,
  },
];

/** What `--scale` adds to the checks. */
export const scaleChecks: readonly CheckFacts[] = steps.map(({ facts }) => facts);

/** Seconds for pods to start, and for every proxy to hear of it. */
const rolloutSeconds = 180;
const spreadSeconds = 60;

/**
 * The walk-through's scaling: the primary's version gets a second pod, then the remotes', and after each every client
 * must see it. In the end every Deployment has as many pods as before, whatever happens, Ctrl-C included.
 */
export async function verifyScaling(context: Context, inputs: CheckInputs): Promise<readonly CheckResult[]> {
  const { mesh } = inputs;
  const { sample } = mesh;
  if (!sample) return [];
  const deployments = await readDeployments(context, mesh, sample);
  const results: CheckResult[] = [];
  const look = async (step: ScaleStep) => {
    context.reporter.say(`${step.facts.id}: ${step.facts.title} ...`);
    const started = performance.now();
    const verdict = await scaleAndLook(context, inputs, deployments, step);
    results.push(judged(step.facts, verdict, undefined, (performance.now() - started) / 1000));
    return verdict.kind === "sound";
  };
  const [primary, remotes, back] = steps;
  try {
    if (await look(primary!)) await look(remotes!);
  } finally {
    await restore(deployments, sample);
  }
  await look(back!);
  return results;
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
  const mine = deployments.filter(concerns);
  const deadline = limited(context.signal, rolloutSeconds);
  try {
    await Promise.all(
      mine.map(async ({ kubectl, name, replicas }) => {
        if (pods !== undefined) await scale(kubectl, namespace, name, Math.max(pods, replicas));
        const wanted = pods === undefined ? replicas : Math.max(pods, replicas);
        const ready = (object: Parameters<typeof isRolledOut>[0]) =>
          object.spec.replicas === wanted && isRolledOut(object);
        await kubectl.until({ resource: "deployments", namespace, name, ready }, deadline.signal);
      }),
    );
  } catch (error) {
    if (context.signal.aborted || !deadline.signal.aborted) throw error;
    return faulty(`the pods did not run within ${rolloutSeconds} s`);
  } finally {
    deadline.release();
  }
  return untilSeen(context, inputs);
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
      kind === "sound" ? [] : evidence.map((line) => `from ${clusters[index]!.name}: ${line}`),
    );
    if (wrong.length === 0) {
      const seen = verdicts.map(
        ({ evidence }, index) => `from ${clusters[index]!.name}: ${evidence.join(", ")}`,
      );
      return sound(...seen, `seen within ${gone.toFixed(0)} s`);
    }
    if (gone > spreadSeconds) return faulty([`${Math.round(gone)} s after the pods ran:`, ...wrong]);
    if (context.signal.aborted) throw new Interrupted();
    await pause(context.signal);
  }
}

const scale = (kubectl: Kubectl, namespace: string, name: string, replicas: number, cleanUp = false) =>
  kubectl.run(["-n", namespace, "scale", "deployment", name, `--replicas=${replicas}`], { cleanUp });

async function restore(deployments: readonly Scaled[], { namespace }: Sample): Promise<void> {
  const all = await Promise.allSettled(
    deployments.map(({ kubectl, name, replicas }) => scale(kubectl, namespace, name, replicas, true)),
  );
  const failed = all.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}
