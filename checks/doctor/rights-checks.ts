import type { Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { type Check, faulty, sound, type Verdict } from "../check";
import type { Right, Who } from "../who";
import { describeRights, rightsToChange, rightsToRead } from "./rights";
import type { DoctorWorld } from "./world";

function judge({ user = "you", refused }: Who, wanted: readonly Right[], context: string): Verdict {
  const lacking = refused.filter(
    (right) => wanted.includes(right) || wanted.some((one) => isSame(one, right)),
  );
  if (lacking.length === 0) return sound(`${user} may do all ${wanted.length} things asked`);
  return faulty([`${user} may not:`, ...describeRights(lacking).map((line) => `  ${line}`)], {
    commands: [grant(user, context)],
  });
}

const isSame = (one: Right, other: Right) => JSON.stringify(one) === JSON.stringify(other);

/** For someone who is administrator there. */
function grant(user: string, context: string): string {
  const [, account] = /^system:serviceaccount:(.+:.+)$/.exec(user) ?? [];
  const subject = account ? `--serviceaccount=${account}` : `--user=${user}`;
  const binding = ["create", "clusterrolebinding", "mesh-admin", "--clusterrole=cluster-admin", subject];
  return commandLine("kubectl", ["--context", context, ...binding]);
}

const check = (rights: (mesh: Mesh) => readonly Right[]) => ({
  of: "cluster" as const,
  severity: "fail" as const,
  looksAt: "a SelfSubjectAccessReview for each right, as `kubectl auth can-i` asks",
  look: async ({ mesh, probes }: DoctorWorld, cluster: Parameters<DoctorWorld["probes"]>[0]) =>
    judge(await probes(cluster).who(), rights(mesh), cluster.context),
});

export const rightsChecks: readonly Check<DoctorWorld>[] = [
  {
    ...check(rightsToRead),
    id: "rights.read",
    title: "you may read what the checks look at",
    why: "What may not be read cannot be judged: another Istio in the way, the root that is installed, room on the nodes.",
    fix: "ask an administrator for the rights; cluster-admin has them all",
    needs: ["reachable.api"],
  },
  {
    ...check(rightsToChange),
    id: "rights.change",
    title: "you may make what the mesh consists of",
    why: "An apply that runs into a missing right stops half-way: namespaces are there, the webhook is not.",
    fix: "ask an administrator for the rights; installing Istio takes cluster-admin, or as much, since it grants roles of its own (on AKS with Azure RBAC: Azure Kubernetes Service RBAC Cluster Admin)",
    needs: ["reachable.api"],
  },
];
