import fc from "fast-check";
import type { Reply } from "../../../ops/traffic/requests";
import { tallying, windowSeconds } from "../../../ops/traffic/tally";

const answer = (version: string, seconds = 0.1, pod = `helloworld-${version}-a`): Reply => ({
  status: 200,
  seconds,
  version,
  pod,
  words: "",
});
const failure = (status: number, words: string): Reply => ({
  status,
  seconds: 1,
  version: undefined,
  pod: undefined,
  words,
});

/** Replies as a client may see them, with the second in which each came, in order. */
const anyReply = fc.oneof(
  fc
    .record({
      version: fc.constantFrom("v1", "v2", "v3"),
      seconds: fc.double({ min: 0, max: 30, noNaN: true }),
      pod: fc.constantFrom("one", "two", "three", "__proto__"),
    })
    .map(({ version, seconds, pod }) => answer(version, seconds, pod)),
  fc
    .record({
      status: fc.constantFrom(0, 200, 404, 503),
      words: fc.constantFrom("", "curl: (28) x", "no way"),
    })
    .map(({ status, words }) => failure(status, words)),
);
const anyReplies = fc
  .array(fc.record({ reply: anyReply, at: fc.double({ min: 0, max: 60, noNaN: true }) }), { maxLength: 200 })
  .map((replies) => replies.toSorted((one, other) => one.at - other.at));

function tallied(replies: readonly { reply: Reply; at: number }[]) {
  const tally = tallying(0);
  for (const { reply, at } of replies) tally.add(reply, at);
  return tally;
}
const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((all, one) => all + one, 0);

test("every request is an answer of one version and one pod, or a failure of one kind", () => {
  fc.assert(
    fc.property(anyReplies, (replies) => {
      const { requests, failed, versions, pods, failures } = tallied(replies).total(60);
      expect(requests).toBe(replies.length);
      expect(sum(versions)).toBe(requests - failed);
      expect(sum(pods)).toBe(requests - failed);
      expect(sum(failures)).toBe(failed);
    }),
  );
});

test("the recent tally equals a tally of the recent replies alone", () => {
  fc.assert(
    fc.property(anyReplies, fc.double({ min: 60, max: 80, noNaN: true }), (replies, now) => {
      const { perSecond, ...lately } = tallied(replies).lately(now);
      const { perSecond: _, ...alone } = tallied(replies.filter(({ at }) => at > now - windowSeconds)).total(
        now,
      );
      expect(lately).toEqual(alone);
      expect(perSecond).toBeCloseTo(lately.requests / windowSeconds);
    }),
  );
});

test("a quantile is exact to one percent", () => {
  const seconds = fc.array(fc.double({ min: 1e-5, max: 30, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(seconds, (latencies) => {
      const tally = tallied(latencies.map((latency) => ({ reply: answer("v1", latency), at: 1 }))).total(1);
      const ordered = latencies.toSorted((one, other) => one - other);
      const exact = (part: number) => ordered[Math.ceil(part * ordered.length) - 1]!;
      expect(Math.abs(tally.p50Seconds! / exact(0.5) - 1)).toBeLessThan(0.011);
      expect(Math.abs(tally.p99Seconds! / exact(0.99) - 1)).toBeLessThan(0.011);
    }),
  );
});

test("failures have no latency", () => {
  const tally = tallying(0);
  tally.add(failure(0, "curl: (28) Operation timed out"), 1);
  expect(tally.total(1)).toMatchObject({ p50Seconds: undefined, p99Seconds: undefined });
  tally.add(answer("v1", 0.2), 1);
  expect(tally.total(1).p99Seconds).toBeCloseTo(0.2, 2);
});

test("the rate counts the elapsed time until it fills the window", () => {
  const tally = tallying(100);
  const requests = (from: number, to: number) => {
    for (let second = from; second <= to; second++) tally.add(answer("v1"), 100 + second);
  };
  requests(1, 10);
  expect(tally.lately(110).perSecond).toBe(1);
  requests(11, 20);
  expect(tally.total(120).perSecond).toBe(1);
  expect(tally.lately(120)).toMatchObject({ requests: windowSeconds, perSecond: 1 });
  expect(tally.lately(1000)).toMatchObject({
    requests: 0,
    perSecond: 0,
    versions: {},
    p50Seconds: undefined,
  });
});

test("without requests nothing is divided by zero", () => {
  expect(tallying(5).total(5)).toEqual({
    requests: 0,
    failed: 0,
    perSecond: 0,
    versions: {},
    pods: {},
    failures: {},
    p50Seconds: undefined,
    p99Seconds: undefined,
  });
});
