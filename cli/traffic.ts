import { readMesh } from "../mesh/load";
import type { Cluster, Mesh } from "../mesh/mesh";
import { meshCommand, meshPaths } from "../mesh/paths";
import { fileProblem, InputError, type Problem, quote } from "../mesh/problem";
import { didYouMean } from "../mesh/suggest";
import { withCredentials } from "../ops/azure/credentials";
import { deadlineSignal } from "../ops/exec/timing";
import { colours } from "../ops/run/colours";
import type { Reporter } from "../ops/run/progress";
import { windowSeconds } from "../ops/traffic/tally";
import { type ClientTraffic, requireClients, startTraffic, type Traffic } from "../ops/traffic/traffic";
import type { WantedShares } from "../ops/traffic/wanted-shares";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { formatDuration, longestSeconds } from "./duration";
import { followShares, type WantedSince } from "./follow-shares";
import { noSample } from "./no-sample";
import { sayWhenSlow } from "./slow";
import { liveView, summary, trafficLine } from "./traffic-view";

/** As they stand on the command line. */
export interface TrafficFlags extends RunOptions {
  /** Names of clusters. @default - all of them */
  readonly from?: readonly string[];
  /** Requests a second from each cluster. */
  readonly rate: string;
  /** Seconds. @default - until Ctrl-C, a day at most; `unattendedSeconds` where there is nobody to press it */
  readonly duration?: number;
}

/** What comes out as JSON. */
export interface TrafficReport {
  /** Every client got replies, and no request failed. */
  readonly ok: boolean;
  readonly seconds: number;
  /** Wanted rate of each client. */
  readonly ratePerSecond: number;
  /** Wanted percent by version at the end; empty where mesh.yaml has no weights. */
  readonly wanted: WantedShares["versions"];
  /** One, unless mesh.yaml changed meanwhile: then the clients' counts are of all of them together. */
  readonly wantedOverTime: readonly WantedSince[];
  readonly clients: readonly ClientReport[];
}
type ClientReport = Omit<ClientTraffic, "lately" | "total"> & ClientTraffic["total"];

const mostRequestsPerSecond = 100;
/** Without a terminal there is no Ctrl-C: a pipeline that says nothing about how long must end all the same. */
const unattendedSeconds = 60;

/** How often the view is drawn anew, and how often a log gets its lines. */
const drawSeconds = { screen: 0.5, log: 5 } as const;

/**
 * Sends requests from the clients of the sample, shows while they run where the answers come from, and sums up at the
 * end. Ctrl-C is an end like any other. Exit code 1: a request failed, or a client got no reply at all.
 */
export async function traffic(
  file: string,
  format: "text" | "json",
  flags: TrafficFlags,
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  const { sample } = mesh;
  if (!sample) throw noSample(file, "its clients send the requests");
  const { from, ratePerSecond, seconds } = readFlags(flags, mesh);
  return withContext({ ...flags, quiet: format === "json" }, output, async (context, untilCtrlC) => {
    const { reporter } = context;
    const reaching = await withCredentials(context, mesh, meshPaths(file).terraform, { file, needed: from });
    await sayWhenSlow(
      reporter,
      `asking ${from.length} clusters for their clients ...`,
      requireClients(reaching, { mesh, sample, from, meshFile: file }),
    );

    const began = performance.now();
    const secondsGone = () => (performance.now() - began) / 1000;
    const end = deadlineSignal(untilCtrlC(), seconds ?? longestSeconds);
    const running = startTraffic(reaching, { mesh, sample, from, ratePerSecond }, end.signal);
    const wanted = followShares(file, sample, secondsGone);
    const title = () => {
      const whole = seconds === undefined ? "" : ` of ${formatDuration(seconds)}`;
      const next = end.signal.aborted ? "awaiting the last answers" : "Ctrl-C ends it";
      return `${formatDuration(secondsGone())}${whole}, ${ratePerSecond}/s from each; ${next}; the last ${windowSeconds} s:`;
    };
    await show(reporter, running, title, wanted.now);
    end.release();
    reporter.close();

    const clients = running.clients();
    const report = reportOf(clients, ratePerSecond, secondsGone(), wanted.all());
    if (format === "json") output.result(JSON.stringify(report, null, 2));
    else
      for (const line of [...summary(clients, ratePerSecond, wanted.all()), "", verdict(report, file)])
        output.result(line);
    return report.ok ? exitCode.fine : exitCode.failed;
  });
}

