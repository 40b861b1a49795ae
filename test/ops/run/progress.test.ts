import { createReporter, type Sink } from "../../../ops/run/progress";
import type { Step, StepResult } from "../../../ops/run/steps";

const step: Step = {
  id: "main0/istiod",
  cluster: "main0",
  phase: "control-plane",
  title: "istiod ready",
  needs: [],
  deadlineSeconds: 1,
  run: async () => "changed",
};
const ended = (more: Partial<StepResult> = {}): StepResult => ({
  step,
  outcome: "changed",
  seconds: 12.34,
  ...more,
});

function sink(isTTY: boolean): Sink & { text: string } {
  return {
    text: "",
    isTTY,
    columns: 60,
    write(text) {
      this.text += text;
    },
  };
}

test("without a terminal each step is one plain line with the time it took", () => {
  const stream = sink(false);
  const reporter = createReporter({ stream, env: {} });
  reporter.started(step);
  reporter.ended(ended());
  reporter.close();
  expect(stream.text).toMatch(/^main0 +istiod ready +done 12\.3 s\n$/);
});

test("a failure brings its reason, indented below its line", () => {
  const stream = sink(false);
  const reporter = createReporter({ stream, env: {} });
  reporter.started(step);
  reporter.ended(ended({ outcome: "failed", reason: "not ready\nPod istiod-1: Failed: ImagePullBackOff" }));
  expect(stream.text).toMatch(/FAILED 12\.3 s\n {4}not ready\n {4}Pod istiod-1: Failed: ImagePullBackOff\n$/);
});

test("without a terminal a long step is reported at intervals", () => {
  jest.useFakeTimers();
  const stream = sink(false);
  const reporter = createReporter({ stream, env: {} });
  reporter.started(step);
  reporter.noted(step, "waiting for the cloud");
  jest.advanceTimersByTime(16_000);
  expect(stream.text).toMatch(/istiod ready +waiting for the cloud/);
  reporter.ended(ended());
  const then = stream.text;
  jest.advanceTimersByTime(60_000);
  expect(stream.text).toBe(then);
  jest.useRealTimers();
});

test("on a terminal running steps are redrawn in place, and finished ones stay above", () => {
  jest.useFakeTimers();
  const stream = sink(true);
  const reporter = createReporter({ stream, env: {} });
  reporter.started(step);
  jest.advanceTimersByTime(250);
  expect(stream.text).toContain("\u001b[1A\u001b[0J");
  reporter.ended(ended());
  expect(stream.text).toContain("\u001b[32mdone\u001b[39m 12.3 s\n");
  reporter.close();
  jest.useRealTimers();
});

test("shown lines are redrawn in place below messages, and removed at the end", () => {
  const stream = sink(true);
  const reporter = createReporter({ stream, env: { LANG: "C.UTF-8" } });
  const { screen } = reporter;
  expect(screen).toMatchObject({ size: { columns: 60, rows: 24 }, color: true, unicode: true });
  screen!.show(["one", "two"]);
  stream.text = "";
  screen!.show(["three"]);
  expect(stream.text).toBe("\u001b[2A\u001b[0Jthree\n");
  stream.text = "";
  reporter.say("hello");
  expect(stream.text).toBe("\u001b[1A\u001b[0Jhello\nthree\n");
  stream.text = "";
  reporter.close();
  expect(stream.text).toBe("\u001b[1A\u001b[0J");
});

test.each([
  ["a file", false, {}],
  ["CI", true, { CI: "true" }],
])("%s has no screen", (_, isTTY, env) => {
  expect(createReporter({ stream: sink(isTTY), env }).screen).toBeUndefined();
});

test.each([
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["CI", { CI: "true" }],
  ["a dumb terminal", { TERM: "dumb" }],
])("with %s there is no color", (_, env) => {
  const stream = sink(true);
  const reporter = createReporter({ stream, env });
  reporter.started(step);
  reporter.ended(ended());
  reporter.close();
  expect(stream.text).not.toContain("\u001b[32m");
  expect(stream.text).toContain("done 12.3 s");
});

test("a line is never longer than the terminal is wide", () => {
  const stream = sink(true);
  const reporter = createReporter({ stream, env: {} });
  reporter.started(step);
  reporter.noted(step, "x".repeat(200));
  reporter.say("hello");
  reporter.close();
  expect(Math.max(...stream.text.split("\n").map((line) => line.length))).toBeLessThan(70);
});
