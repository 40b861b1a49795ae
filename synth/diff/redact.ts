import { dump } from "js-yaml";
import { documentsOf, type KubernetesObject, type Resource } from "./resources";

/** Start of a PEM key, and of any PEM in base64. */
const keyMarks = /PRIVATE KEY|LS0tLS1CRUdJTi/;

/**
 * The texts of a resource without secrets. A Secret shows the names of its values and whether they differ, like
 * `kubectl diff`. Anything but a single Kubernetes object (a list, a broken file), and anything else with a key in it, is
 * not shown.
 */
export function hideSecrets(before: Resource | undefined, after: Resource | undefined): [string, string] {
  const objects = [before?.object, after?.object];
  if (objects.some((object) => object?.kind?.toLowerCase() === "secret")) {
    return [hide(before?.object, after?.object, "before"), hide(after?.object, before?.object, "after")];
  }
  return [shown(before), shown(after)];
}

/** The text of a file of manifests, with hidden values of Secrets. */
export function redacted(text: string): string {
  return documentsOf(text)
    .map((document) => {
      const resource: Resource = { kind: "cluster", scope: "", resource: "", ...document };
      return hideSecrets(resource, resource)[1];
    })
    .join("---\n");
}

function shown(resource: Resource | undefined): string {
  if (!resource) return "";
  const { kind, object, text } = resource;
  const isPlain = kind !== "cluster" || (object?.kind !== undefined && !/list$/i.test(object.kind));
  return isPlain && !keyMarks.test(text)
    ? text
    : "(not shown: not a single Kubernetes object, or it contains a key)\n";
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
  // Without annotations: kubectl's last-applied-configuration holds the values too.
  return dump(
    { apiVersion, kind, metadata: { name: metadata?.name, namespace: metadata?.namespace }, ...masked },
    { skipInvalid: true },
  );
}
