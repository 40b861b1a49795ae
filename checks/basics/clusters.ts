import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { clusterUid } from "../../ops/clusters/owner";
import { deletionBlockers, deletionMessages, isTerminating } from "../../ops/clusters/terminating";
import { type Check, notJudged, pass, problem } from "../check";
import { kubectlIn } from "../suggested-commands";
import type { World } from "./world";

/**
 * Seconds. istiod dates its certificates two minutes back for clocks that differ (security/pkg/pki/util,
 * ClockSkewGracePeriod); half of that shows that the clock is not synchronized.
 */
const toleratedSkew = 60;

export const clusterChecks: readonly Check<World>[] = [
  {
    id: "clusters.distinct",
    of: "cluster",
    severity: "fail",
    title: "every context is a different cluster",
    looksAt: "the UID of the namespace kube-system, which no two clusters share",
    why: "Two contexts can lead to one cluster. The mesh would install a remote over its own primary.",
    fix: "use the context of another cluster in mesh.yaml, or remove the cluster",
    needs: ["rights.read"],
    async look(world, cluster) {
      const uid = await uidOf(world, cluster);
      if (uid === undefined) return problem("there is no namespace kube-system");
      const before = world.mesh.clusters.slice(0, world.mesh.clusters.indexOf(cluster));
      const uids = await Promise.all(before.map((other) => uidOf(world, other).catch(() => undefined)));
      const same = before[uids.indexOf(uid)];
      if (same === undefined) return pass(`kube-system ${uid}`);
      return problem(
        `the contexts ${same.context} (${same.name}) and ${cluster.context} lead to the same cluster (kube-system ${uid})`,
        { commands: [commandLine("kubectl", ["config", "get-contexts"])] },
      );
    },
  },
  {
    id: "clusters.terminating",
    of: "cluster",
    severity: "fail",
    title: "no mesh namespace is Terminating",
    looksAt:
      "the phase of istio-system and of the sample's namespace, their conditions, and the objects or APIServices that these name",
    why: "A Terminating namespace accepts no new objects. It stays Terminating while an object in it has a finalizer without a controller.",
    fix: "wait until the namespace is deleted; if it stays, remove the cause: an APIService without a backend, a finalizer without a controller",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const names = [istioNamespace, ...(mesh.sample ? [mesh.sample.namespace] : [])];
      const namespaces = await probes(cluster).namespaces();
      const leaving = namespaces.filter(
        (namespace) => names.includes(namespace.metadata.name) && isTerminating(namespace),
      );
      if (leaving.length === 0) return pass(`none of ${names.join(", ")}`);
      const { kubectl } = probes(cluster);
      const found = await Promise.all(
        leaving.map(async (namespace) => ({ namespace, holds: await deletionBlockers(kubectl, namespace) })),
      );
      const reasons = found.flatMap(({ namespace, holds }) => [
        `${namespace.metadata.name} has been Terminating since ${namespace.metadata.deletionTimestamp}`,
        ...(holds.length > 0 ? holds.map(({ text }) => text) : deletionMessages(namespace)).map(
          (text) => `${namespace.metadata.name}: ${text}`,
        ),
      ]);
      const commands = found.flatMap(({ namespace, holds }) =>
        holds.length > 0
          ? holds.flatMap((hold) => hold.commands)
          : [kubectlIn(cluster, "get", "namespace", namespace.metadata.name, "-o", "yaml")],
      );
      return problem(reasons, { commands: [...new Set(commands)] });
    },
  },
  {
    id: "clusters.clock",
    of: "cluster",
    severity: "warn",
    title: `the clock skew is at most ${toleratedSkew} seconds`,
    looksAt: "the API server's time in a SelfSubjectReview, against this machine's",
    why: "istiod dates its certificates two minutes back. A proxy whose clock is further behind refuses them as not yet valid.",
    fix: "correct the clock that is wrong, and enable NTP",
    needs: ["reachable.api"],
    async look({ probes }, cluster) {
      const { clock } = await probes(cluster).accessReview();
      if (!clock) return notJudged("the server does not report its time (Kubernetes before 1.28)");
      const { ahead, time } = clock;
      if (Math.abs(ahead) <= toleratedSkew) return pass(`${time.toISOString()} there`);
      const direction = ahead > 0 ? "ahead of" : "behind";
      return problem(
        `the cluster's clock is ${Math.round(Math.abs(ahead))} s ${direction} this machine's: ${time.toISOString()} there`,
      );
    },
  },
];

const uidOf = async ({ probes }: World, cluster: Cluster) => clusterUid(await probes(cluster).namespaces());
