/** Asks at the first call; later calls get the same answer, also while it is on its way. */
export interface Memoized<Args extends readonly unknown[], T> {
  (...args: Args): T;
  /** The next call asks again. */
  forget(): void;
}

/** @param keyOf what answers differ by @default - nothing: the first answer serves every call */
export function memoize<Args extends readonly unknown[], T>(
  ask: (...args: Args) => T,
  keyOf: (...args: Args) => string = () => "",
): Memoized<Args, T> {
  const answers = new Map<string, T>();
  const memoized = (...args: Args): T => {
    const key = keyOf(...args);
    if (!answers.has(key)) answers.set(key, ask(...args));
    return answers.get(key)!;
  };
  return Object.assign(memoized, { forget: () => answers.clear() });
}
