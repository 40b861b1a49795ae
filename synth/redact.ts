import { dump } from "js-yaml";
import type { KubernetesObject, Resource } from "./resources";

/** What a key looks like, in the clear and in base64. */
const keyMarks = /PRIVATE KEY|LS0tLS1CRUdJTi/;

/**
 * The two texts of a resource as they may be shown. Of a Secret the names of its values are, with a word that tells
 * whether they differ, as `kubectl diff` does it. What is not one plain object of a kind (a list, a file that
 * somebody broke by hand), and what holds a key where none belongs, is not shown at all.
 */
export function hideSecrets(before: Resource | undefined, after: Resource | undefined): [string, string] {
  const objects = [before?.object, after?.object];
  if (objects.some((object) => object?.kind?.toLowerCase() === "secret")) {
    return [hide(before?.object, after?.object, "before"), hide(after?.object, before?.object, "after")];
  }
  return [shown(before), shown(after)];
}

function shown(resource: Resource | undefined): string {
  if (!resource) return "";
  const { kind, object, text } = resource;
  const isPlain = kind !== "cluster" || (object?.kind !== undefined && !/list$/i.test(object.kind));
  return isPlain && !keyMarks.test(text) ? text : "(not shown: no plain resource, or it holds a key)\n";
}

function hide(
  object: KubernetesObject | undefined,
  other: KubernetesObject | undefined,
  side: string,
): string {
  if (!object) return "";
  const masked = Object.fromEntries(
    (["data", "stringData"] as const)
      .filter((field) => object[field])
      .map((field) => [
        field,
        Object.fromEntries(
          Object.entries(object[field] ?? {}).map(([key, value]) => [
            key,
            other?.[field]?.[key] === value ? "(hidden)" : `(hidden, ${side})`,
          ]),
        ),
      ]),
  );
  const { apiVersion, kind, metadata } = object;
  // Annotations may hold all of it once more: kubectl's last-applied-configuration does.
  return dump(
    { apiVersion, kind, metadata: { name: metadata?.name, namespace: metadata?.namespace }, ...masked },
    { skipInvalid: true },
  );
}
