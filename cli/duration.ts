/** A day, the longest time that an option may name. A timer counts no more than 24 of them, and is over at once then. */
export const longestSeconds = 86_400;

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds of `90`, `30s`, `5m` or `1h`; undefined: it is none of these. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = "s"] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * unitSeconds[unit]!;
}

/** `45 s`, `1 min 5 s`, `2 h 3 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
