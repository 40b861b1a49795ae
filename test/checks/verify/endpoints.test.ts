import { compose, ended, lines, notPassed, objectIn, verifyComposed } from "./composed-mesh";
import { gatewayOf, testFaults } from "./fault";
import { endpointFaults } from "./faults/endpoints";

testFaults(endpointFaults);

describe.each(Object.entries(lines))("pods that do not serve, on line %s", (_, mesh) => {
  test.each(["Failed", "Succeeded"] as const)("%s pods are ignored", async (phase) => {
    const composed = await compose(mesh);
    const { istioSystem, sample } = composed.clusters.main0!;
    const istiod = ended(objectIn(istioSystem, "Pod", "istiod-0"), "istiod-old", phase);
    const gateway = ended(objectIn(istioSystem, "Pod", `${gatewayOf(composed)}-0`), "gateway-old", phase);
    Object.assign(gateway.metadata, { labels: { istio: mesh.istio.line.gateway.selector } });
    const bare = ended(objectIn(sample, "Pod", "helloworld-v1-0"), "helloworld-old", phase);
    const image = "docker.io/istio/pilot:1.2.3";
    istioSystem.push({ ...istiod, spec: { containers: [{ name: "discovery", image }] } }, gateway);
    sample.push({ ...bare, spec: { containers: [{ name: "helloworld" }] } });
    expect(notPassed(await verifyComposed(composed))).toEqual([]);
  });

  test("a Terminating pod with an old proxy is ignored", async () => {
    const composed = await compose(mesh);
    const { sample } = composed.clusters.main0!;
    const leaving = structuredClone(objectIn(sample, "Pod", "helloworld-v1-0"));
    Object.assign(leaving.metadata, { name: "leaving", deletionTimestamp: "2030-06-01T12:00:00Z" });
    leaving.spec.containers[0].image = "docker.io/istio/proxyv2:1.2.3";
    sample.push(leaving);
    expect(notPassed(await verifyComposed(composed))).toEqual([]);
  });
});

test("a client without a proxy is reported once, and the mesh is not verified", async () => {
  const composed = await compose(lines.current);
  composed.clusters.remote0!.proxyCertificates = undefined;
  objectIn(composed.clusters.remote0!.sample, "Pod", "curl-0").spec.containers.shift();
  const report = await verifyComposed(composed);
  expect(notPassed(report)).toEqual([
    "not judged trust.workloads remote0",
    "fail endpoints.sidecars remote0",
  ]);
});
