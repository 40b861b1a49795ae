import { createColors } from "picocolors";
import { type Environment, userEnvironment } from "../exec/environment";
import type { Step, StepListener, StepResult } from "./steps";

/** Reports the progress of a run. Results such as a table or JSON go to stdout instead. */
export interface Reporter extends StepListener {
  /** Prints a line. */
  say(text: string): void;
  /** A command, before it runs (`--verbose`). */
  command(line: string): void;
  /** Ends the display: nothing is redrawn any more. */
  close(): void;
  /** Undefined if lines cannot be redrawn, as in a file. */
  readonly screen: Screen | undefined;
}

/** A terminal whose last lines are redrawn in place. */
export interface Screen {
  /** The current size; users may resize the terminal. */
  readonly size: { readonly columns: number; readonly rows: number };
  readonly color: boolean;
  /** The terminal shows characters beyond ASCII, such as block elements. */
  readonly unicode: boolean;
  /** Shows lines below everything else, in place of those before. None may be wider than the screen. */
  show(lines: readonly string[]): void;
}

export interface ReporterProps {
  /** Progress goes to stderr, because stdout is for results. @default process.stderr */
  readonly stream?: NodeJS.WriteStream | Sink;
  /** @default - the user's */
  readonly env?: Environment;
}

/** A terminal or a file. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export const silentReporter: Reporter = {
  started() {},
  noted() {},
  ended() {},
  say() {},
  command() {},
  close() {},
  screen: undefined,
};

/** Redraws lines on a terminal, prints plain ones elsewhere. NO_COLOR is respected (https://no-color.org). */
export function createReporter({
  stream = process.stderr,
  env = userEnvironment(),
}: ReporterProps = {}): Reporter {
  const isLive = stream.isTTY === true && env.TERM !== "dumb" && !env.CI;
  return isLive ? liveReporter(stream, env) : plainReporter(stream);
}

const marks = {
  changed: { text: "done", color: "green" },
  unchanged: { text: "unchanged", color: "dim" },
  failed: { text: "FAILED", color: "red" },
  warning: { text: "warning", color: "yellow" },
  "not tried": { text: "not tried", color: "dim" },
} as const satisfies Record<StepResult["outcome"], unknown>;

/** Without a terminal, a long step is reported at this interval, so that a log shows where the time goes. */
const reminderSeconds = 15;
const redrawMilliseconds = 100;

function endLine({ step, outcome, seconds, reason }: StepResult, hasColor: boolean): string {
  const time = outcome === "not tried" ? "" : ` ${formatSeconds(seconds)}`;
  const why = reason ? `\n${reason.replace(/^/gm, "    ")}` : "";
  const { text, color } = marks[outcome];
  return `${stepLabel(step)} ${createColors(hasColor)[color](text)}${time}${why}`;
}

const stepLabel = ({ cluster, title }: Step) => `${cluster.padEnd(10)} ${title.padEnd(32)}`;
const formatSeconds = (seconds: number) =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;

interface Running {
  readonly step: Step;
  readonly since: number;
  note: string;
}

const secondsOf = ({ since }: Running) => (performance.now() - since) / 1000;
const nowLine = (running: Running) =>
  `${stepLabel(running.step)} ${running.note} ${formatSeconds(secondsOf(running))}`;

function plainReporter(stream: Sink): Reporter {
  const running = new Map<string, { entry: Running; reminder: NodeJS.Timeout }>();
  const line = (text: string) => stream.write(`${text}\n`);
  return {
    started(step) {
      const entry = { step, since: performance.now(), note: "..." };
      const reminder = setInterval(() => line(nowLine(entry)), reminderSeconds * 1000);
      reminder.unref();
      running.set(step.id, { entry, reminder });
    },
    noted(step, text) {
      const { entry } = running.get(step.id) ?? {};
      if (entry) entry.note = text;
    },
    ended(result) {
      clearInterval(running.get(result.step.id)?.reminder);
      running.delete(result.step.id);
      line(endLine(result, false));
    },
    say: line,
    command: (text) => line(`$ ${text}`),
    close() {
      for (const { reminder } of running.values()) clearInterval(reminder);
    },
    screen: undefined,
  };
}

/** Finished steps scroll up; running ones are below them, each with its elapsed time. */
function liveReporter(stream: Sink, env: Environment): Reporter {
  // https://no-color.org
  const hasColor = !env.NO_COLOR;
  const running = new Map<string, Running>();
  let below: readonly string[] = [];
  let drawn = 0;
  const erase = () => (drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "");
  const draw = (above = "") => {
    const width = (stream.columns ?? 80) - 1;
    const lines = [...[...running.values()].map((entry) => nowLine(entry).slice(0, width)), ...below];
    stream.write(`${erase()}${above}${lines.map((text) => `${text}\n`).join("")}`);
    drawn = lines.length;
  };
  const timer = setInterval(() => running.size > 0 && draw(), redrawMilliseconds);
  timer.unref();
  return {
    started(step) {
      running.set(step.id, { step, since: performance.now(), note: "" });
    },
    noted(step, text) {
      const entry = running.get(step.id);
      if (entry) entry.note = text;
    },
    ended(result) {
      running.delete(result.step.id);
      draw(`${endLine(result, hasColor)}\n`);
    },
    say: (text) => draw(`${text}\n`),
    command: (text) => draw(`$ ${text}\n`),
    close() {
      clearInterval(timer);
      running.clear();
      below = [];
      draw();
    },
    screen: {
      get size() {
        return { columns: stream.columns ?? 80, rows: stream.rows ?? 24 };
      },
      color: hasColor,
      unicode: /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || ""),
      show(lines) {
        below = lines;
        draw();
      },
    },
  };
}
