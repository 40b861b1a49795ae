import { adviceOn } from "../diagnosis/remedies";
import type { Explain } from "../diagnosis/unreachable";
import { DeadlinePassed, Interrupted } from "../exec/errors";
import { deadlineSignal } from "../exec/timing";

export type StepOutcome = "changed" | "unchanged";

export interface Step {
  /** Unique in a run, for example `remote0/gateway`. */
  readonly id: string;
  /** Name of the cluster, as in mesh.yaml. */
  readonly cluster: string;
  readonly phase: string;
  /** For users: `gateway istio-eastwestgateway`. */
  readonly title: string;
  /** Ids of the steps that must have succeeded before. */
  readonly needs: readonly string[];
  /** Ids of the steps that must have ended before, successful or not. @default - none */
  readonly after?: readonly string[];
  /** The step fails after this many seconds. */
  readonly deadlineSeconds: number;
  /** A failure is a warning: the mesh works without it. @default false */
  readonly optional?: boolean;
  run(context: StepContext): Promise<StepOutcome>;
  /** Asks the cluster why the step failed: events, conditions. @default - nothing */
  explain?: Explain;
}

export interface StepContext {
  /** Aborted on Ctrl-C and at the step's deadline. */
  readonly signal: AbortSignal;
  /** Of the step. */
  readonly deadlineSeconds: number;
  /** Reports what the step is doing, also in the message of a timeout: `waiting for ...`. */
  readonly note: (text: string) => void;
}

export interface StepResult {
  readonly step: Step;
  readonly outcome: StepOutcome | "failed" | "warning" | "not tried";
  readonly seconds: number;
  /** For `failed` and `warning`: the error, and what the cluster reports about it. */
  readonly reason?: string;
}

/** Timeout for a program that names what it waits for: a little shorter than its step's deadline. */
export const secondsWithin = (deadlineSeconds: number) => 0.9 * deadlineSeconds;

export interface StepListener {
  started(step: Step): void;
  noted(step: Step, text: string): void;
  ended(result: StepResult): void;
}

/** For asking the cluster why a step failed. */
const explainSeconds = 15;

/**
 * Runs every step as soon as its needs are met, in parallel. Steps that need a failed step are not tried; the others
 * continue, so that a second run has less to do.
 * @returns a result for each step, in the order of `steps`
 */
export async function runSteps(
  steps: readonly Step[],
  listener: StepListener,
  signal: AbortSignal,
): Promise<readonly StepResult[]> {
  refuseUnknownNeeds(steps);
  const results = new Map<string, Promise<StepResult>>();
  const result = (step: Step): Promise<StepResult> => {
    const begun = results.get(step.id);
    if (begun) return begun;
    const promise = (async () => {
      const resultOf = (id: string) => result(steps.find((other) => other.id === id)!);
      const needed = await Promise.all(step.needs.map(resultOf));
      await Promise.all((step.after ?? []).map(resultOf));
      const ended = needed.every(hasSucceeded)
        ? await runStep(step, listener, signal)
        : { step, outcome: "not tried" as const, seconds: 0 };
      listener.ended(ended);
      return ended;
    })();
    results.set(step.id, promise);
    return promise;
  };
  return Promise.all(steps.map(result));
}

export const hasSucceeded = ({ outcome }: StepResult) => outcome === "changed" || outcome === "unchanged";

async function runStep(step: Step, listener: StepListener, runSignal: AbortSignal): Promise<StepResult> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  if (runSignal.aborted) return { step, outcome: "not tried", seconds: 0 };
  listener.started(step);
  const deadline = deadlineSignal(runSignal, step.deadlineSeconds);
  let lastNote: string | undefined;
  try {
    const outcome = await step.run({
      signal: deadline.signal,
      deadlineSeconds: step.deadlineSeconds,
      note: (text) => {
        lastNote = text;
        listener.noted(step, text);
      },
    });
    return { step, outcome, seconds: seconds() };
  } catch (error) {
    const isTimeout = error instanceof Interrupted && deadline.signal.aborted && !runSignal.aborted;
    const cause = isTimeout
      ? new DeadlinePassed(`${step.title} in ${step.cluster}`, step.deadlineSeconds)
      : (error as Error);
    const text = [
      cause.message,
      ...(isTimeout && lastNote !== undefined ? [`last: ${lastNote}`] : []),
      ...(runSignal.aborted ? [] : await explanation(step, runSignal, cause)),
    ].join("\n");
    const reason = [text, ...adviceOn(text)].join("\n");
    return { step, outcome: step.optional ? "warning" : "failed", seconds: seconds(), reason };
  } finally {
    deadline.release();
  }
}

async function explanation(step: Step, runSignal: AbortSignal, cause: Error): Promise<readonly string[]> {
  const { signal, release } = deadlineSignal(runSignal, explainSeconds);
  try {
    return (await step.explain?.(signal, cause)) ?? [];
  } catch {
    // A cluster that does not answer is often the cause of the failure itself.
    return [];
  } finally {
    release();
  }
}

/** An unknown need would wait forever, and so would a cycle. */
function refuseUnknownNeeds(steps: readonly Step[]): void {
  const before = new Set<string>();
  let left = [...steps];
  while (left.length > 0) {
    const free = left.filter(({ needs, after = [] }) => [...needs, ...after].every((id) => before.has(id)));
    if (free.length === 0)
      throw new Error(`steps that can never run: ${left.map(({ id }) => id).join(", ")}`);
    for (const { id } of free) before.add(id);
    left = left.filter((step) => !free.includes(step));
  }
}
