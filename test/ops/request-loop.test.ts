import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { requestLoop } from "../../ops/request-loop";
import { readReplies } from "../../ops/requests";
import { meshOf, ownCa } from "../ca/authority";
import { type FakePath, fakePath } from "./fake-programs";

// The script as a shell runs it, with a curl that answers after a while.

const sample = meshOf(ownCa).sample!;

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());

const curl = (seconds: number, answer = "Hello version: v1, instance: helloworld-v1-a") =>
  path.add("curl", `sleep ${seconds}; printf '%s\\n\\n200 0.1\\n' '${answer}'`);

/** In a process group of its own, as in a pod: at its end the script ends its group. */
function start(script: string): { child: ChildProcess; output: () => string } {
  const child = spawn("sh", ["-c", script], { env: path.env, detached: true });
  let text = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return { child, output: () => text };
}
/** How often curl was called; its format of output has line breaks. */
const sent = () => path.calls().filter((call) => call.startsWith("curl ")).length;
const ended = ({ child }: { child: ChildProcess }) => once(child, "close");
/** Processes that are left of a script. */
const left = ({ child }: { child: ChildProcess }) =>
  spawnSync("ps", ["-o", "args=", "-g", String(child.pid)], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((line) => line.trim() !== "" && !line.includes("<defunct>"));

test("requests go out at the rate that was asked for, though each takes longer than the time between two", async () => {
  curl(0.4);
  const loop = start(requestLoop(sample, 10));
  await sleep(4000);
  loop.child.stdin!.end();
  await ended(loop);
  const replies = readReplies(loop.output());
  expect(replies.length).toBeGreaterThan(20);
  expect(replies.length).toBeLessThanOrEqual(42);
  expect(replies.filter(({ version }) => version !== "v1")).toEqual([]);
});

test("when its input ends, what is under way is answered, and no process is left", async () => {
  curl(1);
  const loop = start(requestLoop(sample, 5));
  await sleep(600);
  loop.child.stdin!.end();
  const began = Date.now();
  const [code] = await ended(loop);
  expect(code).toBe(0);
  expect(Date.now() - began).toBeLessThan(3000);
  expect(sent()).toBeGreaterThan(0);
  expect(readReplies(loop.output()).length).toBe(sent());
  expect(left(loop)).toEqual([]);
});

test("it goes on as long as dots come, and ends when they do not", async () => {
  curl(0.05);
  const loop = start(requestLoop(sample, 5).replace("timeout 20", "timeout 1"));
  const beat = setInterval(() => loop.child.stdin!.write("."), 400);
  await sleep(2500);
  expect(loop.child.exitCode).toBeNull();
  clearInterval(beat);
  await ended(loop);
  expect(left(loop)).toEqual([]);
});

test("it ends though nobody takes what it writes", async () => {
  // Larger than what a pipe holds, after a few of them.
  curl(0, "x".repeat(900));
  const script = requestLoop(sample, 100).replace("sleep 7", "sleep 1");
  const loop = spawn("sh", ["-c", script], {
    env: path.env,
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  // Nobody listens to its stdout: it fills up.
  await sleep(2500);
  loop.stdin!.end();
  await once(loop, "exit");
  expect(left({ child: loop })).toEqual([]);
  loop.stdout!.destroy();
});

test("replies do not mix, however long the pages of somebody else are", async () => {
  path.add("curl", `head -c 50000 /dev/zero | tr '\\0' x; printf '\\n404 0.1\\n'`);
  const loop = start(requestLoop(sample, 50));
  await sleep(1500);
  loop.child.stdin!.end();
  await ended(loop);
  const replies = readReplies(loop.output());
  expect(replies.length).toBe(sent());
  expect(new Set(replies.map(({ status, words }) => `${status} ${words.length}`))).toEqual(
    new Set(["404 200"]),
  );
});

test("no more than twenty are under way at once", () => {
  const starts = (rate: number) => /for start in (.*); do/.exec(requestLoop(sample, rate))![1]!.split(" ");
  expect(starts(1)).toEqual(["0.00"]);
  expect(starts(4)).toEqual(["0.00", "0.25", "0.50", "0.75"]);
  expect(starts(100)).toHaveLength(20);
  expect(requestLoop(sample, 100)).toContain("sleep 0.20 ");
});
