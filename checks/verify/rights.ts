import type { Mesh } from "../../mesh/mesh";
import { type RightRow, rightsCheck, rightsOf } from "../basics/rights";
import type { Check } from "../check";
import type { VerifyWorld } from "./world";

/** What verify looks at. It makes no pod: creating one is asked for as a dry run, for which the right is the same. */
const looking: readonly RightRow[] = [
  { verbs: ["list"], group: "", resources: ["namespaces"] },
  { verbs: ["list"], group: "apiextensions.k8s.io", resources: ["customresourcedefinitions"] },
  {
    verbs: ["list"],
    group: "admissionregistration.k8s.io",
    resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
  },
  {
    verbs: ["list"],
    group: "networking.istio.io",
    resources: ["gateways", "virtualservices", "destinationrules"],
  },
  { verbs: ["list"], group: "", resources: ["pods", "services", "secrets"], in: "istio" },
  { verbs: ["get"], group: "", resources: ["configmaps"], in: "istio" },
  { verbs: ["list"], group: "apps", resources: ["deployments"], in: "istio" },
  { verbs: ["list"], group: "", resources: ["pods", "services"], in: "sample" },
  { verbs: ["list"], group: "apps", resources: ["deployments"], in: "sample" },
  { verbs: ["create"], group: "", resources: ["pods"], in: "sample" },
  { verbs: ["create"], group: "", resources: ["pods/exec"], in: "sample" },
];

export const rightsToLook = (mesh: Mesh) => rightsOf(looking, mesh);

export const rightsChecks: readonly Check<VerifyWorld>[] = [
  {
    ...rightsCheck(rightsToLook),
    id: "rights.look",
    title: "you may look at what the checks look at",
    why: "What may not be read cannot be judged. Requests are sent by the client of the sample, into which `kubectl exec` must be allowed.",
    fix: "ask an administrator for the rights; cluster-admin has them all",
    needs: ["reachable.api"],
  },
];
