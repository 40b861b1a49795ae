import type { Cluster, Mesh } from "../../../mesh/mesh";
import { meshCommand } from "../../../mesh/paths";
import { type Reply, requestSeconds, sampleUrl } from "../../../ops/traffic/requests";
import { type Tally, tallying } from "../../../ops/traffic/tally";
import { hasSample } from "../../applies-to";
import { explained } from "../../causes/find-causes";
import { type Check, info, pass, passIfNone, problem, type Share, type Verdict } from "../../check";
import { kubectlIn } from "../../suggested-commands";
import { isServing } from "../endpoints/endpoint-set";
import { describeLocalities, localitiesOf, severalLocalities } from "../endpoints/localities";
import { podsOf } from "../readiness";
import { multinomialTest } from "../split/exact-test";
import { likelyShares } from "../split/request-plan";
import type { VerifyWorld } from "../world";
import { failedRequests } from "./failed-requests";

/** One request, for a person to try. */
function request({ istio, sample }: Mesh, cluster: Cluster): string {
  const { name } = istio.line.sample.client;
  const client = ["-n", sample!.namespace, "exec", `deployment/${name}`, "-c", name];
  const curl = ["curl", "-sS", "-i", "-m", `${requestSeconds}`, sampleUrl(sample!)];
  return kubectlIn(cluster, ...client, "--", ...curl);
}

/** What the replies add up to. */
export function tallyOf(replies: readonly Reply[]): Tally {
  const sums = tallying(0);
  for (const reply of replies) sums.add(reply, 0);
  return sums.total(0);
}

/** `v1 71, v2 73`: what was seen, in the order of the shares. */
export const describeShares = (shares: readonly Share[]) =>
  shares.map(({ name, seen, wanted }) => `${name} ${seen} (${Math.round(wanted)} % wanted)`).join(", ");

async function judgeAnswers(world: VerifyWorld, cluster: Cluster): Promise<Verdict> {
  const {
    requests,
    failed,
    failures,
    p50Seconds = 0,
    p99Seconds = 0,
  } = tallyOf(await world.replies(cluster));
  const commands = [request(world.mesh, cluster)];
  if (requests === 0) return problem("no request was sent", { commands });
  if (failed > 0) {
    return failedRequests(world, cluster, `${failed} of ${requests} requests failed`, failures, commands);
  }
  const milliseconds = (seconds: number) => Math.round(seconds * 1000);
  return pass(
    `${requests} of ${requests}, half of them within ${milliseconds(p50Seconds)} ms, 99 % within ${milliseconds(p99Seconds)} ms`,
  );
}

export const trafficChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "traffic.answers",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "every request of the client is answered",
    looksAt:
      "requests to helloworld, sent one after the other by the client of the cluster, through its proxy",
    why: "Requests fail.",
    fix: "send the request yourself and see the error",
    needs: ["endpoints.set", "endpoints.healthy", "endpoints.pods", "trust.workloads"],
    look: explained("requests", judgeAnswers),
  },
  {
    id: "traffic.versions",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "every version answers",
    looksAt: "versions in the answers, against those of mesh.yaml",
    why: "If only local versions answer, requests do not leave the client's cluster.",
    fix: "compare `mesh endpoints` of the clusters; a Service or a subset that differs is the usual cause",
    needs: ["traffic.answers"],
    look: explained("shares", async (world, cluster: Cluster) => {
      const { mesh } = world;
      const { requests, versions: seen } = tallyOf(await world.replies(cluster));
      const { falseAlarm } = world.requestPlan();
      const shares = likelyShares(mesh.sample!);
      const silent = shares.filter(
        ({ version, share }) => !seen[version] && (1 - share) ** requests < falseAlarm / shares.length,
      );
      const evidence = Object.entries(seen)
        .map(([version, count]) => `${version} ${count}`)
        .join(", ");
      return passIfNone(
        silent.map(
          ({ version }) => `${version} has answered none of ${requests} requests; seen: ${evidence}`,
        ),
        { commands: [meshCommand(world.meshFile, "endpoints")] },
        evidence,
      );
    }),
  },
  {
    id: "traffic.clusters",
    of: "cluster",
    severity: "fail",
    applies: ({ sample, clusters }) => sample !== undefined && !sample.weights && clusters.length > 1,
    title: "requests are spread over the clusters in proportion to their pods",
    looksAt:
      "in which cluster the pods ran that answered, against the number of pods that serve there, by an exact binomial test; not judged where the pods of another cluster are in several localities (zones)",
    why: "Without weights every pod gets an equal share. Locality settings keep requests in the client's cluster.",
    fix: "see whether a DestinationRule sets outlierDetection or localityLbSetting for helloworld",
    needs: ["traffic.versions"],
    look: explained("shares", async (world, cluster: Cluster) => {
      const { mesh } = world;
      const { requests, failed, pods: answers } = tallyOf(await world.replies(cluster));
      const perCluster = await Promise.all(
        mesh.clusters.map(async (one) => {
          const pods = podsOf(await world.meshProbes(one).sample(), { app: "helloworld" });
          // One that has gone since has answered all the same.
          const seen = pods.reduce((sum, { metadata }) => sum + (answers[metadata.name] ?? 0), 0);
          const serving = pods.filter(isServing);
          const localities = one === cluster ? [] : await localitiesOf(world, one, serving);
          return { one, pods: serving.length, seen, localities };
        }),
      );
      const spread = perCluster.filter(({ localities }) => localities.length > 1);
      if (spread.length > 0) {
        const counts = perCluster.map(({ one, seen, pods }) => `${one.name} ${seen} (${pods} pods)`);
        return info(
          counts.join(", "),
          ...spread.map(({ one, localities }) => describeLocalities(one, localities)),
          `the shares are not judged: ${severalLocalities}; to set shares, give the versions weights`,
        );
      }
      const all = perCluster.reduce((sum, { pods }) => sum + pods, 0);
      const shares = perCluster
        .filter(({ pods }) => pods > 0)
        .map(({ one, pods, seen }): Share => ({ name: one.name, wanted: (pods / all) * 100, seen }));
      const here = perCluster.find(({ one }) => one === cluster)!;
      const elsewhere = requests - failed - here.seen;
      const p = multinomialTest([here.seen, elsewhere], [here.pods / all, 1 - here.pods / all]);
      const { falseAlarm } = world.requestPlan();
      const evidence = `${describeShares(shares)}; p = ${p.toPrecision(2)}`;
      return {
        ...(p >= falseAlarm
          ? pass(evidence)
          : problem(evidence, { commands: [meshCommand(world.meshFile, "endpoints")] })),
        shares,
      };
    }),
  },
];
