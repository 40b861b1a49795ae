import type { Programs } from "../exec/programs";
import type { Reporter } from "./progress";

/** What a command is handed from outside: no command starts a program, prints or looks at the clock by itself. */
export interface Context {
  readonly programs: Programs;
  readonly reporter: Reporter;
  readonly now: () => Date;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Folder for what lasts no longer than a run, readable by its owner alone: `.mesh`. */
  readonly workFolder: string;
}
