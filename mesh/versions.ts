/** A version as rules compare it. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  /** As its program or server wrote it, without a leading v. */
  readonly text: string;
}

/** `v1.34.4`, `1.31.1`, `1.34+`, `1.35.2-gke.1`: the first two numbers count. Undefined: there is none in the text. */
export function parseVersion(text: string): Version | undefined {
  const match = /v?(\d+)\.(\d+)\S*/.exec(text);
  if (!match) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), text: match[0].replace(/^v/, "") };
}

/** `1.35` of 1.35.2. */
export const minorOf = ({ major, minor }: Version) => `${major}.${minor}`;

/** Difference of the minor versions; negative if `one` is older. */
export function minorsApart(one: Version, other: Version): number {
  return one.major === other.major ? one.minor - other.minor : (one.major - other.major) * Infinity;
}

/** By major and minor alone, both ends included. */
export function isInRange(version: Version, range: { readonly min: string; readonly max: string }): boolean {
  const [min, max] = [parseVersion(range.min)!, parseVersion(range.max)!];
  return minorsApart(version, min) >= 0 && minorsApart(version, max) <= 0;
}
