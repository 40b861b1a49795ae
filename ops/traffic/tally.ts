import { failureOf } from "./request-failure";
import type { Reply } from "./requests";

/** Numbers by name. */
export type Counts = Readonly<Record<string, number>>;

/** Totals of replies. */
export interface Tally {
  readonly requests: number;
  /** Requests without an answer of helloworld. */
  readonly failed: number;
  readonly perSecond: number;
  /** Answers by version. */
  readonly versions: Counts;
  /** Answers by pod. */
  readonly pods: Counts;
  /** Failures by kind. */
  readonly failures: Counts;
  /** Median latency, to one percent; undefined without answers. */
  readonly p50Seconds: number | undefined;
  /** Latency of the 99th percentile, likewise. */
  readonly p99Seconds: number | undefined;
}

/** Adds up replies. Times are seconds of one clock. */
export interface Tallying {
  add(reply: Reply, at: number): void;
  /** Since the beginning. */
  total(now: number): Tally;
  /** The last `windowSeconds`. */
  lately(now: number): Tally;
}

/** Short enough to show a change of the split. At ten requests a second the shares are exact to ten percent. */
export const windowSeconds = 15;

/** @param since time of the first request */
export function tallying(since: number): Tallying {
  const all = new Sums();
  const recent = new Sums();
  const window: { readonly reply: Reply; readonly at: number }[] = [];
  const forget = (before: number) => {
    while (window[0] && window[0].at <= before) recent.add(window.shift()!.reply, -1);
  };
  return {
    add(reply, at) {
      forget(at - windowSeconds);
      all.add(reply, 1);
      recent.add(reply, 1);
      window.push({ reply, at });
    },
    total: (now) => all.tally(now - since),
    lately(now) {
      forget(now - windowSeconds);
      return recent.tally(Math.min(now - since, windowSeconds));
    },
  };
}

/** Latencies are counted in logarithmic steps, with an error of one percent at most. */
const step = Math.log(1.02);
const stepOf = (seconds: number) => Math.round(Math.log(Math.max(seconds, 1e-6)) / step);
const secondsOf = (index: number) => Math.exp(index * step);

/** Counts that replies are added to, and subtracted from when they leave the window. */
class Sums {
  private requests = 0;
  private readonly versions = new Map<string, number>();
  private readonly pods = new Map<string, number>();
  private readonly failures = new Map<string, number>();
  private readonly latencies = new Map<number, number>();

  add(reply: Reply, by: 1 | -1): void {
    const failure = failureOf(reply);
    this.requests += by;
    if (failure === undefined) {
      count(this.versions, reply.version!, by);
      count(this.pods, reply.pod!, by);
      count(this.latencies, stepOf(reply.seconds), by);
    } else {
      count(this.failures, failure, by);
    }
  }

  tally(seconds: number): Tally {
    const failed = sum(this.failures.values());
    const quantile = (part: number) => this.quantile(part * (this.requests - failed));
    return {
      requests: this.requests,
      failed,
      perSecond: seconds > 0 ? this.requests / seconds : 0,
      versions: sorted(this.versions),
      pods: sorted(this.pods),
      failures: sorted(this.failures),
      p50Seconds: quantile(0.5),
      p99Seconds: quantile(0.99),
    };
  }

  /** The lowest latency that this many answers did not exceed. */
  private quantile(answers: number): number | undefined {
    let seen = 0;
    for (const [index, times] of [...this.latencies].sort(([one], [other]) => one - other)) {
      seen += times;
      if (seen >= answers) return secondsOf(index);
    }
    return undefined;
  }
}

function count<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  const times = (counts.get(key) ?? 0) + by;
  if (times === 0) counts.delete(key);
  else counts.set(key, times);
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, one) => all + one, 0);

const sorted = (counts: ReadonlyMap<string, number>): Counts =>
  Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
