import type { Programs } from "./programs";

/** The same programs; those that still run are ended when `signal` is aborted. */
export const endedBy = ({ run }: Programs, signal: AbortSignal): Programs => ({
  run: (program, args, options) =>
    run(program, args, {
      ...options,
      signal: options?.signal ? AbortSignal.any([options.signal, signal]) : signal,
    }),
});
