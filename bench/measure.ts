import { spawnSync } from "node:child_process";

/** One run of a command as a whole process. */
export interface Run {
  readonly seconds: number;
  /** Greatest resident memory, bytes; 0 unless `report-usage.js` was required. */
  readonly memory: number;
  /** CPU time in seconds, independent of other work on the machine; 0 likewise. */
  readonly cpuSeconds: number;
}

export type Command = readonly [program: string, ...args: string[]];

/** Runs a command to its end; a failure ends the benchmark. */
export function run([program, ...args]: Command, cwd: string, env: NodeJS.ProcessEnv = {}): Run {
  const start = process.hrtime.bigint();
  const { status, stderr, stdout } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  const usage = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(stderr)?.[1] ?? 0);
  return { seconds, memory: usage("maxrss") * 1024, cpuSeconds: usage("cpu") / 1e6 };
}

/** Median of the ratios of alternating runs after a warm-up pair, so that both see the same load on the machine. */
export function medianRatio(one: () => number, other: () => number, pairs = 5): number {
  one();
  other();
  return median(Array.from({ length: pairs }, () => one() / other()));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** A measured ratio and its limit. */
export interface Verdict {
  readonly what: string;
  readonly ratio: number;
  readonly atMost: number;
}

/** Prints the verdicts; exit code 1 if a limit is missed. */
export function judge(verdicts: readonly Verdict[]): void {
  for (const { what, ratio, atMost } of verdicts) {
    const word = ratio <= atMost ? "holds" : "MISSED";
    console.log(`${word.padEnd(6)}  ${ratio.toFixed(2)} (at most ${atMost})  ${what}`);
    if (ratio > atMost) process.exitCode = 1;
  }
}
