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

  describe("where nodes have zones", () => {
    const zones = ["centralus-1", "centralus-2", "centralus-3"];
    const nodes = zones.map((zone) => ({
      kind: "Node",
      metadata: {
        name: `node-${zone}`,
        labels: { "topology.kubernetes.io/region": "centralus", "topology.kubernetes.io/zone": zone },
      },
    }));

    /** Three pods of v1 in main0 and three of v2 in remote0, in these zones; a gateway has the weight that istiod gives it. */
    async function zoned(places: Readonly<Record<string, readonly number[]>>, mesh = unweighted) {
      const composed = await compose(mesh);
      for (const [name, version] of [
        ["main0", "v1"],
        ["remote0", "v2"],
      ] as const) {
        const own = composed.clusters[name]!;
        own.nodes = nodes;
        const helloworld = running(`helloworld-${version}`, "sample", {
          labels: { app: "helloworld", version },
          containers: [{ name: "istio-proxy", image: `x:${defaultIstioLine.version}` }],
          pods: 3,
          ip: version === "v1" ? "10.0.0.5" : "10.1.0.6",
        });
        places[name]!.forEach((zone, index) => {
          helloworld[index + 1].spec.nodeName = `node-${zones[zone]}`;
        });
        own.sample = [
          ...own.sample.filter(({ metadata }) => !metadata.name.startsWith(`helloworld-${version}`)),
          ...helloworld,
        ];
        for (const index of [1, 2])
          composed.proxies.push({ name: `helloworld-${version}-${index}.sample`, cluster: name, stale: [] });
      }
      for (const cluster of mesh.clusters) {
        const seen = endpointsSeenFrom(mesh, cluster, composed.clusters);
        composed.clusters[cluster.name]!.endpoints = seen;
        for (const [version, other] of [
          ["v1", "main0"],
          ["v2", "remote0"],
        ] as const) {
          if (other === cluster.name) continue;
          const [first] = [...places[other]!].sort();
          const [address] = Object.keys(seen[version]!);
          seen[version]![address!] = places[other]!.filter((zone) => zone === first).length;
        }
      }
      return composed;
    }
    /** As sent to three endpoints of the own cluster, and one behind the gateway. */
    const skewed = (own: string, other: string) => [
      ...Array.from({ length: 113 }, () => answerOf(own)),
      ...Array.from({ length: 37 }, () => answerOf(other)),
    ];
    const resultOf = (report: Awaited<ReturnType<typeof verifyComposed>>, id: string, cluster: string) =>
      report.results.find((one) => one.id === id && one.cluster === cluster)!;

    test("the share of a cluster with pods in several zones is not judged, with the reason", async () => {
      const composed = await zoned({ main0: [0, 0, 0], remote0: [0, 1, 2] });
      composed.clusters.main0!.replies = skewed("v1", "v2");
      const report = await verifyComposed(composed);
      expect(notPassed(report)).toEqual(["info endpoints.set main0", "info traffic.clusters main0"]);
      expect(report.ok).toBe(true);
      expect(resultOf(report, "traffic.clusters", "main0").evidence).toEqual([
        "main0 113 (3 pods), remote0 37 (3 pods)",
        "remote0 has pods in 3 localities: centralus/centralus-1, centralus/centralus-2, centralus/centralus-3",
        expect.stringMatching(
          /^the shares are not judged: .*istio#56355.*; to set shares, give the versions weights$/,
        ),
      ]);
      expect(resultOf(report, "traffic.clusters", "main0").shares).toBeUndefined();
      // The client there sees one zone of main0, and its own pods one by one.
      expect(resultOf(report, "traffic.clusters", "remote0").shares).toBeDefined();
    });

    test("the share is judged if the pods of each other cluster are in one zone, whatever the own cluster has", async () => {
      const composed = await zoned({ main0: [0, 1, 2], remote0: [1, 1, 1] });
      composed.clusters.main0!.replies = skewed("v1", "v2");
      composed.clusters.remote0!.replies = skewed("v2", "v1");
      const report = await verifyComposed(composed);
      // The client in remote0 sees main0's gateway, whose pods are in three zones.
      expect(notPassed(report)).toEqual([
        "info endpoints.set remote0",
        "fail traffic.clusters main0",
        "info traffic.clusters remote0",
      ]);
      composed.clusters.main0!.replies = [...skewed("v1", "v2"), ...skewed("v2", "v1")];
      expect(notPassed(await verifyComposed(composed))).toEqual([
        "info endpoints.set remote0",
        "info traffic.clusters remote0",
      ]);
    });

    test("the locality in a label of the pod comes before that of its node", async () => {
      const composed = await zoned({ main0: [0, 0, 0], remote0: [0, 1, 2] });
      const { sample, nodes: own } = composed.clusters.remote0!;
      expect(own).toHaveLength(3);
      for (const index of [0, 1, 2])
        objectIn(sample, "Pod", `helloworld-v2-${index}`).metadata.labels["istio-locality"] = "here";
      composed.clusters.main0!.endpoints.v2 = { "203.0.113.101": 3 };
      expect(notPassed(await verifyComposed(composed))).toEqual([]);
    });

    test("an endpoint that is missing, and a pod with a wrong weight, still fail", async () => {
      const composed = await zoned({ main0: [0, 0, 0], remote0: [0, 1, 2] });
      const { endpoints } = composed.clusters.main0!;
      const [address] = Object.keys(endpoints.v1!);
      endpoints.v1![address!] = 7;
      expect(firstProblem(await verifyComposed(composed))).toMatchObject({
        id: "endpoints.set",
        cluster: "main0",
        evidence: [
          expect.stringMatching(/^v1: pod helloworld-v1-0 has the weight 7 of 9, and 1 of 3 pods$/),
          ...Array(2).fill(expect.anything()),
        ],
      });
      endpoints.v1![address!] = 1;
      endpoints.v2 = {};
      expect(firstProblem(await verifyComposed(composed)).evidence[0]).toMatch(
        /^v2: 203\.0\.113\.101 is missing/,
      );
    });

    test("shares of versions with weights are judged all the same", async () => {
      const mesh = meshOf(defaultIstioLine.id);
      const composed = await zoned({ main0: [0, 1, 2], remote0: [0, 1, 2] }, mesh);
      expect(notPassed(await verifyComposed(composed))).toEqual([
        "info endpoints.set main0",
        "info endpoints.set remote0",
      ]);
      composed.clusters.main0!.replies = [
        ...Array.from({ length: 135 }, () => answerOf("v1")),
        ...Array.from({ length: 15 }, () => answerOf("v2")),
      ];
      expect(firstProblem(await verifyComposed(composed))).toMatchObject({
        id: "split.shares",
        cluster: "main0",
      });
    });
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
