import type { Programs } from "./programs";

/** Seconds for an API server to answer. kubectl is told, so that the words of failure are its own. */
const requestSeconds = 10;
/** Credential plugins talk to a cloud before kubectl talks to the cluster. */
const pluginSeconds = 10;

/** For questions: a cluster that does not answer is given up soon. */
export const withRequestTimeout = ({ run }: Programs): Programs => ({
  run: (program, args, options) =>
    run(program, program === "kubectl" ? [`--request-timeout=${requestSeconds}s`, ...args] : args, {
      deadlineSeconds: requestSeconds + pluginSeconds,
      ...options,
    }),
});

/** Programs that run at once. kubectl takes some 40 MB: a mesh of a hundred clusters must not ask for them all. */
const atOnce = 24;

/** The same programs, no more than some of them at a time. A deadline counts from a program's own start. */
export function withParallelLimit(programs: Programs): Programs {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(...call) {
      if (running >= atOnce) await new Promise<void>((start) => waiting.push(start));
      else running++;
      try {
        return await programs.run(...call);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}

/** The same programs; those that still run are ended when `signal` is aborted. */
export const withAbortSignal = ({ run }: Programs, signal: AbortSignal): Programs => ({
  run: (program, args, options) =>
    run(program, args, {
      ...options,
      signal: options?.signal ? AbortSignal.any([options.signal, signal]) : signal,
    }),
});
