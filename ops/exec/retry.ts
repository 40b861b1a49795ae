import { ProgramFailed } from "./errors";
import { pause } from "./timing";

/**
 * What the API server rejects now and accepts a moment later: istiod is ready before its webhook is reachable from every
 * node, and a CRD exists before the API server serves its kind.
 */
const transient = /failed calling webhook|no matches for kind|could not find the requested resource/;

/** Seconds. A longer rejection has another reason. */
const patienceSeconds = 20;
const betweenMilliseconds = 1000;

/** Retries while the API server rejects a request for a transient reason. */
export async function retryUntilAccepted<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const end = performance.now() + patienceSeconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isTransient = error instanceof ProgramFailed && transient.test(error.stderr);
      if (!isTransient || performance.now() > end) throw error;
      await pause(signal, betweenMilliseconds);
      if (signal.aborted) throw error;
    }
  }
}
