import fc from "fast-check";
import { type Look, liveView, summary, trafficLine } from "../../cli/traffic-view";
import type { ClientTraffic, Flow } from "../../ops/traffic/traffic";

const flow = (counts: Partial<Flow> = {}): Flow => ({
  requests: 150,
  failed: 0,
  perSecond: 10,
  versions: { v1: 120, v2: 30 },
  pods: {},
  failures: {},
  p50Seconds: 0.0453,
  p99Seconds: 1.25,
  clusters: { main0: 120, remote0: 30 },
  ...counts,
});
const client = (cluster: string, counts: Partial<Flow> = {}): ClientTraffic => ({
  cluster,
  total: flow({ ...counts, requests: 1500 }),
  lately: flow(counts),
  interruptions: 0,
});
const failing = (cluster: string) =>
  client(cluster, { failed: 3, failures: { "HTTP 503: no healthy upstream": 3 } });
const wanted = { versions: { v1: 50, v2: 50 }, clusters: { main0: 50, remote0: 50 } };
const nothingWanted = { versions: {}, clusters: {} };
const look = (columns: number, rows: number, more: Partial<Look> = {}): Look => ({
  size: { columns, rows },
  color: false,
  unicode: true,
  ...more,
});
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const bare = (line: string) => line.replace(/\u001b\[\d+m/g, "");

test("on eighty columns every version and cluster has a bar, with a mark at the wanted share", () => {
  expect(liveView("12 s", [failing("main0")], wanted, look(80, 24))).toEqual([
    "12 s",
    "",
    "main0  10.0/s  3 failed  p50 45 ms  p99 1.3 s  1500 in all, 3 failed",
    "  v1       ████████████████████████│█████████████            80 %  wanted 50 %",
    "  v2       █████████               │                         20 %  wanted 50 %",
    "  main0    ████████████████████████│█████████████            80 %  wanted 50 %",
    "  remote0  █████████               │                         20 %  wanted 50 %",
    "  2 % failed: HTTP 503: no healthy upstream",
  ]);
});

test("without weights there is no mark, and without Unicode the bars are ASCII", () => {
  const [, , , v1] = liveView("", [client("main0")], nothingWanted, look(60, 24, { unicode: false }));
  expect(v1).toBe("  v1       ======================        80 %");
});

test("a version that should answer but does not has an empty bar", () => {
  const lines = liveView("", [client("main0", { versions: { v1: 10 } })], wanted, look(80, 24));
  expect(lines[4]).toMatch(/^ {2}v2 +│ +0 % {2}wanted 50 %$/);
});

test("a client without replies says so", () => {
  const silent = client("main0", { requests: 0, versions: {}, clusters: {} });
  expect(liveView("", [silent], wanted, look(80, 24))[2]).toBe("main0  no replies  1500 in all, 0 failed");
  expect(trafficLine(silent, wanted)).toBe("main0  no replies");
});

test("if the blocks do not fit there is a line per client, and if those do not fit the worst come first", () => {
  const clients = [...Array.from({ length: 8 }, (_, index) => client(`c${index}`)), failing("last")];
  const lines = liveView("12 s", clients, wanted, look(80, 12));
  expect(lines).toHaveLength(10);
  expect(lines[1]).toBe("c0  10.0/s  0 failed  p50 45 ms  p99 1.3 s  v1 80 % (50 wanted)  v2 20 % (50 wa");
  const few = liveView("12 s", clients, wanted, look(80, 6));
  expect(few).toHaveLength(5);
  expect(few[1]).toMatch(/^last {2}10.0\/s {2}3 failed/);
  expect(few[4]).toBe("and 6 more");
});

test("the view never exceeds the terminal's width and height", () => {
  const anyLook = fc.record({
    size: fc.record({ columns: fc.integer({ min: 1, max: 300 }), rows: fc.integer({ min: 1, max: 60 }) }),
    color: fc.boolean(),
    unicode: fc.boolean(),
  });
  const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
  const counts = fc.dictionary(name, fc.nat(1000), { maxKeys: 5 });
  const anyClient = fc
    .record({ cluster: name, versions: counts, clusters: counts, failures: counts, requests: fc.nat(1000) })
    .map(({ cluster, ...figures }) => client(cluster, { ...figures, failed: figures.requests % 7 }));
  const anyClients = fc.array(anyClient, { maxLength: 100 });
  fc.assert(
    fc.property(anyLook, anyClients, counts, (terminal, clients, versions) => {
      const lines = liveView("title ".repeat(20), clients, { versions, clusters: {} }, terminal);
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, terminal.size.rows - 1));
      for (const line of lines)
        expect(bare(line).length).toBeLessThanOrEqual(Math.max(1, terminal.size.columns - 1));
      if (!terminal.color) expect(lines.map(bare)).toEqual(lines);
    }),
  );
});

test("a line of a log has everything", () => {
  expect(trafficLine(client("main0"), wanted)).toBe(
    "main0  10.0/s  0 failed  p50 45 ms  p99 1.3 s  v1 80 % (50 wanted)  v2 20 % (50 wanted)  main0 80 %  remote0 20 %",
  );
});

test("the summary has a table, the wanted shares, and the failures", () => {
  const clients = [client("main0"), { ...failing("remote0"), interruptions: 2 }];
  expect(summary(clients, 10, [{ sinceSeconds: 0, versions: wanted.versions }])).toEqual([
    "FROM     REQUESTS  FAILED  RATE    P50    P99    VERSIONS              ANSWERED BY",
    "main0    1500      0       10.0/s  45 ms  1.3 s  v1 80.0 %, v2 20.0 %  main0 80.0 %, remote0 20.0 %",
    "remote0  1500      3       10.0/s  45 ms  1.3 s  v1 80.0 %, v2 20.0 %  main0 80.0 %, remote0 20.0 %",
    "",
    "wanted: 10/s from each, v1 50 %, v2 50 %",
    "remote0: 3 failed: HTTP 503: no healthy upstream",
    "remote0: connection to the client broken 2 times",
  ]);
});
