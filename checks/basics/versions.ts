import {
  istioctlIsOfTheMeshsLine,
  kubectlIsWithinOneMinorOfEveryServer,
  kubernetesIsInTheLinesRange,
  type skewRules,
} from "../../ops/exec/versions";
import { type Check, pass, problem, type Verdict } from "../check";
import type { World } from "./world";

type SkewRule = (typeof skewRules)[number];
type Versions = Parameters<SkewRule>[1];

/** A rule's sentence ends in what to do. */
function judge(rule: SkewRule, { mesh }: World, versions: Partial<Versions>, seen: string): Verdict {
  const [sentence] = rule(mesh, { kubectl: undefined, istioctl: undefined, kubernetes: {}, ...versions });
  if (sentence === undefined) return pass(seen);
  const end = sentence.lastIndexOf("; ");
  return problem(sentence.slice(0, end), { fix: sentence.slice(end + 2) });
}

export const versionChecks: readonly Check<World>[] = [
  {
    id: "versions.istioctl",
    of: "mesh",
    severity: "fail",
    title: "istioctl has the mesh's Istio line",
    looksAt: "`istioctl version --remote=false` and istio.line in mesh.yaml",
    why: "istioctl installs its own release: another line would install another Istio than mesh.yaml asks for, or reject the input.",
    fix: "put an istioctl of that line first on the PATH, or change istio.line in mesh.yaml",
    needs: ["programs.istioctl"],
    async look(world) {
      const istioctl = await world.program("istioctl");
      return judge(istioctlIsOfTheMeshsLine, world, { istioctl }, `istioctl ${istioctl?.text}`);
    },
  },
  {
    id: "versions.kubectl",
    of: "cluster",
    severity: "fail",
    title: "kubectl is within one minor version of the server",
    looksAt: "`kubectl version`",
    why: "Kubernetes promises no more: https://kubernetes.io/releases/version-skew-policy/#kubectl",
    fix: "install a kubectl that is no more than one minor version from every cluster",
    needs: ["programs.kubectl", "reachable.api"],
    async look(world, cluster) {
      const kubectl = await world.program("kubectl");
      const server = await world.probes(cluster).version();
      const versions = { kubectl, kubernetes: { [cluster.name]: server } };
      return judge(kubectlIsWithinOneMinorOfEveryServer, world, versions, `kubectl ${kubectl?.text}`);
    },
  },
  {
    id: "versions.kubernetes",
    of: "cluster",
    severity: "fail",
    title: "the Istio line supports the Kubernetes version",
    looksAt: "`kubectl get --raw /version`",
    why: "istiod does not start on Kubernetes older than its minimum, and newer versions than its maximum are not tested.",
    fix: "upgrade the cluster, or choose another istio.line in mesh.yaml",
    needs: ["reachable.api"],
    async look(world, cluster) {
      const server = await world.probes(cluster).version();
      if (!server) return problem("the server reports no version");
      const versions = { kubernetes: { [cluster.name]: server } };
      return judge(kubernetesIsInTheLinesRange, world, versions, `Kubernetes ${server.text}`);
    },
  },
];
