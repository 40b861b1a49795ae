import { join } from "node:path";
import { idOfNeed } from "../../../checks/check";
import { verifyChecks } from "../../../checks/verify/verify";
import { newFolder } from "../../ca/authority";
import {
  caSecret,
  compose,
  firstProblem,
  lines,
  meshOf,
  notPassed,
  objectIn,
  otherAuthority,
  verifyComposed,
} from "./composed-mesh";
import { addonFaults } from "./faults/addons";
import { controlPlaneFaults } from "./faults/control-plane";
import { endpointFaults } from "./faults/endpoints";
import { gatewayFaults } from "./faults/gateways";
import { prerequisiteFaults } from "./faults/prerequisites";
import { remoteSecretFaults } from "./faults/remote-secrets";
import { trafficFaults } from "./faults/traffic";
import { trustFaults } from "./faults/trust";

// Meshes with composed answers. Faults of live meshes: test/e2e/verify-faults.full.test.ts.

describe.each(Object.entries(lines))("a healthy mesh of line %s", (_, mesh) => {
  test("passes every check", async () => {
    const report = await verifyComposed(await compose(mesh));
    expect(notPassed(report)).toEqual([]);
    expect(report.counts["not judged"]).toBe(0);
  });

  test("passes if the weights are in another order than in mesh.yaml", async () => {
    const composed = await compose(mesh);
    const { http } = objectIn(composed.clusters.main0!.networking, "VirtualService", "helloworld").spec;
    http[0].route.reverse();
    expect(notPassed(await verifyComposed(composed))).toEqual([]);
  });

  test("passes without a sample, and sends no requests", async () => {
    const bare = meshOf(mesh.istio.line.id, "enabled: false");
    const report = await verifyComposed(await compose(bare));
    expect(notPassed(report)).toEqual([]);
    expect(report.results.filter(({ layer }) => ["traffic", "split", "endpoints"].includes(layer))).toEqual(
      mesh === lines.current ? [expect.anything(), expect.anything()] : [],
    );
  });

  test("compares the roots of the clusters if the CA folder is missing", async () => {
    const composed = await compose(mesh);
    composed.meshFile = join(newFolder(), "mesh.yaml");
    expect(notPassed(await verifyComposed(composed))).toEqual([]);
    composed.clusters.remote0!.secrets[0] = caSecret((await otherAuthority()).material.remote0!);
    expect(firstProblem(await verifyComposed(composed)).evidence[0]).toMatch(/of remote0 has the root/);
  });
});

test("Kiali's multi-cluster Secret and a revision label instead of istio-injection are accepted", async () => {
  const composed = await compose(lines.current);
  for (const { secrets, namespaces } of Object.values(composed.clusters)) {
    secrets.push({
      kind: "Secret",
      metadata: {
        name: "kiali-multi-cluster",
        namespace: "istio-system",
        labels: { "kiali.io/multiCluster": "true" },
      },
      data: { east: Buffer.from("apiVersion: v1\nkind: Config\n").toString("base64") },
    });
    // It injects as istio-injection=enabled does; the dry run decides.
    const labels = namespaces.find(({ metadata }) => metadata.name === "sample").metadata.labels;
    delete labels["istio-injection"];
    labels["istio.io/rev"] = "default";
  }
  expect(notPassed(await verifyComposed(composed))).toEqual([]);
});

test("an istioctl of another line is the only problem reported", async () => {
  const composed = await compose(lines.current);
  composed.programs.istioctl = "1.7.3";
  const unknown = new Error('unknown command "remote-clusters" for "istioctl"');
  Object.assign(composed, { readClusters: unknown, proxies: unknown });
  expect(notPassed(await verifyComposed(composed))).toEqual(["fail versions.istioctl"]);
});

test("a cluster without the mesh is the only problem reported after a partial destroy", async () => {
  const composed = await compose(lines.current);
  const remote = composed.clusters.remote0!;
  remote.namespaces = remote.namespaces.filter(({ metadata }) => metadata.name === "kube-system");
  Object.assign(remote, { istioSystem: [], secrets: [], sample: [], webhooks: [], trustedRoot: undefined });
  expect(notPassed(await verifyComposed(composed))).toEqual(["fail installed.mesh remote0"]);
});

test("no fix restarts pods while injection is broken", async () => {
  const composed = await compose(lines.current);
  composed.clusters.remote0!.injected = ["curl"];
  composed.proxies = composed.proxies.filter(({ cluster }) => cluster !== "remote0");
  const { results } = await verifyComposed(composed);
  expect(
    results.find(({ id, cluster }) => id === "endpoints.proxies" && cluster === "remote0"),
  ).toMatchObject({
    status: "not judged",
    commands: [],
  });
  const printed = results.flatMap(({ commands }) => commands);
  expect(printed.filter((command) => /delete pod|rollout restart/.test(command))).toEqual([]);
});

test("every check of verify is seen to fail", () => {
  // These layers are shared with doctor.
  const ofOthers = ["programs", "reachable", "versions", "clusters"];
  const allFaults = [
    ...prerequisiteFaults,
    ...trustFaults,
    ...controlPlaneFaults,
    ...remoteSecretFaults,
    ...gatewayFaults,
    ...endpointFaults,
    ...trafficFaults,
    ...addonFaults,
  ];
  const seen = new Set(allFaults.map((fault) => fault.expect.split(" ")[1]));
  const unseen = verifyChecks
    .map(({ id }) => id)
    .filter((id) => !seen.has(id) && !ofOthers.includes(id.split(".")[0]!));
  // Tested in addons.test.ts and traffic.test.ts.
  expect(unseen.sort()).toEqual(["addons.kiali", "traffic.clusters"]);
});

test("no failing check needs a check that only warns", () => {
  const severities = new Map(verifyChecks.map(({ id, severity }) => [id, severity]));
  const vital = verifyChecks.filter(({ severity }) => severity === "fail");
  expect(
    vital.filter(({ needs }) => needs.some((need) => severities.get(idOfNeed(need)) !== "fail")),
  ).toEqual([]);
});
