import type { Mesh } from "../../mesh/mesh";
import { type RightRow, rightsCheck, rightsOf } from "../basics/rights";
import type { World } from "../basics/world";
import type { Check } from "../check";

const sending: readonly RightRow[] = [
  // `kubectl exec deployment/...` looks for the pod by itself.
  { verbs: ["get"], group: "apps", resources: ["deployments"], in: "sample" },
  { verbs: ["get"], group: "", resources: ["pods"], in: "sample" },
  { verbs: ["create"], group: "", resources: ["pods", "pods/exec"], in: "sample" },
];
export const rightsToSend = (mesh: Mesh) => rightsOf(sending, mesh);

export const rightsChecks: readonly Check<World>[] = [
  {
    ...rightsCheck(rightsToSend),
    id: "rights.send",
    applies: ({ sample }: Mesh) => sample !== undefined,
    title: "you may send requests from the client",
    why: "Only the client of the sample sees what a workload of the mesh sees: verify runs curl in it (`kubectl exec`). Whether pods get a proxy is asked with a pod that is never made, for which Kubernetes wants the right to make one.",
    fix: "ask an administrator for the rights; in the sample's namespace admin has them",
    needs: ["reachable.api"],
  },
];
