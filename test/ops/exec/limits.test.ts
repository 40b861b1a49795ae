import { withParallelLimit } from "../../../ops/exec/limits";
import type { Output, Programs } from "../../../ops/exec/programs";

test("a hundred programs run, some at a time, and a failed one frees its slot", async () => {
  let running = 0;
  let most = 0;
  const programs: Programs = {
    async run(_, [number]): Promise<Output> {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (Number(number) % 10 === 0) throw new Error("no");
      return { code: 0, stdout: number!, stderr: "" };
    },
  };
  const bounded = withParallelLimit(programs);
  const all = await Promise.allSettled(
    Array.from({ length: 100 }, (_, number) => bounded.run("kubectl", [String(number)])),
  );
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(90);
  expect(most).toBe(24);
});
