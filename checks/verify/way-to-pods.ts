import { kubeletConnectionFix, podToTry, probeArgs } from "../../ops/diagnosis/kubelet-connection";
import { type Check, faulty, sound } from "../check";
import { kubectlIn } from "../commands";
import type { VerifyWorld } from "./world";

export const wayToPodsChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "reachable.nodes",
    of: "cluster",
    severity: "fail",
    // Without a sample istiod alone is asked that way.
    applies: ({ sample }, { role }) => sample !== undefined || role === "primary",
    title: "the API server reaches its nodes",
    looksAt:
      "`kubectl exec` of a command that does nothing, in the client of the sample (without a sample: in the gateway), for twelve seconds at most",
    why: "exec and port-forward go from the API server to the kubelet of the pod's node. Without this connection gets and lists still work and the mesh may be healthy, but what a proxy, a client or istiod knows cannot be asked.",
    fix: kubeletConnectionFix,
    needs: ["reachable.api", "endpoints.client"],
    async look({ mesh, meshProbes }, cluster) {
      const words = await meshProbes(cluster).whyKubeletUnreachable();
      if (words === undefined) return sound();
      return faulty(words, { commands: [kubectlIn(cluster, ...probeArgs(podToTry(mesh)))] });
    },
  },
];
