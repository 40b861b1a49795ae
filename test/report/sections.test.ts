import type { Share } from "../../checks/check";
import { sectionOf, wordsOf } from "./reader";
import { broken, clusterStatus, healthy, inDays, meshOf, propsOf, result, traffic } from "./reports";

describe("what failed", () => {
  const failing = (count: number, evidence = (index: number) => `seen ${index}`) => {
    const mesh = meshOf(count);
    return propsOf(
      mesh,
      mesh.clusters.map(({ name }, index) =>
        result("gateways.dial", {
          cluster: name,
          status: "fail",
          evidence: [evidence(index)],
          fix: "open it",
        }),
      ),
    );
  };

  test("has cluster, evidence, fix, and the number of checks that depend on it", () => {
    const failed = wordsOf(broken(), "failed");
    expect(failed).toContain(
      "✕ failed The gateways of the others are reached Seen in remote1 203.0.113.1:15443",
    );
    expect(failed).toMatch(/Fix open port 15443 .* Commands kubectl --context remote1 -n sample exec/);
    expect(failed).toContain(
      "2 other checks are not judged until it passes. gateways.dial in docs/checks.md#gatewaysdial",
    );
  });

  test("does not list checks that depend on a failed one", () => {
    expect(sectionOf(broken(), "failed")!.match(/<article/g)).toHaveLength(2);
    expect(wordsOf(broken(), "look-at")).not.toContain("has to pass first");
  });

  test("groups equal results of clusters", () => {
    expect(
      wordsOf(
        failing(4, () => "the same"),
        "failed",
      ),
    ).toContain("Seen in main0, remote0, remote1, remote2 the same Fix open it");
    expect(
      wordsOf(
        failing(100, () => "the same"),
        "failed",
      ),
    ).toContain("Seen in main0, remote0, remote1, remote2, remote3 and 95 more clusters the same");
  });

  test("folds places beyond the third, with their number", () => {
    const section = sectionOf(failing(100), "failed")!;
    const [shown, folded] = section.split("<details>");
    expect(shown!.match(/class="place"/g)).toHaveLength(3);
    expect(folded).toContain("<summary>97 more clusters</summary>");
    expect(folded!.match(/class="place"/g)).toHaveLength(97);
  });

  test("formats commands in a fix as code", () => {
    const fix = "run `mesh ca`, <then> `mesh synth`";
    const props = propsOf(meshOf(), [result("trust.ca", { status: "fail", fix })]);
    expect(sectionOf(props, "failed")).toContain(
      "run <code>mesh ca</code>, &#60;then&#62; <code>mesh synth</code>",
    );
  });

  test("of the mesh as a whole names no cluster", () => {
    const props = propsOf(meshOf(), [result("trust.ca", { status: "fail", evidence: ["there is none"] })]);
    expect(wordsOf(props, "failed")).toContain("Title of trust.ca Seen there is none");
  });
});

describe("what to look at", () => {
  test("has warnings, and the remarks of status", () => {
    const words = wordsOf(broken(), "look-at");
    expect(words).toContain(
      "! warning The Secret cacerts is sound Seen in remote0 ends in 12 days, on 2026-12-06",
    );
    expect(words).toContain(
      "VirtualService sample/helloworld is not as mesh.yaml has it Next mesh apply --dry-run",
    );
  });

  test("has checks that are not judged and do not depend on a failed check", () => {
    const props = propsOf(meshOf(), [
      result("capacity.room", {
        status: "not judged",
        evidence: ["may not be read"],
        fix: "ask for the right",
      }),
    ]);
    expect(wordsOf(props, "look-at")).toContain(
      "– not judged Title of capacity.room Seen may not be read Fix ask",
    );
  });
});

