import { defaultIstioLine } from "../../../mesh/istio-lines";
import type { Reply } from "../../../ops/traffic/requests";
import {
  answerOf,
  compose,
  ended,
  endpointsSeenFrom,
  firstProblem,
  meshOf,
  notPassed,
  objectIn,
  running,
  verifyComposed,
} from "./composed-mesh";
import { testFaults } from "./fault";
import { trafficFaults } from "./faults/traffic";

testFaults(trafficFaults);

describe("without weights", () => {
  const unweighted = meshOf(defaultIstioLine.id, "");

  test("requests are counted by cluster, in proportion to the pods", async () => {
    const composed = await compose(unweighted);
    // Two pods of v2 beside one of v1: two thirds of the requests go there.
    const { remote0 } = composed.clusters;
    const v2 = running("helloworld-v2", "sample", {
      labels: { app: "helloworld", version: "v2" },
      containers: [{ name: "istio-proxy", image: `x:${defaultIstioLine.version}` }],
      pods: 2,
      ip: "10.1.0.6",
    });
    remote0!.sample = [
      ...remote0!.sample.filter(({ metadata }) => !metadata.name.startsWith("helloworld-v2")),
      ...v2,
    ];
    composed.proxies.push({ name: "helloworld-v2-1.sample", cluster: "remote0", stale: [] });
    for (const cluster of unweighted.clusters) {
      const own = composed.clusters[cluster.name]!;
      own.endpoints = endpointsSeenFrom(unweighted, cluster, composed.clusters);
      own.replies = [
        ...Array.from({ length: 50 }, () => answerOf("v1")),
        ...Array.from({ length: 100 }, () => answerOf("v2")),
      ];
    }
    const report = await verifyComposed(composed);
    expect(notPassed(report)).toEqual([]);
    expect(
      report.results.find(({ id, cluster }) => id === "traffic.clusters" && cluster === "main0")!.shares,
    ).toEqual([
      { name: "main0", wanted: expect.closeTo(33.3, 1), seen: 50 },
      { name: "remote0", wanted: expect.closeTo(66.7, 1), seen: 100 },
    ]);

    // Weights as if there were one pod on each side.
    composed.clusters.main0!.endpoints = { v1: { "10.0.0.50": 1 }, v2: { "203.0.113.101": 1 } };
    expect(notPassed(await verifyComposed(composed))).toEqual([]);
  });

  test("evicted and Terminating pods get no share, and their answers are counted", async () => {
    const composed = await compose(unweighted);
    const { sample } = composed.clusters.main0!;
    for (let index = 0; index < 6; index++) {
      sample.push(ended(objectIn(sample, "Pod", "helloworld-v1-0"), `evicted-${index}`, "Failed"));
    }
    const leaving = structuredClone(objectIn(sample, "Pod", "helloworld-v1-0"));
    Object.assign(leaving.metadata, { name: "leaving", deletionTimestamp: "2030-06-01T12:00:00Z" });
    sample.push(leaving);
    const { replies } = composed.clusters.main0!;
    composed.clusters.main0!.replies = (replies as Reply[]).map((reply, index) =>
      reply.version === "v1" && index % 2 === 0 ? { ...reply, pod: "leaving" } : reply,
    );
    const report = await verifyComposed(composed);
    expect(notPassed(report)).toEqual([]);
    const { shares } = report.results.find(({ id }) => id === "traffic.clusters")!;
    expect(shares).toMatchObject([
      { name: "main0", wanted: 50 },
      { name: "remote0", wanted: 50 },
    ]);
    expect(shares![0]!.seen).toBe(shares![1]!.seen);
  });

  test("requests that stay in the client's cluster fail", async () => {
    const composed = await compose(unweighted);
    composed.clusters.main0!.replies = [
      ...Array.from({ length: 140 }, () => answerOf("v1")),
      ...Array.from({ length: 10 }, () => answerOf("v2")),
    ];
    const found = firstProblem(await verifyComposed(composed));
    expect(found).toMatchObject({ id: "traffic.clusters", cluster: "main0" });
    expect(found.evidence[0]).toMatch(/main0 140 \(50 % wanted\), remote0 10 \(50 % wanted\); p = /);
  });

  test("a VirtualService that is not in mesh.yaml fails", async () => {
    const composed = await compose(unweighted);
    composed.clusters.main0!.networking.push({
      kind: "VirtualService",
      metadata: { name: "foreign", namespace: "sample" },
      spec: { hosts: ["helloworld"], http: [] },
    });
    const found = firstProblem(await verifyComposed(composed));
    expect(found.evidence[0]).toMatch(/has a VirtualService for .*; mesh\.yaml has no weights/);
    // An apply would leave it there.
    expect(found.commands).toEqual([
      "kubectl --context main0 -n sample delete virtualservice.networking.istio.io foreign",
    ]);
  });
});

test("one answer of a version with weight 0 fails", async () => {
  const mesh = meshOf(defaultIstioLine.id, "weights: { v1: 100, v2: 0 }");
  const composed = await compose(mesh);
  const { replies } = composed.clusters.main0!;
  expect(notPassed(await verifyComposed(composed))).toEqual([]);
  composed.clusters.main0!.replies = [...(replies as []), answerOf("v2")];
  expect(firstProblem(await verifyComposed(composed))).toMatchObject({
    id: "split.shares",
    cluster: "main0",
  });
});
