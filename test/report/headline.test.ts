import { asProof, reportOf, type Status } from "../../checks/report";
import { headlineOf } from "../../report/headline";
import { meshOf, result, statusOf } from "./reports";

const checks = (...statuses: Status[]) =>
  asProof(
    reportOf(
      "mesh1",
      statuses.map((status, index) => result(`reachable.${index}`, { status })),
      1,
    ),
  );
const minor = result("addons.metrics", { severity: "warn", status: "not judged" });
const remark = [{ cluster: "main0", text: "is not as it was" }];

test("a mesh works if only checks that it does not depend on are not judged", () => {
  const report = asProof(reportOf("mesh1", [result("traffic.answers"), minor], 1));
  expect(headlineOf(report, statusOf(meshOf()))).toEqual({
    sentence: "The mesh works, but 1 check could not be judged",
    status: "warn",
  });
});

test.each<[string, Status, Status[], Parameters<typeof statusOf>[1]]>([
  ["The mesh works", "pass", ["pass", "info"], {}],
  ["1 of 3 checks failed", "fail", ["pass", "warn", "fail"], { problems: remark }],
  ["2 of 2 checks failed", "fail", ["fail", "fail"], {}],
  ["Not verified: 1 check could not be judged", "fail", ["pass", "not judged", "warn"], {}],
  ["The mesh works, with 1 warning", "warn", ["pass", "warn"], { differences: remark }],
  ["The mesh works, with 2 warnings", "warn", ["warn", "warn"], {}],
  ["The mesh works, but differs from mesh.yaml", "warn", ["pass"], { differences: remark }],
])("%s", (sentence, status, statuses, found) => {
  expect(headlineOf(checks(...statuses), statusOf(meshOf(), found))).toEqual({ sentence, status });
});
