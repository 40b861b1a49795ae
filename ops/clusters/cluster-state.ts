import { istioctlFieldManager } from "../exec/istioctl";
import { type Kubectl, noValidation } from "../exec/kubectl";
import { type KubernetesObject, objectId } from "../exec/kubernetes-object";
import { differences, lastApplied } from "./drift";

/**
 * What a cluster held when the run began, read in one request for everything that the run is about, and what the run
 * has applied since. It lets a run that finds nothing to do find so without asking step by step.
 */
export interface ClusterState {
  /** The object as it was at the beginning; undefined when it was not there, or has been applied since. */
  untouched(id: string): KubernetesObject | undefined;
  /** Those that are being deleted, for whoever holds them still. They count as missing. */
  leaving(objects: readonly KubernetesObject[]): KubernetesObject[];
  /** Those that the cluster does not hold as they are given here. */
  missing(objects: readonly KubernetesObject[]): KubernetesObject[];
  /** Those that `kubectl apply` would change, or would not call its own. */
  notApplied(objects: readonly KubernetesObject[]): KubernetesObject[];
  /** The cluster holds these from now on. */
  applied(objects: readonly KubernetesObject[]): void;
}

/** @param files manifests of all objects that matter */
export async function readClusterState(
  kubectl: Kubectl,
  files: readonly string[],
  signal: AbortSignal,
): Promise<ClusterState> {
  const live = await kubectl.getFiles(files, { signal });
  const isLeaving = ({ kind, metadata }: KubernetesObject) =>
    // A namespace tells more than that it goes, and is waited for with its contents.
    metadata.deletionTimestamp !== undefined && kind !== "Namespace";
  const leaving = new Set(live.filter(isLeaving).map(objectId));
  const atStart = new Map(
    live.filter((object) => !isLeaving(object)).map((object) => [objectId(object), object]),
  );
  const since = new Map<string, KubernetesObject>();
  const untouched = (id: string) => (since.has(id) ? undefined : atStart.get(id));
  const current = (object: KubernetesObject) => since.get(objectId(object)) ?? atStart.get(objectId(object));
  return {
    untouched,
    leaving: (objects) =>
      objects.filter((object) => leaving.has(objectId(object)) && !since.has(objectId(object))),
    missing: (objects) => objects.filter((object) => differences(object, current(object)).length > 0),
    notApplied: (objects) =>
      objects.filter(
        (object) =>
          differences(object, current(object)).length > 0 || !isApplied(object, untouched(objectId(object))),
      ),
    applied(objects) {
      for (const object of objects) since.set(objectId(object), object);
    },
  };
}

/** Whether the object is what `kubectl apply` was given the last time. */
function isApplied(object: KubernetesObject, live: KubernetesObject | undefined): boolean {
  const applied = live && lastApplied(live);
  return applied !== undefined && canonical(applied) === canonical(object);
}

/** Independent of the order of keys; kubectl adds empty annotations to what it is given. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).filter(([key, one]) => !(key === "annotations" && isEmpty(one)));
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** How `istioctl install` would apply. */
export const applyAsIstioctl = [
  "apply",
  "--server-side",
  `--field-manager=${istioctlFieldManager}`,
  "--force-conflicts",
  noValidation,
] as const;
