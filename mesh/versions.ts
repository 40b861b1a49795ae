/** `[1, 35]` of 1.35, 1.35.2 or v1.35.2-gke.1. */
export function minorOf(version: string): readonly [major: number, minor: number] {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) throw new Error(`${version} is not a version`);
  return [Number(major), Number(minor)];
}

/** Below zero, zero, above zero, by major and minor alone. */
export function compareMinor(one: string, other: string): number {
  const [major, minor] = minorOf(one);
  const [otherMajor, otherMinor] = minorOf(other);
  return major - otherMajor || minor - otherMinor;
}