interface Chosen {
  readonly from: readonly Cluster[];
  readonly ratePerSecond: number;
  /** Undefined: until Ctrl-C. */
  readonly seconds: number | undefined;
}

/** @throws InputError with everything that is not allowed */
function readFlags({ from, rate, duration }: TrafficFlags, { clusters }: Mesh): Chosen {
  const problems: Problem[] = [];
  const refuse = (message: string, fix: string) => problems.push(fileProblem("mesh traffic", message, fix));

  const names = clusters.map(({ name }) => name);
  for (const name of from ?? [])
    if (!names.includes(name))
      refuse(
        `--from ${quote(name)} is given; allowed are ${names.slice(0, 20).join(", ")}`,
        `${didYouMean(name, names)}name a cluster of mesh.yaml, or leave --from out for all`,
      );
  const ratePerSecond = /^\d{1,3}$/.test(rate) ? Number(rate) : 0;
  if (ratePerSecond < 1 || ratePerSecond > mostRequestsPerSecond)
    refuse(
      `--rate ${quote(rate)} is given; allowed is a whole number from 1 to ${mostRequestsPerSecond}, requests a second from each cluster`,
      "for example: mesh traffic --rate 20",
    );
  const unattended = process.stdin.isTTY ? undefined : unattendedSeconds;
  const seconds = duration ?? unattended;
  if (seconds !== undefined && (seconds < 1 || seconds > longestSeconds))
    refuse(
      `--duration of ${seconds} s is given; allowed is from 1s to 24h`,
      "for example: mesh traffic --duration 5m",
    );

  if (problems.length > 0) throw new InputError(problems);
  return { from: clusters.filter(({ name }) => from?.includes(name) ?? true), ratePerSecond, seconds };
}

async function show(
  { screen, say }: Reporter,
  running: Traffic,
  title: () => string,
  wanted: () => WantedShares,
): Promise<void> {
  const draw = screen
    ? () => screen.show(liveView(title(), running.clients(), wanted(), screen))
    : () => {
        for (const client of running.clients()) say(trafficLine(client, wanted()));
      };
  const timer = setInterval(draw, 1000 * (screen ? drawSeconds.screen : drawSeconds.log));
  try {
    await running.ended;
  } finally {
    clearInterval(timer);
  }
}

function reportOf(
  clients: readonly ClientTraffic[],
  ratePerSecond: number,
  seconds: number,
  wantedOverTime: readonly WantedSince[],
): TrafficReport {
  return {
    ok: clients.every(({ total }) => total.requests > 0 && total.failed === 0),
    seconds: Math.round(seconds * 10) / 10,
    ratePerSecond,
    wanted: wantedOverTime.at(-1)!.versions,
    wantedOverTime,
    clients: clients.map(({ cluster, total, interruptions }) => ({ cluster, ...total, interruptions })),
  };
}

function verdict({ ok, clients }: TrafficReport, file: string): string {
  if (ok) return colours.green("no request failed");
  const silent = clients.filter(({ requests }) => requests === 0).map(({ cluster }) => cluster);
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  const failed = sum(clients.map((client) => client.failed));
  const requests = sum(clients.map((client) => client.requests));
  const wrong = [
    ...(failed > 0 ? [`${failed} of ${requests} requests failed`] : []),
    ...(silent.length > 0 ? [`no reply from the client of ${silent.join(", ")}`] : []),
  ];
  return colours.red(`${wrong.join("; ")}; next: ${meshCommand(file, "verify")}`);
}
