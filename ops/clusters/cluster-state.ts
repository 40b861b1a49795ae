import { istioctlFieldManager } from "../exec/istioctl";
import { type Kubectl, noValidation } from "../exec/kubectl";
import { isSameObject, type KubernetesObject, objectId } from "../exec/kubernetes-object";
import { differences, lastApplied } from "./drift";

/**
 * The state of a cluster at the start of a run, read in one request, and what the run has applied since. A run with
 * nothing to do needs no further requests.
 */
export interface ClusterState {
  /** The object at the start; undefined if it did not exist, or has been applied since. */
  initial(id: string): KubernetesObject | undefined;
  /** Those that are being deleted. They count as missing. */
  terminating(objects: readonly KubernetesObject[]): KubernetesObject[];
  /** Those that the cluster does not have, or has with other values. */
  missing(objects: readonly KubernetesObject[]): KubernetesObject[];
  /** Those that `kubectl apply` would change, or did not create. */
  notApplied(objects: readonly KubernetesObject[]): KubernetesObject[];
  /** The run has applied these. */
  applied(objects: readonly KubernetesObject[]): void;
}

/** @param objects all relevant ones */
export async function readClusterState(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<ClusterState> {
  const live = (await kubectl.getObjects(objects, { signal })).map((object) =>
    inNamespaceOf(
      objects.find((wanted) => isSameObject(wanted, object)),
      object,
    ),
  );
  const isTerminating = ({ kind, metadata }: KubernetesObject) =>
    // A namespace has a phase, and steps wait for it and its contents.
    metadata.deletionTimestamp !== undefined && kind !== "Namespace";
  const terminating = new Set(live.filter(isTerminating).map(objectId));
  const atStart = new Map(
    live.filter((object) => !isTerminating(object)).map((object) => [objectId(object), object]),
  );
  const since = new Map<string, KubernetesObject>();
  const initial = (id: string) => (since.has(id) ? undefined : atStart.get(id));
  const current = (object: KubernetesObject) => since.get(objectId(object)) ?? atStart.get(objectId(object));
  return {
    initial,
    terminating: (objects) =>
      objects.filter((object) => terminating.has(objectId(object)) && !since.has(objectId(object))),
    missing: (objects) => objects.filter((object) => differences(object, current(object)).length > 0),
    notApplied: (objects) =>
      objects.filter(
        (object) =>
          differences(object, current(object)).length > 0 || !isApplied(object, initial(objectId(object))),
      ),
    applied(objects) {
      for (const object of objects) since.set(objectId(object), object);
    },
  };
}

/** A live object with the namespace that its manifest has, by which it is looked up. */
function inNamespaceOf(wanted: KubernetesObject | undefined, live: KubernetesObject): KubernetesObject {
  if (!wanted || wanted.metadata.namespace === live.metadata.namespace) return live;
  return { ...live, metadata: { ...live.metadata, namespace: wanted.metadata.namespace } };
}

/** Whether the last `kubectl apply` had this object. */
function isApplied(object: KubernetesObject, live: KubernetesObject | undefined): boolean {
  const applied = live && lastApplied(live);
  return applied !== undefined && canonical(applied) === canonical(object);
}

/** Independent of the order of keys. kubectl adds empty annotations. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).filter(([key, one]) => !(key === "annotations" && isEmpty(one)));
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** As `istioctl install` applies. */
export const applyAsIstioctl = [
  "apply",
  "--server-side",
  `--field-manager=${istioctlFieldManager}`,
  "--force-conflicts",
  noValidation,
] as const;
