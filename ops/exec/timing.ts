/** A signal that is aborted at a deadline. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Clears the timer and the listener on the other signal. */
  release(): void;
}

/**
 * A signal that is aborted with another one, or after some seconds. Not
 * `AbortSignal.any([signal, AbortSignal.timeout(...)])`: Node.js may garbage-collect that timer before it fires: https://github.com/nodejs/node/issues/57736.
 */
export function deadlineSignal(other: AbortSignal, seconds: number): Deadline {
  const controller = new AbortController();
  const release = () => {
    clearTimeout(timer);
    other.removeEventListener("abort", abort);
  };
  const abort = () => {
    release();
    controller.abort();
  };
  const timer = setTimeout(abort, seconds * 1000);
  if (other.aborted) abort();
  else other.addEventListener("abort", abort);
  return { signal: controller.signal, release };
}

/** Ends early when `signal` is aborted. */
export function pause(signal: AbortSignal, milliseconds = 500): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
