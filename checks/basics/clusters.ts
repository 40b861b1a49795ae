import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { isTerminating, deletionMessages, deletionBlockers } from "../../ops/clusters/terminating";
import { type Check, faulty, sound, unjudged } from "../check";
import { kubectlIn } from "../commands";
import type { World } from "./world";

/**
 * Seconds. istiod dates its certificates two minutes back for clocks that differ (security/pkg/pki/util,
 * ClockSkewGracePeriod); half of that is a sign that nobody sets the clock.
 */
const toleratedSkew = 60;

export const clusterChecks: readonly Check<World>[] = [
  {
    id: "clusters.distinct",
    of: "cluster",
    severity: "fail",
    title: "every context leads to a cluster of its own",
    looksAt: "the UID of the namespace kube-system, which no two clusters share",
    why: "Two contexts may lead to one cluster, under other names. A mesh of such would install a remote over its own primary.",
    fix: "name the context of another cluster in mesh.yaml, or take the cluster out",
    needs: ["rights.read"],
    async look(world, cluster) {
      const uid = await uidOf(world, cluster);
      if (uid === undefined) return faulty("there is no namespace kube-system");
      const before = world.mesh.clusters.slice(0, world.mesh.clusters.indexOf(cluster));
      const uids = await Promise.all(before.map((other) => uidOf(world, other).catch(() => undefined)));
      const same = before[uids.indexOf(uid)];
      if (same === undefined) return sound(`kube-system ${uid}`);
      return faulty(
        `the contexts ${same.context} (${same.name}) and ${cluster.context} lead to the same cluster (kube-system ${uid})`,
        { commands: [commandLine("kubectl", ["config", "get-contexts"])] },
      );
    },
  },
  {
    id: "clusters.terminating",
    of: "cluster",
    severity: "fail",
    title: "no namespace of the mesh is on its way out",
    looksAt:
      "the phase of istio-system and of the sample's namespace, their conditions, and the objects or APIServices that these name",
    why: "A namespace in Terminating takes nothing new. It stays so for as long as something in it has a finalizer that nobody serves, often for ever.",
    fix: "wait until it is gone; if it stays, remove what holds it: an APIService whose backend is gone, a finalizer whose controller is gone",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const names = [istioNamespace, ...(mesh.sample ? [mesh.sample.namespace] : [])];
      const namespaces = await probes(cluster).namespaces();
      const leaving = namespaces.filter(
        (namespace) => names.includes(namespace.metadata.name) && isTerminating(namespace),
      );
      if (leaving.length === 0) return sound(`none of ${names.join(", ")}`);
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
      return faulty(reasons, { commands: [...new Set(commands)] });
    },
  },
  {
    id: "clusters.clock",
    of: "cluster",
    severity: "warn",
    title: `the clocks agree within ${toleratedSkew} seconds`,
    looksAt: "the time that the API server gives to a SelfSubjectReview, against this machine's",
    why: "Certificates and tokens are valid from one moment to another. istiod dates its certificates two minutes back; beyond that a proxy whose clock is behind refuses them as not yet valid.",
    fix: "set the clock of the one that is wrong, and let NTP keep it",
    needs: ["reachable.api"],
    async look({ probes }, cluster) {
      const { clock } = await probes(cluster).who();
      if (!clock) return unjudged("the server does not tell (Kubernetes before 1.28)");
      const { ahead, time } = clock;
      if (Math.abs(ahead) <= toleratedSkew) return sound(`${time.toISOString()} there`);
      const direction = ahead > 0 ? "ahead of" : "behind";
      return faulty(
        `the cluster's clock is ${Math.round(Math.abs(ahead))} s ${direction} this machine's: ${time.toISOString()} there`,
      );
    },
  },
];

async function uidOf(world: World, cluster: Cluster): Promise<string | undefined> {
  const namespaces = await world.probes(cluster).namespaces();
  return namespaces.find(({ metadata }) => metadata.name === "kube-system")?.metadata.uid as
    | string
    | undefined;
}
