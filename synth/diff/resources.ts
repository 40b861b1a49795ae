import { CORE_SCHEMA, loadAll } from "js-yaml";
import type { Files } from "../existing-output";

/** A named part of the output. */
export interface Resource {
  /** Part of a cluster's folder, of the Terraform JSON, or a file about the whole mesh. */
  readonly kind: "cluster" | "terraform" | "about";
  /** The cluster's name, `terraform` or `dist`. */
  readonly scope: string;
  readonly resource: string;
  readonly text: string;
  /** The parsed Kubernetes object; undefined for everything else. */
  readonly object?: KubernetesObject;
}

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** Every resource of `dist` and of the Terraform JSON, by a stable key. */
export function resourcesOf(dist: Files, terraform: Files): ReadonlyMap<string, Resource> {
  const resources = [
    ...[...dist].flatMap(([file, text]) => distResources(file, text)),
    ...[...terraform].flatMap(([file, text]) => (file === "manifest.json" ? [] : terraformResources(text))),
  ];
  return new Map(
    resources.map((resource) => [`${resource.kind} ${resource.scope} ${resource.resource}`, resource]),
  );
}

function distResources(file: string, text: string): Resource[] {
  const [scope, ...rest] = file.split("/");
  if (rest.length === 0) return [{ kind: "about", scope: "dist", resource: file, text }];
  return documentsOf(text).map((document) => ({
    kind: "cluster",
    scope: scope!,
    resource: nameOf(document.object, rest.join("/")),
    ...document,
  }));
}

/** The documents of a YAML file, each with its object. */
export function documentsOf(text: string): { text: string; object: KubernetesObject }[] {
  return text
    .split(/^---[ \t]*\r?\n/m)
    .filter((document) => document.trim() !== "")
    .map((document) => ({ text: document, object: parse(document) }));
}

/** The object in the text; one without a kind if the text is not a single object. */
function parse(document: string): KubernetesObject {
  try {
    const [object, ...more] = loadAll(document, { schema: CORE_SCHEMA });
    const isObject = typeof object === "object" && object !== null && !Array.isArray(object);
    return isObject && more.length === 0 && typeof (object as KubernetesObject).kind === "string"
      ? object
      : {};
  } catch {
    return {};
  }
}

/** The file stands for what has no name: an IstioOperator, a kustomization, a broken file. */
function nameOf({ kind, metadata }: KubernetesObject, file: string): string {
  const name = metadata?.name && [metadata.namespace, metadata.name].filter(Boolean).join("/");
  return [kind, name ?? file].filter(Boolean).join(" ");
}

/** A broken file counts as empty; a synth replaces it. */
function parseTerraform(text: string): Partial<Record<string, Record<string, Record<string, unknown>>>> {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function terraformResources(text: string): Resource[] {
  const { resource, ...rest } = parseTerraform(text);
  const made = Object.entries(resource ?? {}).flatMap(([type, byName]) =>
    Object.entries(byName ?? {}).map(([name, body]) => [`${type}.${name}`, body] as const),
  );
  return [...made, ...Object.entries(rest)].map(([name, body]) => ({
    kind: "terraform",
    scope: "terraform",
    resource: name,
    text: `${JSON.stringify(body, null, 2)}\n`,
  }));
}
