import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { requestLoop } from "../../../ops/traffic/request-loop";
import { readReplies } from "../../../ops/traffic/requests";
import { meshOf, ownCa } from "../../ca/authority";
import { type FakePath, fakePath } from "../exec/fake-programs";

// The script as a shell runs it, with a curl that answers after a while.

const sample = meshOf(ownCa).sample!;

let path: FakePath;
const loops: ChildProcess[] = [];
beforeEach(() => {
  path = fakePath();
});
afterEach(() => {
  for (const { pid } of loops.splice(0)) {
    try {
      process.kill(-pid!, "SIGKILL");
    } catch {
      // It has ended by itself, as it should.
    }
  }
  path.remove();
});

const curl = (seconds: number, answer = "Hello version: v1, instance: helloworld-v1-a") =>
  path.add("curl", `sleep ${seconds}; printf '%s\\n\\n200 0.1\\n' '${answer}'`);

interface Loop {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Begins to take what it writes. */
  readonly listen: () => void;
}

/** In a separate process group, as in a pod: when the script ends, it ends its group. Nothing reads the output yet. */
function startUnheard(script: string): Loop {
  const child = spawn("sh", ["-c", script], {
    env: path.env,
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  loops.push(child);
  let text = "";
  const listen = () =>
    child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  return { child, output: () => text, listen };
}
function start(script: string): Loop {
  const loop = startUnheard(script);
  loop.listen();
  return loop;
}
/** How often curl was called; its format of output has line breaks. */
const sent = () => path.calls().filter((call) => call.startsWith("curl ")).length;
const ended = ({ child }: { child: ChildProcess }) => once(child, "close");
/** Every process of a script has ended, or does so within a moment. */
async function expectNothingLeft({ child }: Loop): Promise<void> {
  const left = () =>
    spawnSync("ps", ["-o", "args=", "-g", String(child.pid)], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line.trim() !== "" && !line.includes("<defunct>"));
  for (let tries = 0; tries < 20 && left().length > 0; tries++) await sleep(50);
  expect(left()).toEqual([]);
}

test("requests are sent at the given rate, though each takes longer than the interval", async () => {
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

test("when stdin ends, running requests are answered, and no process is left", async () => {
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
  await expectNothingLeft(loop);
});

test("it runs while dots arrive, and ends without them", async () => {
  curl(0.05);
  const loop = start(requestLoop(sample, 5).replace("timeout 20", "timeout 1"));
  const beat = setInterval(() => loop.child.stdin!.write("."), 400);
  await sleep(2500);
  expect(loop.child.exitCode).toBeNull();
  clearInterval(beat);
  await ended(loop);
  await expectNothingLeft(loop);
});

test("it ends although nothing reads its output", async () => {
  // A pipe holds some seventy of these.
  curl(0, "x".repeat(900));
  const loop = startUnheard(requestLoop(sample, 100).replace("sleep 7", "sleep 1"));
  await sleep(2500);
  loop.child.stdin!.end();
  await once(loop.child, "exit");
  await expectNothingLeft(loop);
  loop.child.stdout!.destroy();
});

test("only the end of a long foreign page is sent back, and replies do not mix", async () => {
  path.add("curl", "printf '%050000d\\n404 0.1\\n' 0");
  const loop = startUnheard(requestLoop(sample, 100));
  await sleep(2500);
  loop.listen();
  loop.child.stdin!.end();
  await ended(loop);
  const replies = readReplies(loop.output());
  expect(replies.length).toBe(sent());
  expect(loop.output().length / sent()).toBeLessThan(1100);
  expect(new Set(replies.map(({ status, words }) => `${status} ${words.length}`))).toEqual(
    new Set(["404 200"]),
  );
});

test("at most twenty requests run at once", () => {
  const starts = (rate: number) => /for start in (.*); do/.exec(requestLoop(sample, rate))![1]!.split(" ");
  expect(starts(1)).toEqual(["0.00"]);
  expect(starts(4)).toEqual(["0.00", "0.25", "0.50", "0.75"]);
  expect(starts(100)).toHaveLength(20);
  expect(requestLoop(sample, 100)).toContain("sleep 0.20 ");
});
