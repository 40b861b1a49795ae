import type { Programs } from "../exec/programs";
import type { Reporter } from "./progress";

/** What commands use to run programs, to report progress and to tell the time. */
export interface Context {
  readonly programs: Programs;
  readonly reporter: Reporter;
  readonly now: () => Date;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Folder for temporary files, readable by its owner alone: `.mesh`. */
  readonly workFolder: string;
}