describe("traffic", () => {
  const chartOf = (...shares: Share[]) =>
    propsOf(meshOf(), [result("split.shares", { cluster: "main0", shares, status: "fail" })]);
  const widths = (text: string) => [...text.matchAll(/width:([\d.]+)%/g)].map(([, width]) => Number(width));
  const borders = (text: string) => [...text.matchAll(/left:([\d.]+)%/g)].map(([, left]) => Number(left));

  test("shows measured and expected shares for every client", () => {
    const words = wordsOf(healthy(), "traffic");
    expect(words).toContain("Requests fall as mesh.yaml says");
    expect(words).toContain("From main0 ✓ passed 500 requests");
    expect(words).toContain("v1 89.4 % 90 % 447 v2 10.6 % 10 % 53");
    expect(words).toContain("From remote0 ✓ passed");
  });

  test("the bar has the measured shares, and the line the expected ones", () => {
    const section = sectionOf(
      chartOf(
        { name: "v1", wanted: 50, seen: 10 },
        { name: "v2", wanted: 30, seen: 30 },
        { name: "v3", wanted: 20, seen: 0 },
      ),
      "traffic",
    )!;
    expect(widths(section)).toEqual([25, 75]);
    expect(borders(section)).toEqual([50, 80]);
  });

  test("without replies there is an empty bar and a note", () => {
    const props = chartOf({ name: "v1", wanted: 90, seen: 0 }, { name: "v2", wanted: 10, seen: 0 });
    expect(widths(sectionOf(props, "traffic")!)).toEqual([]);
    expect(wordsOf(props, "traffic")).toContain("no request was answered");
  });

  test("failed clients come first, and clusters without a measurement are named", () => {
    const props = propsOf(meshOf(3), [
      traffic("main0", 450),
      traffic("remote0", 250, { status: "fail" }),
      traffic("remote1", 0, { status: "not judged", shares: undefined }),
    ]);
    const words = wordsOf(props, "traffic");
    expect(words.indexOf("From remote0 ✕ failed")).toBeLessThan(words.indexOf("From main0 ✓ passed"));
    expect(words).toContain("Not measured from remote1.");
  });

  test("further clients are folded", () => {
    expect(wordsOf(healthy(100), "traffic")).toContain("88 more clients");
  });
});

describe("clusters", () => {
  const mesh = meshOf();
  const [main0, remote0] = [clusterStatus(mesh, 0), clusterStatus(mesh, 1)];
  const words = (...clusters: (typeof main0)[]) => wordsOf(propsOf(mesh, [], { clusters }), "clusters");

  test("a row has versions, control plane, proxies and gateway addresses", () => {
    expect(words(main0)).toContain(
      "main0 primary main0 1.34.1 1.31.1 istiod 2/2 ready 4 of 4 istio-eastwestgateway 203.0.113.1 2/2 ready istio-ingressgateway 203.0.113.250 2/2 ready",
    );
    expect(words(remote0)).toContain("remote0 remote remote0 1.34.1 1.31.1 synced 4 of 4");
  });

  test("facts that could not be read are unknown", () => {
    const silent = {
      ...remote0,
      reachable: false,
      kubernetes: undefined,
      istio: [],
      synced: undefined,
      gateways: [],
      proxies: undefined,
    };
    expect(words(silent)).toContain("✕ does not answer unknown unknown unknown unknown");
  });

  test("marks an unexpected version and a missing address", () => {
    const gateways = [{ ...remote0.gateways[0]!, address: undefined }];
    expect(words({ ...remote0, istio: ["1.30.3", mesh.istio.version], gateways })).toMatch(
      /1\.30\.3 ! not 1\.31\.1 1\.31\.1 synced 4 of 4 istio-eastwestgateway ! no address yet/,
    );
  });
});

describe("certificates", () => {
  const mesh = meshOf();
  const [main0, remote0] = [clusterStatus(mesh, 0), clusterStatus(mesh, 1)];
  const ending = (days: number) => ({
    role: "root" as const,
    subject: "CN=x",
    notAfter: inDays(days),
    fingerprint: "abcd".repeat(16),
  });
  const words = (...clusters: (typeof main0)[]) => wordsOf(propsOf(mesh, [], { clusters }), "certificates");

  test("have their expiry date, and the clusters that share them", () => {
    const found = words(main0, remote0);
    expect(found).toContain("root O=mesh1, CN=Root CA 62fbfbea main0, remote0 2036-11-21 3,650");
    expect(found).toContain("intermediate O=mesh1, CN=Intermediate CA, L=remote0 remote0 2036-11-21 3,650");
    expect(found.match(/root O=/g)).toHaveLength(1);
  });

  test.each([
    [-1, "expired"],
    [29, "29 ! expires soon"],
    [30, "2026-12-24 30 abcd"],
  ])("with %d days left: %s", (days, says) => {
    expect(words({ ...main0, certificates: [ending(days)] })).toContain(says);
  });

  test("names a cluster without certificates", () => {
    expect(words(main0, { ...remote0, certificates: undefined })).toContain(
      "No Secret cacerts could be read in remote0.",
    );
  });
});

describe("every check", () => {
  test("is sorted by layer, with its status", () => {
    const words = wordsOf(broken(), "checks");
    expect(words).toContain(
      "Trust 1 warning, 5 passed ! warning The Secret cacerts is sound 1 warning, 2 passed",
    );
    expect(words).toContain("remote0 ! warning ends in 12 days, on 2026-12-06");
    expect(words).toContain(
      "main0, remote0, remote1 synced control-plane.synced in docs/checks.md#control-planesynced",
    );
  });

  test("information is open, because it appears nowhere else", () => {
    const open = sectionOf(healthy(), "checks")!.match(/<details open>.*?<\/details>/gs)!;
    expect(open).toHaveLength(1);
    expect(open[0]).toContain("exposure.istiod");
  });
});
