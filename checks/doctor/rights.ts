import type { Mesh } from "../../mesh/mesh";
import { type RightRow, rightsCheck, rightsOf } from "../basics/rights";
import type { World } from "../basics/world";
import type { Check } from "../check";

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

export const rightsToChange = (mesh: Mesh) => rightsOf(changing, mesh);

export const rightsChecks: readonly Check<World>[] = [
  {
    ...rightsCheck(rightsToChange),
    id: "rights.change",
    title: "you have permission to install the mesh",
    why: "Without a permission apply stops half-way: for example with namespaces but without the webhook.",
    fix: "ask an administrator for the permissions; installing Istio needs cluster-admin or equivalent, since it grants roles (on AKS with Azure RBAC: Azure Kubernetes Service RBAC Cluster Admin)",
    needs: ["reachable.api"],
  },
];
