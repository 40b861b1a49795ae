import type { CheckReport, Status } from "../checks/report";
import type { MeshStatus } from "../ops/status";
import { counted, figure } from "./words";

/** What a reader takes home who reads one sentence. */
export interface Headline {
  readonly sentence: string;
  readonly status: Status;
}

/** The first that is so: what is worse stands above what is better. */
export function headlineOf({ counts, results }: CheckReport, status: MeshStatus): Headline {
  const unjudged = counts["not judged"];
  const { problems, differences } = status;
  if (counts.fail > 0) {
    return {
      status: "fail",
      sentence: `${figure(counts.fail)} of ${counted(results.length, "check")} failed`,
    };
  }
  if (unjudged > 0) {
    return { status: "warn", sentence: `No check failed, and ${figure(unjudged)} could not be judged` };
  }
  if (counts.warn > 0) {
    return { status: "warn", sentence: `The mesh works, with ${counted(counts.warn, "warning")}` };
  }
  if (problems.length > 0) return { status: "warn", sentence: "The mesh works, and not all of it is well" };
  if (differences.length > 0) {
    return { status: "warn", sentence: "The mesh works, and is not quite as mesh.yaml has it" };
  }
  return { status: "pass", sentence: "The mesh works" };
}
