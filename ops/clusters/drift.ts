import type { KubernetesObject } from "../exec/kubernetes-object";
import { quantity } from "./quantity";

/**
 * Whether a cluster holds what istioctl would apply. The API server adds defaults and istiod completes webhooks, so an
 * object matches when everything that was rendered is there, not when both are equal.
 */

/** What the cluster may hold otherwise than rendered: by kind, as a pattern over the path. */
const completedLater: readonly { readonly kind: RegExp; readonly path: RegExp; readonly why: string }[] = [
  {
    kind: /./,
    path: /^metadata\.labels\.(install\.operator\.istio\.io\/owning-resource|istio\.io\/rev)$/,
    why: "istioctl install names the IstioOperator here; istioctl manifest generate cannot",
  },
  {
    kind: /^ValidatingWebhookConfiguration$/,
    path: /^webhooks\.\d+\.(failurePolicy|clientConfig\.caBundle)$/,
    why: "istiod sets both once it serves",
  },
  {
    kind: /^MutatingWebhookConfiguration$/,
    path: /^webhooks\.\d+\.((namespaceSelector|objectSelector)(\.|$)|clientConfig\.caBundle)/,
    why: "istioctl install hands selection over to the tag `default`; istiod sets the bundle",
  },
];

/** Paths at which the live object is not as rendered; empty when it is. */
export function differences(rendered: KubernetesObject, live: KubernetesObject | undefined): string[] {
  if (live === undefined) return ["(missing)"];
  return differingPaths(rendered, live).map(named);
}

/** Where `kubectl apply` keeps what it was given. */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The last object that `kubectl apply` was given for this one; undefined where it was never applied so. */
export function lastApplied({ metadata }: KubernetesObject): KubernetesObject | undefined {
  const text = metadata.annotations?.[lastAppliedAnnotation];
  return text === undefined ? undefined : JSON.parse(text);
}

/**
 * The live object told as the rendered one is: equal to it where it matches, without what the API server and others
 * have added. What was applied earlier and is not wanted any more is told as well.
 */
export function liveAs(
  rendered: KubernetesObject,
  live: KubernetesObject,
  applied: KubernetesObject | undefined,
): KubernetesObject {
  const told = structuredClone(rendered);
  const stale = applied ? pathsOnlyIn(applied, rendered) : [];
  for (const path of [...differingPaths(rendered, live), ...stale]) copyAt(path, live, told);
  return told;
}

type Path = readonly (string | number)[];
const named = (path: Path) => path.join(".");

function differingPaths(rendered: KubernetesObject, live: KubernetesObject): Path[] {
  const later = completedLater.filter(({ kind }) => kind.test(rendered.kind));
  return compare(rendered, live, [], listsOf(rendered)).filter(
    (path) => !later.some((one) => one.path.test(named(path))),
  );
}

/**
 * The API server fills in what Kubernetes' own lists leave out, and nothing in those of Istio's resources. kubectl
 * replaces the latter as a whole, so that whatever somebody has added there is a difference, and apply undoes it.
 */
type Lists = "completed" | "whole";
const listsOf = ({ apiVersion }: KubernetesObject): Lists =>
  /^[a-z]+\.istio\.io\//.test(apiVersion) ? "whole" : "completed";

function pathsOnlyIn(one: unknown, other: unknown, path: Path = []): Path[] {
  const isMap = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMap(one) || !isMap(other)) return [];
  return Object.entries(one as object).flatMap(([key, value]) => {
    const counterpart = (other as Record<string, unknown>)[key];
    if (counterpart !== undefined) return pathsOnlyIn(value, counterpart, [...path, key]);
    return isNothing(value) ? [] : [[...path, key]];
  });
}

type Tree = { [part: string | number]: unknown };

function copyAt([first, ...rest]: Path, from: Tree | undefined, to: Tree): void {
  const source = from?.[first!];
  if (rest.length > 0 && to[first!] !== undefined) copyAt(rest, source as Tree, to[first!] as Tree);
  else if (source === undefined) delete to[first!];
  else to[first!] = source;
}

/**
 * Whether `istioctl install` itself applied the object: it leaves a label that it does not render, so that an object
 * applied ahead of it has none yet.
 */
export function isOwnedByIstioctl(live: KubernetesObject | undefined): boolean {
  return live?.metadata.labels?.["operator.istio.io/managed"] !== undefined;
}

function compare(wanted: unknown, found: unknown, path: Path, lists: Lists): Path[] {
  if (wanted === found) return [];
  if (found === undefined || found === null) return isNothing(wanted) ? [] : [path];
  if (Array.isArray(wanted) && Array.isArray(found)) {
    if (wanted.length === 0) return [];
    if (wanted.length !== found.length) return [path];
    return wanted.flatMap((item, index) => {
      const at = [...path, index];
      const added = lists === "whole" ? pathsOnlyIn(found[index], item, at) : [];
      return [...compare(item, found[index], at, lists), ...added];
    });
  }
  if (typeof wanted === "object" && typeof found === "object") {
    return Object.entries(wanted ?? {}).flatMap(([key, value]) =>
      compare(value, (found as Record<string, unknown>)[key], [...path, key], lists),
    );
  }
  return wanted === undefined || isSameQuantity(wanted, found) ? [] : [path];
}

/** The API server drops empty values on the way in. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
  return typeof value === "object" && Object.values(value).every(isNothing);
}

/** The API server writes 2000m as 2 and 1024Mi as 1Gi. */
function isSameQuantity(one: unknown, other: unknown): boolean {
  const amount = quantity(String(one));
  return amount !== undefined && amount === quantity(String(other));
}
