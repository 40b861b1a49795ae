import { Interrupted } from "../../../ops/exec/errors";
import { runSteps, type Step, type StepResult } from "../../../ops/run/steps";

const never = new AbortController().signal;
const silent = { started() {}, noted() {}, ended() {} };
const step = (id: string, needs: string[], run: Step["run"], more: Partial<Step> = {}): Step => ({
  id,
  cluster: id.split("/")[0]!,
  phase: "test",
  title: id,
  needs,
  deadlineSeconds: 5,
  run,
  ...more,
});
const done = async () => "changed" as const;
const outcomes = (results: readonly StepResult[]) =>
  Object.fromEntries(results.map(({ step: { id }, outcome }) => [id, outcome]));

test("a step runs as soon as its needs are met, in parallel with others", async () => {
  const log: string[] = [];
  const note = (id: string, milliseconds: number) => async () => {
    log.push(`${id} begins`);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    log.push(`${id} ends`);
    return "changed" as const;
  };
  await runSteps(
    [
      step("slow", [], note("slow", 150)),
      step("quick", [], note("quick", 20)),
      step("after", ["quick"], note("after", 20)),
    ],
    silent,
    never,
  );
  expect(log).toEqual([
    "slow begins",
    "quick begins",
    "quick ends",
    "after begins",
    "after ends",
    "slow ends",
  ]);
});

test("the order in which steps are given does not matter", async () => {
  const results = await runSteps([step("b", ["a"], done), step("a", [], done)], silent, never);
  expect(outcomes(results)).toEqual({ a: "changed", b: "changed" });
});

test("a step with `after` waits for the end of the other, successful or not", async () => {
  const log: string[] = [];
  const fails = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    log.push("pods");
    throw new Error("no");
  };
  const notes = async () => {
    log.push("addon");
    return "changed" as const;
  };
  const results = await runSteps(
    [step("addon", [], notes, { after: ["pods"] }), step("pods", [], fails)],
    silent,
    never,
  );
  expect(log).toEqual(["pods", "addon"]);
  expect(outcomes(results)).toEqual({ addon: "changed", pods: "failed" });
});

test("a failure stops the steps that need it, and the others continue", async () => {
  const results = await runSteps(
    [
      step("main0/bad", [], async () => {
        throw new Error("no");
      }),
      step("main0/next", ["main0/bad"], done),
      step("main0/last", ["main0/next"], done),
      step("remote0/other", [], done),
    ],
    silent,
    never,
  );
  expect(outcomes(results)).toEqual({
    "main0/bad": "failed",
    "main0/next": "not tried",
    "main0/last": "not tried",
    "remote0/other": "changed",
  });
});

test("a failed step has its error, the cluster's explanation and the fix", async () => {
  const [result] = await runSteps(
    [
      step(
        "x",
        [],
        async () => {
          throw new Error("not ready");
        },
        { explain: async () => ["Pod kiali-1: Failed: ImagePullBackOff"] },
      ),
    ],
    silent,
    never,
  );
  expect(result!.reason).toMatch(
    /^not ready\nPod kiali-1: Failed: ImagePullBackOff\nfix: the image cannot be pulled: check that the registry has/,
  );
});

test("a cluster that cannot explain does not hide the failure", async () => {
  const fail = async () => {
    throw new Error("not ready");
  };
  const [result] = await runSteps([step("x", [], fail, { explain: fail })], silent, never);
  expect(result).toMatchObject({ outcome: "failed", reason: "not ready" });
});

test("an optional step's failure is a warning", async () => {
  const fail = async () => {
    throw new Error("image cannot be pulled");
  };
  const [result] = await runSteps([step("kiali", [], fail, { optional: true })], silent, never);
  expect(result).toMatchObject({ outcome: "warning", reason: "image cannot be pulled" });
});

test("a step fails at its deadline, which the message names", async () => {
  const wait: Step["run"] = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Interrupted()));
    });
  const [result] = await runSteps(
    [step("main0/address", [], wait, { deadlineSeconds: 0.05 })],
    silent,
    never,
  );
  expect(result!.reason).toBe("main0/address in main0: not done within 0.05 s");
});

test("the message of a timeout has the last note", async () => {
  const wait: Step["run"] = ({ signal, note }) => {
    note("waiting for namespace sample to be deleted");
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Interrupted()));
    });
  };
  const [result] = await runSteps(
    [step("main0/namespaces", [], wait, { deadlineSeconds: 0.05 })],
    silent,
    never,
  );
  expect(result!.reason).toBe(
    "main0/namespaces in main0: not done within 0.05 s\nlast: waiting for namespace sample to be deleted",
  );
});

test("Ctrl-C: running steps are aborted, others are not tried", async () => {
  const interrupt = new AbortController();
  const wait: Step["run"] = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Interrupted()));
      interrupt.abort();
    });
  const results = await runSteps([step("a", [], wait), step("b", ["a"], done)], silent, interrupt.signal);
  expect(outcomes(results)).toEqual({ a: "failed", b: "not tried" });
  expect(results[0]!.reason).toContain("run the same command again");
});

test("a cycle or an unknown need is refused before anything runs", async () => {
  const run = jest.fn(done);
  await expect(runSteps([step("a", ["b"], run), step("b", ["a"], run)], silent, never)).rejects.toThrow(
    "a, b",
  );
  await expect(runSteps([step("a", ["nowhere"], run)], silent, never)).rejects.toThrow(
    "steps that can never run: a",
  );
  expect(run).not.toHaveBeenCalled();
});
