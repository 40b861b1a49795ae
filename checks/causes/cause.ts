import type { Cluster, Mesh } from "../../mesh/mesh";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";

/**
 * What a check finds wrong with the mesh.
 * - `gateway`: connections to an east-west gateway fail
 * - `istiod`: a remote does not get through to istiod
 * - `sidecars`: a pod has no proxy, or one that does not see all of its traffic
 * - `endpoints`: a client has other endpoints of the sample than it should have, or unhealthy ones
 * - `requests`: requests to the sample fail
 * - `shares`: requests are not distributed as they should be
 */
export type Symptom = "gateway" | "istiod" | "sidecars" | "endpoints" | "requests" | "shares";

/** How an object can cause a symptom. */
export interface Effect {
  readonly symptom: Symptom;
  /** What the object does, as the end of a sentence about it. */
  readonly does: string;
  /** It is a cause only of what matches, for example Envoy's words. @default - of everything */
  readonly of?: RegExp;
  /** It has this effect whatever else there is; otherwise it only can have it. */
  readonly isCertain: boolean;
  /** What changes the object; `apply`: the tool writes it again. @default - it is saved, and deleted */
  readonly change?: "apply" | ((where: Cluster) => readonly string[]);
}

/** What effects are judged by. */
export interface Scene {
  readonly mesh: Mesh;
  /** Host name of the sample's Service; undefined: there is no sample. */
  readonly host: string | undefined;
  /** Of every cluster, by its name. */
  readonly namespaces: Readonly<Record<string, readonly KubernetesObject[]>>;
  /** Running pods of all clusters. */
  readonly pods: {
    readonly server: readonly KubernetesObject[];
    readonly client: readonly KubernetesObject[];
    readonly gateway: readonly KubernetesObject[];
  };
}

/** What an object of a kind can do. */
export type EffectsOf = (object: KubernetesObject, scene: Scene) => readonly Effect[];

/** By kind and API group, `Gateway.networking.istio.io`. */
export type Suspects = Readonly<Record<string, EffectsOf>>;

/** An object that causes a symptom, or can. */
export interface Cause {
  readonly cluster: Cluster;
  readonly object: KubernetesObject;
  readonly effect: Effect;
}

type Symptoms = Symptom | readonly Symptom[];
type Limits = Pick<Effect, "of" | "change">;

/** The same effect for each symptom. */
export const certain = (symptoms: Symptoms, does: string, limits: Limits = {}): Effect[] =>
  [symptoms].flat().map((symptom) => ({ symptom, does, isCertain: true, ...limits }));

export const possible = (symptoms: Symptoms, does: string, limits: Limits = {}): Effect[] =>
  certain(symptoms, does, limits).map((effect) => ({ ...effect, isCertain: false }));
