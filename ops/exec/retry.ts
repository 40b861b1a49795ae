import { ProgramFailed } from "./errors";
import { pause } from "./timing";

/**
 * What the API server refuses now and takes a moment later: istiod is ready before every node knows the way to its
 * webhook, and a CRD is there before the API server serves its kind.
 */
const refusedForNow = /failed calling webhook|no matches for kind|could not find the requested resource/;

/** Seconds. What is refused for longer has another reason. */
const patienceSeconds = 20;
const betweenMilliseconds = 1000;

/** Tries until what is given to the API server is taken, or refused for good. */
export async function retryUntilAccepted<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const end = performance.now() + patienceSeconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isForNow = error instanceof ProgramFailed && refusedForNow.test(error.stderr);
      if (!isForNow || performance.now() > end) throw error;
      await pause(signal, betweenMilliseconds);
      if (signal.aborted) throw error;
    }
  }
}
