import { load } from "js-yaml";
import { istioNamespace } from "../../k8s/istio-names";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { certain, type Effect, type Scene, type Suspects } from "./cause";
import { isSampleHost } from "./targets";

/** The part of MeshConfig that can break a mesh. https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/ */
interface MeshConfig {
  readonly discoverySelectors?: readonly LabelSelector[];
  readonly enableAutoMtls?: boolean;
  readonly outboundTrafficPolicy?: { readonly mode?: string };
  readonly serviceSettings?: readonly {
    readonly settings?: { readonly clusterLocal?: boolean };
    readonly hosts?: readonly string[];
  }[];
  readonly defaultServiceExportTo?: readonly string[];
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/ */
interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: keyof typeof operators;
    readonly values?: readonly string[];
  }[];
}

const operators = {
  In: (value: string | undefined, values: readonly string[]) => value !== undefined && values.includes(value),
  NotIn: (value: string | undefined, values: readonly string[]) =>
    value === undefined || !values.includes(value),
  Exists: (value: string | undefined) => value !== undefined,
  DoesNotExist: (value: string | undefined) => value === undefined,
} as const;

const isSelected = (
  { metadata: { labels = {} } }: KubernetesObject,
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
) =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => operators[operator](labels[key], values));

/** Namespaces of the mesh that none of the selectors selects, `sample of remote0`. */
function hiddenNamespaces(selectors: readonly LabelSelector[], { mesh, namespaces }: Scene): string[] {
  const ofMesh = [istioNamespace, ...(mesh.sample ? [mesh.sample.namespace] : [])];
  return mesh.clusters.flatMap(({ name }) =>
    (namespaces[name] ?? [])
      .filter(({ metadata }) => ofMesh.includes(metadata.name))
      .filter((namespace) => !selectors.some((selector) => isSelected(namespace, selector)))
      .map(({ metadata }) => `${metadata.name} of ${name}`),
  );
}

/** Settings with what they do; an apply writes the whole ConfigMap again. */
function settings(config: MeshConfig, object: KubernetesObject, scene: Scene): Effect[] {
  const { discoverySelectors = [], serviceSettings = [], defaultServiceExportTo = ["*"] } = config;
  const local = serviceSettings.some(
    ({ settings: of, hosts = [] }) =>
      of?.clusterLocal && hosts.some((host) => isSampleHost(host, object, scene)),
  );
  const hidden = discoverySelectors.length > 0 ? hiddenNamespaces(discoverySelectors, scene) : [];
  const hides = `hides namespaces without its labels from istiod (discoverySelectors): ${hidden.join(", ")}`;
  return [
    ...(hidden.length > 0 ? certain(["gateway", "istiod", "endpoints", "requests"], hides) : []),
    ...(local
      ? certain("endpoints", "keeps the sample's endpoints in their own cluster (clusterLocal)")
      : []),
    ...(config.enableAutoMtls === false
      ? certain("endpoints", "disables automatic mTLS (enableAutoMtls)")
      : []),
    ...(defaultServiceExportTo.includes("*")
      ? []
      : certain("endpoints", "hides Services from other namespaces (defaultServiceExportTo)")),
    ...(config.outboundTrafficPolicy?.mode === "REGISTRY_ONLY"
      ? certain("requests", "blocks requests to hosts that istiod does not know (REGISTRY_ONLY)", {
          of: /HTTP 502/,
        })
      : []),
  ];
}

/** The ConfigMap `istio`, which holds istiod's mesh configuration. */
function meshConfig(object: KubernetesObject, scene: Scene): Effect[] {
  const config = (load(object.data?.mesh || "{}") ?? {}) as MeshConfig;
  return settings(config, object, scene).map((effect) => ({ ...effect, change: "apply" }));
}

export const meshConfigSuspects: Suspects = { "ConfigMap.": meshConfig };
