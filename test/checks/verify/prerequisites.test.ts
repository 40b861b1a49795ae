import { defaultIstioLine } from "../../../mesh/istio-lines";
import type { Mesh } from "../../../mesh/mesh";
import { compose, lines, meshOf, notPassed, objectIn, verifyComposed } from "./composed-mesh";
import { testFaults } from "./fault";
import { prerequisiteFaults } from "./faults/prerequisites";

testFaults(prerequisiteFaults);

describe("if exec and port-forward get no answer", () => {
  const broken = async (mesh: Mesh, ...names: string[]) => {
    const composed = await compose(mesh);
    for (const name of names) composed.clusters[name]!.noWayToPods = "kubectl exec: no answer within 12 s";
    return verifyComposed(composed);
  };

  test.each(Object.entries(lines))("in both clusters, each reports one cause on line %s", async (_, mesh) => {
    const report = await broken(mesh, "main0", "remote0");
    expect(notPassed(report)).toEqual(["fail reachable.nodes main0", "fail reachable.nodes remote0"]);
    const blocked = report.results.filter(({ blockedBy }) => blockedBy);
    expect(new Set(blocked.map(({ blockedBy }) => blockedBy!.id))).toEqual(new Set(["reachable.nodes"]));
    // Checks that only get and list still run.
    expect(report.results).toContainEqual(
      expect.objectContaining({ id: "gateways.ready", cluster: "main0", status: "pass" }),
    );
  });

  test("in the remote, checks that ask the primary's istiod still run", async () => {
    const report = await broken(lines.current, "remote0");
    expect(notPassed(report)).toEqual(["fail reachable.nodes remote0"]);
    expect(report.results).toContainEqual(
      expect.objectContaining({ id: "control-plane.synced", cluster: "remote0", status: "pass" }),
    );
  });

  test("because the client is not running, the client is the cause", async () => {
    const composed = await compose(lines.current);
    composed.clusters.main0!.noWayToPods = "no such pod";
    objectIn(composed.clusters.main0!.sample, "Deployment", "curl").status = {};
    expect(notPassed(await verifyComposed(composed))).toEqual(["fail endpoints.client main0"]);
  });

  test("in the primary of a mesh without a sample, the primary reports it", async () => {
    const bare = meshOf(defaultIstioLine.id, "enabled: false");
    expect(notPassed(await broken(bare, "main0"))).toEqual(["fail reachable.nodes main0"]);
  });
});
