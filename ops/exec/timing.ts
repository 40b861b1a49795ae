/** A signal with an end of its own. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Lets go of the timer and of the other signal. */
  release(): void;
}

/**
 * A signal that is aborted with another one, or else after some seconds. It is not
 * `AbortSignal.any([signal, AbortSignal.timeout(...)])`, because Node.js may collect that timer as garbage before its
 * time: https://github.com/nodejs/node/issues/57736.
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

/** Between two looks at something that cannot be watched. */
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
