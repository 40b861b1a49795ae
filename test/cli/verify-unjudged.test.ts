import { asProof, reportOf } from "../../checks/report";
import { runVerify } from "../../cli/verify";
import { silentReporter } from "../../ops/run/progress";
import { meshOf, result } from "../report/reports";

// What looks is not run here: it finds that nothing failed, and that something vital cannot be judged.
jest.mock("../../checks/verify/verify", () => ({
  ...jest.requireActual("../../checks/verify/verify"),
  verify: async () =>
    asProof(
      reportOf(
        "mesh1",
        [result("trust.workloads", { status: "not judged", evidence: ["no word of it"] })],
        1,
      ),
    ),
}));

test("a check that could not be judged is waited for, and finally is a failure", async () => {
  const said: string[] = [];
  const context = {
    programs: { run: () => Promise.reject(new Error("nothing is run")) },
    reporter: { ...silentReporter, say: (text: string) => said.push(text) },
    now: () => new Date(),
    signal: new AbortController().signal,
    workFolder: ".mesh",
  };
  const results: string[] = [];
  const output = { result: (text: string) => results.push(text), note: () => {}, warning: () => {} };
  const inputs = { mesh: meshOf(), meshFile: "mesh.yaml" };
  const flags = { output: "text", wait: 3, scale: true } as const;
  expect(await runVerify(context, inputs, flags, output)).toBe(1);
  expect(said).toEqual(["not yet: trust.workloads: no word of it (0 of 3 s)"]);
  // Nor is anything scaled.
  expect(results[0]).toMatch(/\nnot proved: 0 passed, 5 not judged \(/);
});
