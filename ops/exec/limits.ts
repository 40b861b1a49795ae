import type { Programs } from "./programs";

/** Seconds for an API server to answer. kubectl gets them as its own timeout, so the error message is kubectl's. */
const requestSeconds = 10;
/** Credential plugins call a cloud before kubectl calls the cluster. */
const pluginSeconds = 10;

/** For queries: a cluster that does not answer fails soon. */
export const withRequestTimeout = ({ run }: Programs): Programs => ({
  run: (program, args, options) =>
    run(program, program === "kubectl" ? [`--request-timeout=${requestSeconds}s`, ...args] : args, {
      deadlineSeconds: requestSeconds + pluginSeconds,
      ...options,
    }),
});

/** Programs that run at once. kubectl takes some 40 MB, and a mesh may have a hundred clusters. */
const atOnce = 24;

/** Runs only some programs at a time. A deadline counts from the start of its program. */
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

/** Programs that are stopped when `signal` is aborted. */
export const withAbortSignal = ({ run }: Programs, signal: AbortSignal): Programs => ({
  run: (program, args, options) =>
    run(program, args, {
      ...options,
      signal: options?.signal ? AbortSignal.any([options.signal, signal]) : signal,
    }),
});
