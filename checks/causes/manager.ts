import type { KubernetesObject } from "../../ops/exec/kubernetes-object";

/** Marks by which tools recognize the objects that they manage, the most telling first. */
const marks: readonly {
  readonly tool: string;
  readonly where: "labels" | "annotations";
  readonly key: string;
}[] = [
  // https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
  { tool: "Argo CD application", where: "annotations", key: "argocd.argoproj.io/tracking-id" },
  { tool: "Argo CD application", where: "labels", key: "argocd.argoproj.io/instance" },
  // https://fluxcd.io/flux/components/kustomize/kustomizations/#common-metadata
  { tool: "Flux Kustomization", where: "labels", key: "kustomize.toolkit.fluxcd.io/name" },
  { tool: "Flux HelmRelease", where: "labels", key: "helm.toolkit.fluxcd.io/name" },
  // https://helm.sh/docs/howto/charts_tips_and_tricks/
  { tool: "Helm release", where: "annotations", key: "meta.helm.sh/release-name" },
  // https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
  { tool: "", where: "labels", key: "app.kubernetes.io/managed-by" },
];

/** istioctl's own objects; the charts' label names Helm, which has no part in them. */
export const isOfIstioctl = ({ metadata }: Pick<KubernetesObject, "metadata">) =>
  metadata.labels?.["install.operator.istio.io/owning-resource"] !== undefined;

/** What manages an object and would bring it back, as far as it says so: `Helm release web`. */
export function managerOf({ metadata }: KubernetesObject): string | undefined {
  if (isOfIstioctl({ metadata })) return undefined;
  const [owner] = (metadata.ownerReferences ?? []) as readonly { kind: string; name: string }[];
  if (owner) return `${owner.kind} ${owner.name}`;
  const found = marks.find(({ where, key }) => metadata[where]?.[key] !== undefined);
  if (!found) return undefined;
  const [name = ""] = metadata[found.where]![found.key]!.split(":");
  return `${found.tool} ${name}`.trim();
}
