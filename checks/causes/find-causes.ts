import type { Cluster } from "../../mesh/mesh";
import { shortMessage } from "../../ops/exec/errors";
import { type KubernetesObject, objectTitle } from "../../ops/exec/kubernetes-object";
import { sampleHost } from "../../ops/traffic/requests";
import type { Verdict } from "../check";
import { kubectlIn } from "../suggested-commands";
import { isLive, podsOf } from "../verify/readiness";
import type { VerifyWorld } from "../verify/world";
import type { Cause, Effect, Scene, Suspects, Symptom } from "./cause";
import { istioSuspects } from "./istio-kinds";
import { kubernetesSuspects } from "./kubernetes-kinds";
import { managerOf } from "./manager";
import { meshConfigSuspects } from "./mesh-config";

const suspects: Suspects = { ...istioSuspects, ...meshConfigSuspects, ...kubernetesSuspects };

/**
 * Has a check look for the cause of what it finds wrong among everything in the clusters that can cause it. Nothing is
 * asked while all is well, and what has no part in a symptom is never named.
 */
export const explained =
  <Where extends readonly Cluster[]>(
    symptom: Symptom,
    look: (world: VerifyWorld, ...where: Where) => Promise<Verdict>,
  ) =>
  async (world: VerifyWorld, ...where: Where): Promise<Verdict> => {
    const verdict = await look(world, ...where);
    return verdict.kind === "problem" ? withCauses(world, symptom, verdict) : verdict;
  };

async function withCauses(world: VerifyWorld, symptom: Symptom, verdict: Verdict): Promise<Verdict> {
  const { causes, failures } = await findCauses(world, symptom, verdict.evidence);
  const evidence = [...verdict.evidence, ...causes.map(sentenceOf), ...failures];
  if (causes.length === 0) return { ...verdict, evidence };
  const isCertain = causes.some(({ effect }) => effect.isCertain);
  const isOne = isCertain || causes.length === 1;
  return {
    ...verdict,
    evidence,
    fix: isOne ? fixOf(causes) : "inspect these objects; save and delete, or change, one at a time",
    commands: [...new Set(causes.flatMap((cause) => (isOne ? changesOf(cause, world) : [show(cause)])))],
  };
}

/** The certain ones, or where there are none those that are possible. */
async function findCauses(
  world: VerifyWorld,
  symptom: Symptom,
  evidence: readonly string[],
): Promise<{ readonly causes: readonly Cause[]; readonly failures: readonly string[] }> {
  const scene = await readScene(world);
  const answers = await Promise.allSettled(
    world.mesh.clusters.flatMap((cluster) =>
      sources(world, cluster).map(async (objects) =>
        (await objects).flatMap((object) => causesIn(cluster, object, scene, symptom, evidence)),
      ),
    ),
  );
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const failures = answers.flatMap((answer) =>
    answer.status === "rejected" ? `the search for causes failed: ${shortMessage(answer.reason)}` : [],
  );
  const certain = found.filter(({ effect }) => effect.isCertain);
  return { causes: certain.length > 0 ? certain : found, failures: [...new Set(failures)] };
}

/** Where suspects stand. istiod reads Istio's configuration from the primary alone. */
function sources({ mesh, probes, meshProbes }: VerifyWorld, cluster: Cluster) {
  const { istioSystem, sample, networkPolicies, istioConfig, meshConfig } = meshProbes(cluster);
  return [
    probes(cluster).namespaces(),
    istioSystem(),
    networkPolicies(),
    ...(mesh.sample ? [sample()] : []),
    ...(cluster === mesh.primary
      ? [istioConfig(), meshConfig().then((found) => (found ? [found] : []))]
      : []),
  ];
}

/** Everything that this object can do to the mesh. */
export function effectsOf(object: KubernetesObject, scene: Scene): readonly Effect[] {
  const group = object.apiVersion?.includes("/") ? object.apiVersion.split("/")[0] : "";
  return suspects[`${object.kind}.${group}`]?.(object, scene) ?? [];
}

function causesIn(
  cluster: Cluster,
  object: KubernetesObject,
  scene: Scene,
  symptom: Symptom,
  evidence: readonly string[],
): Cause[] {
  const [effect] = effectsOf(object, scene).filter(
    (one) => one.symptom === symptom && (!one.of || evidence.some((line) => one.of!.test(line))),
  );
  return effect ? [{ cluster, object, effect }] : [];
}

async function readScene({ mesh, probes, meshProbes }: VerifyWorld): Promise<Scene> {
  const { sample, clusters, istio } = mesh;
  const perCluster = await Promise.all(
    clusters.map(async (cluster) => ({
      name: cluster.name,
      namespaces: await probes(cluster).namespaces(),
      ofSample: sample ? await meshProbes(cluster).sample() : [],
      ofIstio: await meshProbes(cluster).istioSystem(),
    })),
  );
  const ofSample = perCluster.flatMap((one) => one.ofSample);
  const ofIstio = perCluster.flatMap((one) => one.ofIstio);
  const live = (objects: readonly KubernetesObject[], labels: Readonly<Record<string, string>>) =>
    podsOf(objects, labels).filter(isLive);
  return {
    mesh,
    host: sample && sampleHost(sample),
    namespaces: Object.fromEntries(perCluster.map(({ name, namespaces }) => [name, namespaces])),
    pods: {
      server: live(ofSample, { app: "helloworld" }),
      client: live(ofSample, { app: istio.line.sample.client.name }),
      gateway: live(ofIstio, { istio: istio.line.gateway.selector }),
    },
  };
}

function sentenceOf({ cluster, object, effect }: Cause): string {
  const manager = managerOf(object);
  const whose = manager ? `, managed by ${manager}` : "";
  return `${effect.isCertain ? "cause" : "possible cause"}: ${objectTitle(object)} of ${cluster.name}${whose}: it ${effect.does}`;
}

function fixOf(causes: readonly Cause[]): string {
  const managers = [...new Set(causes.flatMap(({ object }) => managerOf(object) ?? []))].filter(
    (one) => one !== "mesh",
  );
  const titles = [...new Set(causes.map(({ object }) => objectTitle(object)))].join(", ");
  return managers.length > 0
    ? `change ${titles} where it is managed (${managers.join(", ")}), otherwise it is restored; until then`
    : `save and delete the cause: ${titles}`;
}

const place = ({ object: { metadata } }: Cause) => (metadata.namespace ? ["-n", metadata.namespace] : []);
const resourceOf = ({ object: { kind, apiVersion } }: Cause) =>
  apiVersion.includes("/") ? `${kind.toLowerCase()}.${apiVersion.split("/")[0]}` : kind.toLowerCase();

const show = (cause: Cause) => {
  const name = [resourceOf(cause), cause.object.metadata.name];
  return kubectlIn(cause.cluster, ...place(cause), "get", ...name, "-o", "yaml");
};

function changesOf(cause: Cause, { byApply }: VerifyWorld): readonly string[] {
  const { cluster, object, effect } = cause;
  if (effect.change === "apply") return byApply.commands;
  if (effect.change) return effect.change(cluster);
  const { name } = object.metadata;
  return [
    `${show(cause)} >${object.kind.toLowerCase()}-${name}.yaml`,
    kubectlIn(cluster, ...place(cause), "delete", resourceOf(cause), name),
  ];
}
