import { istioNamespace, networkLabel } from "../../k8s/istio-names";
import type { Cluster } from "../../mesh/mesh";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { kubectlIn } from "../suggested-commands";
import { certain, type Effect, possible, type Scene, type Suspects } from "./cause";
import { isVisibleIn } from "./targets";

// What changes routing in objects of Kubernetes itself: fields, labels and annotations that others add. They count in
// the cluster in which they stand.

/** `kubectl annotate` or `label`, which take a mark away by its name and a dash. */
const removeMark =
  (command: "annotate" | "label", { kind, metadata }: KubernetesObject, key: string) =>
  (where: Cluster) => {
    const place = metadata.namespace ? ["-n", metadata.namespace] : [];
    return [kubectlIn(where, ...place, command, kind.toLowerCase(), metadata.name, `${key}-`)];
  };

const setField =
  ({ kind, metadata }: KubernetesObject, value: object) =>
  (where: Cluster) => {
    const patch = ["--type=merge", "-p", JSON.stringify({ spec: value })];
    return [
      kubectlIn(where, "-n", metadata.namespace!, "patch", kind.toLowerCase(), metadata.name, ...patch),
    ];
  };

/** https://istio.io/latest/docs/reference/config/annotations/ ; read 2026-11-27 */
const exportTo = "networking.istio.io/exportTo";

/** Fields of a Service that keep requests from endpoints. https://kubernetes.io/docs/reference/networking/virtual-ips/ */
const serviceFields: readonly {
  readonly isSet: (spec: KubernetesObject) => boolean;
  readonly does: string;
  /** What it is without it. */
  readonly reset: object;
}[] = [
  {
    isSet: ({ internalTrafficPolicy }) => internalTrafficPolicy === "Local",
    does: "keeps requests on the client's node (internalTrafficPolicy: Local)",
    reset: { internalTrafficPolicy: "Cluster" },
  },
  {
    isSet: ({ trafficDistribution }) => trafficDistribution !== undefined,
    does: "prefers endpoints near the client (trafficDistribution)",
    reset: { trafficDistribution: null },
  },
];

/** The sample's Service. */
function sampleService(object: KubernetesObject, { mesh, host }: Scene): Effect[] {
  const { metadata, spec } = object;
  const namespace = mesh.sample?.namespace ?? "";
  if (host !== `${metadata.name}.${metadata.namespace}.svc.cluster.local`) return [];
  const visible = metadata.annotations?.[exportTo]?.split(",").map((one) => one.trim());
  return [
    ...(isVisibleIn(visible, namespace, namespace)
      ? []
      : // A VirtualService keeps the endpoints of a hidden Service in its clients' proxies; requests bypass them.
        certain(
          ["endpoints", "requests", "shares"],
          `hides the sample from its clients (annotation ${exportTo})`,
          { change: removeMark("annotate", object, exportTo) },
        )),
    ...serviceFields
      .filter(({ isSet }) => isSet(spec))
      .flatMap(({ does, reset }) =>
        certain(["endpoints", "shares"], does, { change: setField(object, reset) }),
      ),
  ];
}

/** The gateway's Service. */
function gatewayService(object: KubernetesObject, { mesh }: Scene): Effect[] {
  const { metadata, spec } = object;
  const { gateways, istio } = mesh;
  if (metadata.namespace !== istioNamespace || metadata.name !== istio.line.gateway.name) return [];
  const admitted: readonly string[] = spec.loadBalancerSourceRanges ?? [];
  const extra = admitted.length > 0 && gateways.allowedSourceRanges.length === 0;
  const does = `admits only ${admitted.join(", ")} (loadBalancerSourceRanges), which is not in mesh.yaml`;
  return extra
    ? certain("gateway", does, { change: setField(object, { loadBalancerSourceRanges: null }) })
    : [];
}

const serviceEffects = (object: KubernetesObject, scene: Scene) => [
  ...sampleService(object, scene),
  ...gatewayService(object, scene),
];

/** A label of the namespace or of pods counts before that of istio-system. */
function networkOfNamespace(object: KubernetesObject, { mesh }: Scene): Effect[] {
  const { metadata } = object;
  const network = metadata.labels?.[networkLabel];
  return metadata.name === mesh.sample?.namespace && network !== undefined
    ? certain("endpoints", `sets the network of its pods to ${network}`, {
        change: removeMark("label", object, networkLabel),
      })
    : [];
}

/** Marks of a pod that keep its proxy away, or some of its traffic from the proxy. */
const podMarks: readonly {
  readonly where: "labels" | "annotations";
  readonly key: RegExp;
  readonly value: RegExp;
  readonly symptom: Effect["symptom"];
  readonly does: string;
}[] = [
  {
    where: "labels",
    key: /^sidecar\.istio\.io\/inject$/,
    value: /^false$/,
    symptom: "sidecars",
    does: "creates its pods without a proxy",
  },
  {
    where: "annotations",
    key: /^sidecar\.istio\.io\/inject$/,
    value: /^false$/,
    symptom: "sidecars",
    does: "creates its pods without a proxy",
  },
  {
    where: "annotations",
    key: /^traffic\.sidecar\.istio\.io\//,
    value: /./,
    symptom: "requests",
    does: "excludes some of its pods' traffic from their proxies",
  },
  {
    where: "labels",
    key: new RegExp(`^${networkLabel.replaceAll(".", "\\.")}$`),
    value: /./,
    symptom: "endpoints",
    does: "sets another network for its pods",
  },
];

/** Deployments of the sample, whose pods others have marked. */
function sampleDeployment(object: KubernetesObject, { mesh }: Scene): Effect[] {
  const { metadata, spec } = object;
  if (metadata.namespace !== mesh.sample?.namespace) return [];
  const template = spec.template?.metadata ?? {};
  return podMarks.flatMap(({ where, key, value, symptom, does }) =>
    Object.entries<string>(template[where] ?? {})
      .filter(([name, text]) => key.test(name) && value.test(text))
      .flatMap(([name, text]) =>
        certain(symptom, `${does} (${name}: ${text})`, {
          change: setField(object, { template: { metadata: { [where]: { [name]: null } } } }),
        }),
      ),
  );
}

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
function networkPolicy({ metadata, spec = {} }: KubernetesObject, { mesh, pods }: Scene): Effect[] {
  // Istio's own, which admit what its pods serve.
  if (mesh.istio.networkPolicy && metadata.labels?.["operator.istio.io/component"] !== undefined) return [];
  const selector: Readonly<Record<string, string>> = spec.podSelector?.matchLabels ?? {};
  const isSelected = [...pods.gateway, ...pods.server, ...pods.client].some(
    (pod) =>
      pod.metadata.namespace === metadata.namespace &&
      Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  return isSelected
    ? possible(["gateway", "istiod", "requests"], "restricts the connections of these pods")
    : [];
}

export const kubernetesSuspects: Suspects = {
  "Service.": serviceEffects,
  "Namespace.": networkOfNamespace,
  "Deployment.apps": sampleDeployment,
  "NetworkPolicy.networking.k8s.io": networkPolicy,
};
