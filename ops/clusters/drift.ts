import type { KubernetesObject } from "../exec/kubernetes-object";
import { quantity } from "./quantity";

/**
 * Drift between a rendered object and the live one. The API server adds defaults and istiod completes webhooks, so only
 * rendered fields are compared.
 */

/** Fields that may differ from the rendered ones: by kind, as a pattern over the path. */
const completedLater: readonly { readonly kind: RegExp; readonly path: RegExp; readonly why: string }[] = [
  {
    kind: /./,
    path: /^metadata\.labels\.(install\.operator\.istio\.io\/owning-resource|istio\.io\/rev)$/,
    why: "istioctl install sets the name of the IstioOperator; istioctl manifest generate cannot",
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

/** Paths at which the live object differs from the rendered one. */
export function differences(rendered: KubernetesObject, live: KubernetesObject | undefined): string[] {
  if (live === undefined) return ["(missing)"];
  return differingPaths(rendered, live).map(named);
}

/** Where `kubectl apply` stores its input. */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The object of the last `kubectl apply`; undefined if there was none. */
export function lastApplied({ metadata }: KubernetesObject): KubernetesObject | undefined {
  const text = metadata.annotations?.[lastAppliedAnnotation];
  return text === undefined ? undefined : JSON.parse(text);
}

/**
 * The live object reduced to the fields of the rendered one, for a diff: without what the API server and others have
 * added, but with fields that were applied earlier and are no longer rendered.
 */
export function liveAs(
  rendered: KubernetesObject,
  live: KubernetesObject,
  applied: KubernetesObject | undefined,
): KubernetesObject {
  const reduced = structuredClone(rendered);
  const stale = applied ? pathsOnlyIn(applied, rendered) : [];
  for (const path of [...differingPaths(rendered, live), ...stale]) copyAt(path, live, reduced);
  return reduced;
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
 * The API server completes entries in the lists of Kubernetes' own kinds, but not of Istio's. kubectl replaces the
 * latter as a whole, so an added entry is drift, which apply reverts.
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
 * Whether `istioctl install` itself applied the object: it adds a label that it does not render.
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

/** The API server drops empty values. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
  return typeof value === "object" && Object.values(value).every(isNothing);
}

/** The API server writes 2000m as 2 and 1024Mi as 1Gi. */
function isSameQuantity(one: unknown, other: unknown): boolean {
  const amount = quantity(String(one));
  return amount !== undefined && amount === quantity(String(other));
}
