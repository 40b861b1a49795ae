/** Everything that stands in a list a second time, with the index of its first place. */
export function repeats<T>(values: readonly (T | undefined)[]): { index: number; first: number; value: T }[] {
  const firsts = new Map<T, number>();
  return values.flatMap((value, index) => {
    if (value === undefined) return [];
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, index);
    return first === undefined ? [] : [{ index, first, value }];
  });
}
