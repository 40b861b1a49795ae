import { adviceOn } from "../diagnosis/remedies";
import type { Explain } from "../diagnosis/unreachable";
import { DeadlinePassed, Interrupted } from "../exec/errors";
import { deadlineSignal } from "../exec/timing";

/** What a run is made of, in the order in which people think of it. */
export type StepOutcome = "changed" | "unchanged";

export interface Step {
  /** Unique in a run, for example `remote0/gateway`. */
  readonly id: string;
  /** Name of the cluster, as in mesh.yaml. */
  readonly cluster: string;
  readonly phase: string;
  /** What is done, for people: `gateway istio-eastwestgateway`. */
  readonly title: string;
  /** Ids of the steps that must have ended well before. */
  readonly needs: readonly string[];
  /** Ids of steps that are waited for, however they end: they matter more. @default - none */
  readonly after?: readonly string[];
  /** After this many seconds the step is given up. */
  readonly deadlineSeconds: number;
  /** A failure is a warning: the mesh works without it. @default false */
  readonly optional?: boolean;
  run(context: StepContext): Promise<StepOutcome>;
  /** What the cluster says about a step that failed by `cause`: events, conditions. @default - nothing */
  explain?: Explain;
}

export interface StepContext {
  /** Aborted on Ctrl-C and at the step's deadline. */
  readonly signal: AbortSignal;
  /** The step's own. */
  readonly deadlineSeconds: number;
  /** Says what the step is at, while it runs and when it is given up: `waiting for ...`. */
  readonly note: (text: string) => void;
}

export interface StepResult {
  readonly step: Step;
  readonly outcome: StepOutcome | "failed" | "warning" | "not tried";
  readonly seconds: number;
  /** For `failed` and `warning`: what went wrong and what the cluster says about it. */
  readonly reason?: string;
}

/** Seconds for a program whose own words name what it has waited for: it gives up a little before its step does. */
export const secondsWithin = (deadlineSeconds: number) => 0.9 * deadlineSeconds;

/** Hears what happens to steps. */
export interface StepListener {
  started(step: Step): void;
  noted(step: Step, text: string): void;
  ended(result: StepResult): void;
}

/** For asking the cluster why a step failed. */
const explainSeconds = 15;

/**
 * Runs every step as soon as what it needs is done, side by side. A step that fails takes those that need it with it;
 * the others go on to their end, so that a second run has less to do.
 * @returns a result per step, in the order of `steps`
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
  let at: string | undefined;
  try {
    const outcome = await step.run({
      signal: deadline.signal,
      deadlineSeconds: step.deadlineSeconds,
      note: (text) => {
        at = text;
        listener.noted(step, text);
      },
    });
    return { step, outcome, seconds: seconds() };
  } catch (error) {
    const isGivenUp = error instanceof Interrupted && deadline.signal.aborted && !runSignal.aborted;
    const cause = isGivenUp
      ? new DeadlinePassed(`${step.title} in ${step.cluster}`, step.deadlineSeconds)
      : (error as Error);
    const said = [
      cause.message,
      ...(isGivenUp && at !== undefined ? [`last: ${at}`] : []),
      ...(runSignal.aborted ? [] : await explanation(step, runSignal, cause)),
    ].join("\n");
    const reason = [said, ...adviceOn(said)].join("\n");
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
    // The failure itself is what counts; a cluster that cannot be asked is often its cause.
    return [];
  } finally {
    release();
  }
}

/** A need that names no step would wait for ever, and so would a circle. */
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
