import { asProof, type CheckResult, reportOf } from "../../checks/report";
import { result } from "../report/reports";

const proved = (...results: CheckResult[]) => asProof(reportOf("mesh1", results, 1)).ok;
const open = (severity: CheckResult["severity"]) =>
  result("trust.workloads", { status: "not judged", severity, cluster: "main0" });
const waiting = result("traffic.answers", { status: "not judged", blockedBy: { id: "addons.metrics" } });

test("a failing check that could not be judged leaves the mesh unproved", () => {
  expect(proved(result("trust.secret"), open("fail"))).toBe(false);
  expect(reportOf("mesh1", [open("fail")], 1).ok).toBe(true);
});

test("a mesh is proved despite warnings, information, and other checks that are not judged", () => {
  expect(
    proved(
      result("clusters.clock", { severity: "warn", status: "warn" }),
      result("exposure.images", { severity: "info", status: "info" }),
      open("warn"),
      waiting,
    ),
  ).toBe(true);
});

test("one failed check means that the mesh is not proved", () => {
  expect(proved(result("trust.secret"), result("traffic.answers", { status: "fail" }))).toBe(false);
});
