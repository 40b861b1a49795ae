import type { CheckReport } from "../../../checks/report";
import type { Mesh } from "../../../mesh/mesh";
import { compose, lines, notPassed, remoteSecret, verifyComposed } from "./composed-mesh";
import { testFaults } from "./fault";
import { controlPlaneFaults } from "./faults/control-plane";
import { remoteSecretFaults } from "./faults/remote-secrets";

describe("control plane", () => testFaults(controlPlaneFaults));

describe("remote secrets", () => testFaults(remoteSecretFaults));

describe("a remote secret with a client certificate", () => {
  const withCertificate = async (mesh: Mesh) => {
    const composed = await compose(mesh);
    const user = { "client-certificate-data": "Y2VydA==", "client-key-data": "a2V5" };
    composed.clusters.main0!.secrets[1] = remoteSecret("remote0", { user });
    // The answer to a request without a token.
    composed.clusters.main0!.access.remote0 = "401";
    return composed;
  };
  const accessIn = ({ results }: CheckReport) =>
    results.find(({ id }) => id === "control-plane.remote-access")!;

  test("passes if istiod has read the cluster with it", async () => {
    const report = await verifyComposed(await withCertificate(lines.current));
    expect(notPassed(report)).toEqual([]);
    expect(accessIn(report).evidence[0]).toMatch(/has no token .*; istiod of main0 says: synced$/);
  });

  test("is not judged if istiod has not read the cluster, and no command deletes the Secret", async () => {
    const composed = await withCertificate(lines.current);
    composed.readClusters = { main0: "synced", remote0: "timeout" };
    const report = await verifyComposed(composed);
    expect(notPassed(report)).toEqual(["not judged control-plane.remote-access remote0"]);
    expect(accessIn(report).evidence[0]).toMatch(/istiod of main0 says: timeout$/);
    expect(accessIn(report).commands).toEqual([]);
    expect(report.ok).toBe(false);
  });

  test("is not judged on the line whose istiod does not report clusters", async () => {
    const report = await verifyComposed(await withCertificate(lines["1.7"]));
    expect(notPassed(report)).toEqual(["not judged control-plane.remote-access remote0"]);
    expect(report.ok).toBe(false);
  });
});
