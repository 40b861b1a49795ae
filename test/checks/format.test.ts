import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { CheckFacts } from "../../checks/check";
import { reportFormats } from "../../checks/format/format";
import { asProof, type CheckReport, type CheckResult, reportOf } from "../../checks/report";

const result = (id: CheckFacts["id"], more: Partial<CheckResult>): CheckResult => ({
  id,
  layer: id.split(".")[0] as CheckResult["layer"],
  severity: "fail",
  title: `title of ${id}`,
  status: "pass",
  evidence: [],
  commands: [],
  docs: `docs/checks.md#${id.replace(".", "")}`,
  seconds: 0.1,
  ...more,
});

const report = reportOf(
  "mesh1",
  [
    result("programs.kubectl", { evidence: ["1.34.4"] }),
    result("reachable.api", { cluster: "main0", evidence: ["https://198.18.0.11:6443"] }),
    result("reachable.api", {
      cluster: "remote0",
      status: "fail",
      evidence: ["https://127.0.0.1:1: refused"],
      fix: "start it",
      commands: ["kubectl --context remote0 get --raw /version"],
    }),
    result("versions.kubernetes", { cluster: "main0", evidence: ["1.34.4"] }),
    result("versions.kubernetes", {
      cluster: "remote0",
      status: "not judged",
      evidence: ["reachable.api of remote0 must pass first"],
      blockedBy: { id: "reachable.api", cluster: "remote0" },
    }),
    result("exposure.images", { severity: "info", status: "info", evidence: ["docker.io"], fix: "let them" }),
  ],
  1.23,
);

test("text shows layers, marks, evidence, fix and commands", () => {
  expect(reportFormats.text(report, { color: false })).toBe(`local programs
--------------
√ title of programs.kubectl: 1.34.4

clusters reachable
------------------
√ title of reachable.api (main0): https://198.18.0.11:6443
× title of reachable.api (remote0)
    https://127.0.0.1:1: refused
    fix: start it
      kubectl --context remote0 get --raw /version
    1 other check is not judged until it passes
    see docs/checks.md#reachableapi

versions
--------
√ title of versions.kubernetes (main0): 1.34.4

exposure
--------
i title of exposure.images
    docker.io
    fix: let them
    see docs/checks.md#exposureimages

checks failed: 3 passed, 1 info, 1 failed, 1 not judged (1.2 s)
`);
});

test("the summary says 'not proved' if a failing check was not judged", () => {
  const open = [result("trust.workloads", { status: "not judged" })];
  const last = (of: CheckReport) => reportFormats.text(of, { color: false }).trimEnd().split("\n").at(-1);
  expect(last(reportOf("mesh1", open, 1))).toBe("no check failed: 0 passed, 1 not judged (1.0 s)");
  expect(last(asProof(reportOf("mesh1", open, 1)))).toBe("not proved: 0 passed, 1 not judged (1.0 s)");
});

test("counts are shown for each cluster, even if they are equal", () => {
  const split = (cluster: string) =>
    result("split.shares", {
      cluster,
      evidence: ["v1 61 (50 % wanted), v2 59 (50 % wanted)"],
      shares: [
        { name: "v1", wanted: 50, seen: 61 },
        { name: "v2", wanted: 50, seen: 59 },
      ],
    });
  const one = reportOf("mesh1", [split("main0"), split("remote0")], 1);
  expect(reportFormats.text(one, { color: false })).toContain(
    `√ title of split.shares (main0, remote0)
    main0: v1 61 (50 % wanted), v2 59 (50 % wanted)
    remote0: v1 61 (50 % wanted), v2 59 (50 % wanted)
`,
  );
});

test("clusters that pass share a line, and more than four are counted", () => {
  const names = ["a", "b", "c", "d", "e"];
  const of = (clusters: string[]) =>
    reportFormats.text(
      reportOf(
        "mesh1",
        clusters.map((cluster) => result("reachable.api", { cluster, evidence: [cluster] })),
        1,
      ),
      { color: false },
    );
  expect(of(names.slice(0, 2))).toContain("√ title of reachable.api (a, b)\n");
  expect(of(names)).toContain("√ title of reachable.api (5 clusters)\n");
});

test("only text has colours, and only for terminals", () => {
  expect(reportFormats.text(report, { color: true })).toContain("\u001b[31m×\u001b[39m");
  for (const format of [reportFormats.json, reportFormats.junit, reportFormats.text]) {
    expect(format(report, { color: false })).not.toContain("\u001b");
  }
});

test("JSON is the report itself", () => {
  expect(JSON.parse(reportFormats.json(report, { color: true }))).toEqual(JSON.parse(JSON.stringify(report)));
});

test("JUnit has a suite for each layer and a case for each check and cluster", () => {
  const xml = reportFormats.junit(report, { color: false });
  expect(XMLValidator.validate(xml)).toBe(true);
  const parsed = new XMLParser({ ignoreAttributes: false, isArray: (name) => name.startsWith("test") }).parse(
    xml,
  );
  const [all] = parsed.testsuites;
  expect(all).toMatchObject({ "@_name": "mesh1", "@_tests": "6", "@_failures": "1", "@_skipped": "1" });
  const reachable = all.testsuite.find((suite: { "@_name": string }) => suite["@_name"] === "reachable");
  expect(reachable).toMatchObject({ "@_tests": "2", "@_failures": "1", "@_errors": "0" });
  expect(reachable.testcase[1]).toMatchObject({ "@_classname": "remote0", "@_name": "reachable.api" });
  expect(reachable.testcase[1].failure["@_message"]).toBe("https://127.0.0.1:1: refused");
  expect(reachable.testcase[1].failure["#text"]).toContain("fix: start it");
});

test("JUnit output is valid XML for any evidence", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const one = result("trust.ca", { status: "fail", evidence: [text], commands: [text] });
      const xml = reportFormats.junit(reportOf("mesh1", [one], 0), { color: false });
      expect(XMLValidator.validate(xml)).toBe(true);
    }),
  );
});
