import type { CheckReport, Status } from "../checks/report";
import type { MeshStatus } from "../checks/status";
import { counted, figure } from "./elements";

/** The result in one sentence. */
export interface Headline {
  readonly sentence: string;
  readonly status: Status;
}

/** The first sentence that applies, from bad to good. */
export function headlineOf({ ok, counts, results }: CheckReport, { differences }: MeshStatus): Headline {
  const unjudged = results.filter(({ status }) => status === "not judged").length;
  if (counts.fail > 0) {
    return {
      status: "fail",
      sentence: `${figure(counts.fail)} of ${counted(results.length, "check")} failed`,
    };
  }
  if (!ok) {
    return { status: "fail", sentence: `Not verified: ${counted(unjudged, "check")} could not be judged` };
  }
  if (counts.warn > 0) return warning(`The mesh works, with ${counted(counts.warn, "warning")}`);
  if (differences.length > 0) return warning("The mesh works, but differs from mesh.yaml");
  if (unjudged > 0) {
    return warning(`The mesh works, but ${counted(unjudged, "check")} could not be judged`);
  }
  return { status: "pass", sentence: "The mesh works" };
}

const warning = (sentence: string): Headline => ({ status: "warn", sentence });
