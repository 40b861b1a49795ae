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

test("a step runs as soon as what it needs is done, beside all others", async () => {
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

test("a step that comes after another waits for its end, however it ends", async () => {
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

test("a failure stops what needs it and lets the others end", async () => {
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

test("a failed step says why, in its own words and the cluster's, and what to do", async () => {
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

test("a step is given up at its deadline, which the message names", async () => {
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

test("a step that is given up says what it was at", async () => {
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

test("Ctrl-C: what runs is told, what has not begun is not tried", async () => {
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

test("a circle, or a need that nothing meets, is refused before anything runs", async () => {
  const run = jest.fn(done);
  await expect(runSteps([step("a", ["b"], run), step("b", ["a"], run)], silent, never)).rejects.toThrow(
    "a, b",
  );
  await expect(runSteps([step("a", ["nowhere"], run)], silent, never)).rejects.toThrow(
    "steps that can never run: a",
  );
  expect(run).not.toHaveBeenCalled();
});
