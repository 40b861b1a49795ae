import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeBundle } from "../../k8s/write-bundle";
import type { Mesh } from "../../mesh/mesh";
import { type IstiodFacts, readIstiod } from "../clusters/istiod-facts";
import { askThroughPod, podToTry } from "../diagnosis/kubelet-connection";
import { Interrupted, shortMessage } from "../exec/errors";
import { kubectlFor } from "../exec/kubectl";
import { withParallelLimit, withRequestTimeout } from "../exec/limits";
import type { Context } from "../run/context";
import {
  type Certificate,
  type ClusterFacts,
  type Gateway,
  type Replicas,
  readCluster,
} from "./cluster-facts";
import {
  type Answer,
  daysLeft,
  differencesOf,
  leavingOf,
  problemsOf,
  type Remark,
  type Survey,
} from "./status-remarks";

/** How a mesh is, on one screen. */
export interface MeshStatus {
  readonly mesh: string;
  /** Version that mesh.yaml asks for. */
  readonly istio: string;
  /** False: the primary answers, and there is no mesh on it. */
  readonly installed: boolean;
  readonly clusters: readonly ClusterStatus[];
  /** What is not well. */
  readonly problems: readonly Remark[];
  /** What the clusters hold otherwise than mesh.yaml says. */
  readonly differences: readonly Remark[];
  /** There is a mesh, no problem and no difference. */
  readonly ok: boolean;
}

/** What is undefined could not be read: a remark says why. */
export interface ClusterStatus {
  readonly name: string;
  readonly role: "primary" | "remote";
  readonly context: string;
  readonly reachable: boolean;
  readonly kubernetes: string | undefined;
  /** One, unless an upgrade is under way. */
  readonly istio: readonly string[];
  readonly istiod: Replicas | undefined;
  /** What the primary's istiod is at with this cluster: `synced`. */
  readonly synced: string | undefined;
  readonly gateways: readonly Gateway[];
  readonly proxies: { readonly connected: number; readonly inSync: number } | undefined;
  /** Whole days until the first certificate of its CA ends. */
  readonly certificateDaysLeft: number | undefined;
  /** Of its CA, the root first. Undefined: there is no Secret `cacerts`, or it could not be read. */
  readonly certificates: readonly Certificate[] | undefined;
}

export interface StatusInputs {
  readonly mesh: Mesh;
  /** PEM text of the root certificate of the mesh's CA; undefined: the CA is not at hand, and not compared. */
  readonly rootCertificate: string | undefined;
}

/** Asks every cluster, side by side. Nothing is changed, and a cluster that does not answer is a remark. */
export async function status(context: Context, { mesh, rootCertificate }: StatusInputs): Promise<MeshStatus> {
  const survey = await take(
    { ...context, programs: withRequestTimeout(withParallelLimit(context.programs)) },
    mesh,
  );
  const { primary } = survey;
  const installed = !primary || primary.inventory !== undefined || primary.istiod !== undefined;
  const problems = installed ? problemsOf(survey) : leavingOf(survey);
  const differences = installed ? differencesOf(survey, rootCertificate) : [];
  return {
    mesh: mesh.name,
    istio: mesh.istio.version,
    installed,
    clusters: mesh.clusters.map(({ name, role, context: contextName }) => {
      const facts = survey.clusters.get(name)?.value;
      const proxies = survey.istiod.value?.proxies.filter(({ cluster }) => cluster === name);
      return {
        name,
        role,
        context: contextName,
        reachable: facts !== undefined,
        kubernetes: facts?.kubernetes,
        istio: facts?.istio ?? [],
        istiod: facts?.istiod,
        synced: survey.istiod.value?.clusters[name],
        gateways: facts?.gateways ?? [],
        proxies: proxies && {
          connected: proxies.length,
          inSync: proxies.filter(({ stale }) => stale.length === 0).length,
        },
        certificateDaysLeft: facts?.certificates && daysLeft(facts.certificates, survey.now),
        certificates: facts?.certificates?.list,
      };
    }),
    problems,
    differences,
    ok: installed && problems.length + differences.length === 0,
  };
}

/** Everything that the clusters say, asked at once. */
async function take(context: Context, mesh: Mesh): Promise<Survey> {
  mkdirSync(context.workFolder, { recursive: true, mode: 0o700 });
  const dist = mkdtempSync(join(context.workFolder, "status-"));
  try {
    const asked = mesh.clusters.map((cluster) => {
      // Without a CA: its keys have no business here.
      writeBundle(mesh, cluster, { ca: undefined, addresses: {} }, join(dist, cluster.name));
      return settled(readCluster(context, mesh, cluster, dist));
    });
    const primarysAnswer = asked[mesh.clusters.indexOf(mesh.primary)]!;
    const [istiod, ...answers] = await Promise.all([
      mesh.istio.line.istiodTellsJson
        ? askIstiodOf(primarysAnswer, context, mesh)
        : { value: undefined, error: undefined },
      ...asked,
    ]);
    const clusters = new Map(mesh.clusters.map(({ name }, index) => [name, answers[index]!]));
    const primary = clusters.get(mesh.primary.name)!.value;
    return { mesh, clusters, primary, istiod, now: context.now() };
  } finally {
    rmSync(dist, { recursive: true, force: true });
  }
}

/** Where an API server refuses every request istioctl tries again until it is ended: then its primary's answer will do. */
function askIstiodOf(
  primary: Promise<Answer<ClusterFacts>>,
  context: Context,
  mesh: Mesh,
): Promise<Answer<IstiodFacts>> {
  const refused = new AbortController();
  const signal = AbortSignal.any([context.signal, refused.signal]);
  const told = settled(askIstiod({ ...context, signal }, mesh));
  const unlessRefused = primary.then(({ error }) => {
    if (error === undefined) return told;
    told.catch(() => {});
    refused.abort();
    return { value: undefined, error };
  });
  return Promise.race([told, unlessRefused]);
}

function askIstiod(context: Context, mesh: Mesh): Promise<IstiodFacts> {
  const { primary } = mesh;
  const kubectl = kubectlFor(context.programs, primary.context);
  return askThroughPod(kubectl, podToTry(mesh), context.signal, (signal) =>
    readIstiod({ ...context, signal }, primary),
  );
}

async function settled<T>(question: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await question, error: undefined };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return { value: undefined, error: shortMessage(error) };
  }
}
