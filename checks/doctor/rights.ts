import { istioNamespace } from "../../k8s/bundle";
import type { Mesh } from "../../mesh/mesh";
import type { Right } from "../who";

interface RightRow {
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resources: readonly string[];
  /** @default - the whole cluster */
  readonly in?: "istio" | "sample";
}

/** What doctor and the later checks look at. */
const reading: readonly RightRow[] = [
  { verbs: ["list"], group: "", resources: ["namespaces", "nodes", "pods"] },
  { verbs: ["list"], group: "apps", resources: ["deployments"] },
  {
    verbs: ["list"],
    group: "admissionregistration.k8s.io",
    resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
  },
  { verbs: ["get"], group: "", resources: ["configmaps", "secrets"], in: "istio" },
];

const apply = ["create", "patch"];

/** What `kubectl apply` of the bundle and `istioctl install` make. */
const changing: readonly RightRow[] = [
  { verbs: apply, group: "", resources: ["namespaces"] },
  {
    verbs: apply,
    group: "",
    resources: ["configmaps", "secrets", "services", "serviceaccounts"],
    in: "istio",
  },
  { verbs: apply, group: "apps", resources: ["deployments"], in: "istio" },
  { verbs: apply, group: "autoscaling", resources: ["horizontalpodautoscalers"], in: "istio" },
  { verbs: apply, group: "policy", resources: ["poddisruptionbudgets"], in: "istio" },
  { verbs: apply, group: "networking.istio.io", resources: ["gateways", "virtualservices"], in: "istio" },
  { verbs: apply, group: "rbac.authorization.k8s.io", resources: ["roles", "rolebindings"], in: "istio" },
  { verbs: apply, group: "rbac.authorization.k8s.io", resources: ["clusterroles", "clusterrolebindings"] },
  { verbs: apply, group: "apiextensions.k8s.io", resources: ["customresourcedefinitions"] },
  {
    verbs: apply,
    group: "admissionregistration.k8s.io",
    resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
  },
  { verbs: apply, group: "apps", resources: ["deployments"], in: "sample" },
  { verbs: apply, group: "", resources: ["services", "serviceaccounts"], in: "sample" },
];

export const rightsToRead = (mesh: Mesh) => rightsOf(reading, mesh);
export const rightsToChange = (mesh: Mesh) => rightsOf(changing, mesh);

function rightsOf(rows: readonly RightRow[], { sample }: Mesh): Right[] {
  const namespaces = { istio: istioNamespace, sample: sample?.namespace };
  return rows
    .filter((row) => row.in !== "sample" || sample)
    .flatMap(({ verbs, group, resources, in: place }) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => ({ verb, group, resource, ...(place && { namespace: namespaces[place] }) })),
      ),
    );
}

/** `create, patch secrets in istio-system`: a line for each kind of resource. */
export function describeRights(rights: readonly Right[]): string[] {
  const verbs = new Map<string, string[]>();
  for (const { verb, resource, group, namespace } of rights) {
    const what = `${resource}${group && `.${group}`}${namespace ? ` in ${namespace}` : ""}`;
    verbs.set(what, [...(verbs.get(what) ?? []), verb]);
  }
  return [...verbs].map(([what, ofIt]) => `${ofIt.join(", ")} ${what}`);
}
