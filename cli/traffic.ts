import { readMesh } from "../mesh/load";
import { meshCommand } from "../mesh/paths";
import { deadlineSignal } from "../ops/exec/timing";
import { colours } from "../ops/run/colours";
import type { Reporter } from "../ops/run/progress";
import { windowSeconds } from "../ops/traffic/tally";
import { type ClientTraffic, requireClients, startTraffic, type Traffic } from "../ops/traffic/traffic";
import { followShares, type WantedShares, type WantedSince } from "../ops/traffic/wanted-shares";
import { exitCode, type Output } from "./command";
import { type RunOptions, required, withClusters } from "./context";
import { type Format, longestSeconds, requireClusters, requireSample } from "./options";
import { formatDuration, sayWhenSlow } from "./terminal";
import { liveView, summary, trafficLine } from "./traffic-view";

export interface TrafficFlags extends RunOptions {
  readonly output: Format;
  /** Names of clusters. @default - all of them */
  readonly from?: readonly string[];
  /** Requests a second from each cluster. */
  readonly rate: number;
  /** Seconds. @default - until Ctrl-C, a day at most; `unattendedSeconds` without a terminal */
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
  /** More than one if mesh.yaml changed during the run; the clients' counts then cover the whole run. */
  readonly wantedOverTime: readonly WantedSince[];
  readonly clients: readonly ClientReport[];
}
type ClientReport = Omit<ClientTraffic, "lately" | "total"> & ClientTraffic["total"];

/** Without a terminal there is no Ctrl-C: a pipeline must end all the same. */
const unattendedSeconds = 60;

/** How often the view is redrawn, and how often a log gets its lines. */
const drawSeconds = { screen: 0.5, log: 5 } as const;

/**
 * Sends requests from the clients of the sample, shows where the answers come from, and prints a summary at the end.
 * Ctrl-C is an ordinary end. Exit code 1: a request failed, or a client got no reply.
 */
export async function traffic(
  file: string,
  { output: format, from: names, rate: ratePerSecond, duration, ...flags }: TrafficFlags,
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  const sample = requireSample(mesh, file, "its clients send the requests");
  requireClusters("--from", names ?? [], mesh);
  const from = mesh.clusters.filter(({ name }) => names?.includes(name) ?? true);
  const seconds = duration ?? (process.stdin.isTTY ? undefined : unattendedSeconds);
  const options = { ...flags, quiet: format === "json" };
  return withClusters(required(mesh, file, from), options, output, async (context, untilCtrlC) => {
    const { reporter } = context;
    await sayWhenSlow(
      reporter,
      `asking ${from.length} clusters for their clients ...`,
      requireClients(context, { mesh, sample, from, meshFile: file }),
    );

    const began = performance.now();
    const secondsGone = () => (performance.now() - began) / 1000;
    const end = deadlineSignal(untilCtrlC(), seconds ?? longestSeconds);
    const running = startTraffic(context, { mesh, sample, from, ratePerSecond }, end.signal);
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
