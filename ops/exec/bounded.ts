import type { Programs } from "./programs";

/** Seconds for an API server to answer. kubectl is told, so that the words of failure are its own. */
const requestSeconds = 10;
/** Credential plugins talk to a cloud before kubectl talks to the cluster. */
const pluginSeconds = 10;

/** For questions: a cluster that does not answer is given up soon. */
export const bounded = ({ run }: Programs): Programs => ({
  run: (program, args, options) =>
    run(program, program === "kubectl" ? [`--request-timeout=${requestSeconds}s`, ...args] : args, {
      deadlineSeconds: requestSeconds + pluginSeconds,
      ...options,
    }),
});

/** The first line of what went wrong that says something. */
export function inShort(error: unknown): string {
  const [first = "", second] = String((error as Error).message ?? error).split("\n");
  // A program that failed: its command is in the log, its words are what counts.
  return second?.trim() || first;
}
