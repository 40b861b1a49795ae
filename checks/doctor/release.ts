import type { FieldProblem } from "../../mesh/problem";
import { faultFindings, supportFindings } from "../../mesh/releases";
import { type Check, faulty, sound, type Verdict } from "../check";
import type { DoctorWorld } from "./world";

const verdict = (findings: readonly FieldProblem[], seen: string): Verdict =>
  findings.length > 0
    ? faulty(
        findings.map(({ message }) => message),
        { fix: findings[0]!.fix },
      )
    : sound(seen);

export const releaseChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "versions.faults",
    of: "mesh",
    severity: "warn",
    title: "the Istio release is free of faults that break a mesh of several clusters",
    looksAt: "istio.version in mesh.yaml, against the faults that this tool knows of its line",
    why: "Traffic between clusters breaks in a mesh in which everything else is right.",
    fix: "set istio.version to a patch version without the fault, and apply",
    needs: [],
    look: ({ mesh: { istio } }) => verdict(faultFindings(istio), `Istio ${istio.version}`),
  },
  {
    id: "versions.support",
    of: "mesh",
    severity: "warn",
    title: "upstream supports the Istio line for 60 more days",
    looksAt: "istio.line in mesh.yaml, against the end of its support, where upstream has given a date",
    why: "Security holes found later are not fixed in it. An upgrade of a mesh takes preparation. https://istio.io/latest/docs/releases/supported-releases/",
    fix: "plan the move to a newer line",
    needs: [],
    look: ({ mesh: { istio }, now }) =>
      verdict(
        supportFindings(istio, now()),
        istio.line.supportEnds ? `supported until ${istio.line.supportEnds.date}` : "supported",
      ),
  },
];
