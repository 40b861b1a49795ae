import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { deadlineSignal } from "../../../ops/exec/timing";

test("a deadline fires, however often garbage is collected", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  let aborted = false;
  deadlineSignal(new AbortController().signal, 0.3).signal.addEventListener("abort", () => {
    aborted = true;
  });
  for (let round = 0; round < 10; round++) {
    await sleep(50);
    collect();
  }
  expect(aborted).toBe(true);
});

test("it is aborted with the other signal, also one that was aborted before", () => {
  const other = new AbortController();
  const { signal } = deadlineSignal(other.signal, 60);
  expect(signal.aborted).toBe(false);
  other.abort();
  expect(signal.aborted).toBe(true);
  expect(deadlineSignal(other.signal, 60).signal.aborted).toBe(true);
});

test("after release it is not aborted", async () => {
  const other = new AbortController();
  const { signal, release } = deadlineSignal(other.signal, 0.05);
  release();
  other.abort();
  await sleep(100);
  expect(signal.aborted).toBe(false);
});
