import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { type Reply, sampleUrl } from "../../ops/requests";
import { type Check, faulty, type Share, sound } from "../check";
import { multinomialTest } from "../multinomial";
import { podsOf } from "./readiness";
import { wantedShares } from "./request-plan";
import type { VerifyWorld } from "./world";

const hasSample = ({ sample }: Mesh) => sample !== undefined;

/** One request, for a person to try. */
function request({ istio, sample }: Mesh, { context }: Cluster): string {
  const { name } = istio.line.sample.client;
  const client = ["--context", context, "-n", sample!.namespace, "exec", `deployment/${name}`, "-c", name];
  return commandLine("kubectl", [...client, "--", "curl", "-sS", "-i", sampleUrl(sample!)]);
}

/** How often each text occurs, the most frequent first. */
export function tally(texts: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}

const answered = (replies: readonly Reply[]) => replies.filter(({ version }) => version !== undefined);

export const versionsIn = (replies: readonly Reply[]) =>
  new Map(tally(answered(replies).map(({ version }) => version!)));

/** Name of the cluster in which each pod of the sample runs. */
async function clustersByPod({ mesh, meshProbes }: VerifyWorld): Promise<ReadonlyMap<string, string>> {
  const pods = await Promise.all(
    mesh.clusters.map(async ({ name }, index) => {
      const found = podsOf(await meshProbes(mesh.clusters[index]!).sample(), { app: "helloworld" });
      return found.map(({ metadata }): [string, string] => [metadata.name, name]);
    }),
  );
  return new Map(pods.flat());
}

/** Milliseconds below which this part of the replies came. */
export function percentile(seconds: readonly number[], part: number): number {
  const sorted = seconds.toSorted((one, other) => one - other);
  return Math.round((sorted[Math.ceil(part * sorted.length) - 1] ?? 0) * 1000);
}

/** `v1 71, v2 73`: what was seen, in the order of the shares. */
export const describeShares = (shares: readonly Share[]) =>
  shares.map(({ name, seen, wanted }) => `${name} ${seen} (${Math.round(wanted)} % wanted)`).join(", ");

export const trafficChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "traffic.answers",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "every request of the client is answered",
    looksAt:
      "requests to helloworld, sent one after the other by the client of the cluster, through its proxy",
    why: "This is what the mesh is for.",
    fix: "see what the request says when you send it yourself",
    needs: ["endpoints.set", "endpoints.healthy", "endpoints.pods", "trust.workloads"],
    async look(world, cluster) {
      const replies = await world.replies(cluster);
      const failed = replies.filter(({ version }) => version === undefined);
      const commands = [request(world.mesh, cluster)];
      if (replies.length === 0) return faulty("no request was sent", { commands });
      if (failed.length > 0) {
        const kinds = tally(
          failed.map(({ status, words }) => `${status === 0 ? "no answer" : status}: ${words}`),
        );
        return faulty(
          [
            `${failed.length} of ${replies.length} requests failed`,
            ...kinds.slice(0, 5).map(([text, count]) => `${count} x ${text}`),
          ],
          { commands },
        );
      }
      const seconds = replies.map((reply) => reply.seconds);
      return sound(
        `${replies.length} of ${replies.length}, half of them within ${percentile(seconds, 0.5)} ms, 99 % within ${percentile(seconds, 0.99)} ms`,
      );
    },
  },
  {
    id: "traffic.versions",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "every version answers",
    looksAt: "versions in the answers, against those of mesh.yaml",
    why: "Where only the version next door answers, the clusters are not one mesh: its requests stay at home.",
    fix: "compare `mesh endpoints` of the clusters; a Service or a subset that differs is the usual cause",
    needs: ["traffic.answers"],
    async look(world, cluster) {
      const { mesh } = world;
      const replies = await world.replies(cluster);
      const seen = versionsIn(replies);
      const { falseAlarm } = world.requestPlan();
      const shares = wantedShares(mesh.sample!);
      const silent = shares.filter(
        ({ version, share }) =>
          !seen.has(version) && (1 - share) ** replies.length < falseAlarm / shares.length,
      );
      const evidence = [...seen].map(([version, count]) => `${version} ${count}`).join(", ");
      return silent.length > 0
        ? faulty(
            silent.map(
              ({ version }) =>
                `${version} has answered none of ${replies.length} requests; seen: ${evidence}`,
            ),
            { commands: ["mesh endpoints"] },
          )
        : sound(evidence);
    },
  },
  {
    id: "traffic.clusters",
    of: "cluster",
    severity: "fail",
    applies: ({ sample, clusters }) => sample !== undefined && !sample.weights && clusters.length > 1,
    title: "requests go to other clusters as often as they have pods",
    looksAt:
      "in which cluster the pods ran that answered, against the number of pods there, by an exact binomial test",
    why: "Without weights every pod gets an equal share, wherever it runs. Locality settings keep requests at home.",
    fix: "see whether a DestinationRule sets outlierDetection or localityLbSetting for helloworld",
    needs: ["traffic.versions"],
    async look(world, cluster) {
      const { mesh } = world;
      const replies = answered(await world.replies(cluster));
      const clusterOf = await clustersByPod(world);
      const pods = new Map(tally([...clusterOf.values()]));
      const seen = new Map(tally(replies.map(({ pod }) => clusterOf.get(pod!) ?? "unknown")));
      const all = [...pods.values()].reduce((sum, count) => sum + count, 0);
      const shares = mesh.clusters
        .filter(({ name }) => pods.has(name))
        .map(
          ({ name }): Share => ({ name, wanted: (pods.get(name)! / all) * 100, seen: seen.get(name) ?? 0 }),
        );
      const here = seen.get(cluster.name) ?? 0;
      const share = (pods.get(cluster.name) ?? 0) / all;
      const p = multinomialTest([here, replies.length - here], [share, 1 - share]);
      const { falseAlarm } = world.requestPlan();
      const evidence = `${describeShares(shares)}; p = ${p.toPrecision(2)}`;
      return {
        ...(p < falseAlarm ? faulty(evidence, { commands: ["mesh endpoints"] }) : sound(evidence)),
        shares,
      };
    },
  },
];
