import { asProof, type CheckResult, reportOf } from "../../checks/report";
import { result } from "../report/reports";

const proved = (...results: CheckResult[]) => asProof(reportOf("mesh1", results, 1)).ok;
const open = (severity: CheckResult["severity"]) =>
  result("trust.workloads", { status: "not judged", severity, cluster: "main0" });
const waiting = result("traffic.answers", { status: "not judged", blockedBy: { id: "addons.metrics" } });

test("what the mesh depends on and could not be judged is not proved", () => {
  expect(proved(result("trust.secret"), open("fail"))).toBe(false);
  expect(reportOf("mesh1", [open("fail")], 1).ok).toBe(true);
});

test("warnings, what is only told, and what is not judged of lesser things leave a proof", () => {
  expect(
    proved(
      result("clusters.clock", { severity: "warn", status: "warn" }),
      result("exposure.images", { severity: "info", status: "info" }),
      open("warn"),
      waiting,
    ),
  ).toBe(true);
});

test("what failed is no proof, whatever else passed", () => {
  expect(proved(result("trust.secret"), result("traffic.answers", { status: "fail" }))).toBe(false);
});
