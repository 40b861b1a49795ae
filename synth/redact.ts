import { dump } from "js-yaml";
import type { KubernetesObject, Resource } from "./resources";

/**
 * The two texts of a resource as they may be shown: values of Secrets are replaced by a word that tells whether they
 * differ, as `kubectl diff` does it. What is no Kubernetes object (a file that somebody broke by hand) may hold
 * anything and is not shown at all.
 */
export function hideSecrets(before: Resource | undefined, after: Resource | undefined): [string, string] {
  const objects = [before?.object, after?.object];
  if (objects.some((object) => object?.kind === "Secret")) {
    return [hide(before?.object, after?.object, "before"), hide(after?.object, before?.object, "after")];
  }
  return [shown(before), shown(after)];
}

function shown(resource: Resource | undefined): string {
  if (resource?.object && resource.object.kind === undefined) return "(not a Kubernetes object; not shown)\n";
  return resource?.text ?? "";
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
  return dump({ ...object, ...masked });
}
