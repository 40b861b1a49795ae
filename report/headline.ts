import type { CheckReport, Status } from "../checks/report";
import type { MeshStatus } from "../ops/status/status";
import { counted, figure } from "./words";

/** What a reader takes home who reads one sentence. */
export interface Headline {
  readonly sentence: string;
  readonly status: Status;
}

/** The first that is so: what is worse stands above what is better. */
export function headlineOf(
  { ok, counts, results }: CheckReport,
  { problems, differences }: MeshStatus,
): Headline {
  const unjudged = results.filter(({ status }) => status === "not judged").length;
  if (counts.fail > 0) {
    return {
      status: "fail",
      sentence: `${figure(counts.fail)} of ${counted(results.length, "check")} failed`,
    };
  }
  if (!ok) {
    return { status: "fail", sentence: `Not proved: ${counted(unjudged, "check")} could not be judged` };
  }
  if (counts.warn > 0) return warning(`The mesh works, with ${counted(counts.warn, "warning")}`);
  if (problems.length > 0) return warning("The mesh works, and not all of it is well");
  if (differences.length > 0) return warning("The mesh works, and is not quite as mesh.yaml has it");
  if (unjudged > 0) {
    return warning(`The mesh works, and ${counted(unjudged, "check")} could not be judged`);
  }
  return { status: "pass", sentence: "The mesh works" };
}

const warning = (sentence: string): Headline => ({ status: "warn", sentence });
