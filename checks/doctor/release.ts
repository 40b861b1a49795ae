import type { FieldProblem } from "../../mesh/problem";
import { faultFindings, supportFindings } from "../../mesh/releases";
import { type Check, pass, problem, type Verdict } from "../check";
import type { DoctorWorld } from "./world";

const verdict = (findings: readonly FieldProblem[], seen: string): Verdict =>
  findings.length > 0
    ? problem(
        findings.map(({ message }) => message),
        { fix: findings[0]!.fix },
      )
    : pass(seen);

export const releaseChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "versions.faults",
    of: "mesh",
    severity: "warn",
    title: "the Istio release has no known multicluster bug",
    looksAt: "istio.version in mesh.yaml, against the known bugs of its line",
    why: "The bug breaks traffic between clusters, whatever the configuration.",
    fix: "set istio.version to a patch version without the bug, and apply",
    needs: [],
    look: ({ mesh: { istio } }) => verdict(faultFindings(istio), `Istio ${istio.version}`),
  },
  {
    id: "versions.support",
    of: "mesh",
    severity: "warn",
    title: "upstream supports the Istio line for 60 more days",
    looksAt: "istio.line in mesh.yaml, against the end of its support, where upstream has given a date",
    why: "Unsupported lines get no security fixes. Plan the upgrade in time. https://istio.io/latest/docs/releases/supported-releases/",
    fix: "plan the upgrade to a newer line",
    needs: [],
    look: ({ mesh: { istio }, now }) =>
      verdict(
        supportFindings(istio, now()),
        istio.line.supportEnds ? `supported until ${istio.line.supportEnds.date}` : "supported",
      ),
  },
];
