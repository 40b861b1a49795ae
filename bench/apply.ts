import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers } from "../checks/check";
import { verifyChecks } from "../checks/verify/verify";
import { judge, median, medianRatio, type Verdict } from "./measure";

// `npm run bench:lab [PAIRS]`: `mesh apply` against the commands of the official guide, each on two fresh clusters, timed
// until both versions answer in both clusters; then `mesh verify` on that mesh. It starts and stops the lab beside the
// project.

const root = join(__dirname, "..");
const lab = join(root, "../shared/lab/lab");
const contexts = ["main0", "remote0"];
const mesh = join(root, "build/mesh.js");

const pairs = Number(process.argv[2] ?? 5);
/** Seconds until a LoadBalancer has its address, and apply's maximum share of the guide's time. */
const delays = [
  { delay: 3, atMost: 0.75 },
  { delay: 40, atMost: 0.6 },
];
/** Minutes. Deadline of a run. */
const limit = 10;

const folder = mkdtempSync(join(tmpdir(), "mesh-bench-apply-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function must(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

function freshClusters(delay: number): void {
  spawnSync(lab, ["down"], { stdio: "ignore" });
  const { status, stderr } = spawnSync(lab, ["up", "2"], {
    encoding: "utf8",
    env: { ...process.env, LB_DELAY: String(delay) },
  });
  if (status !== 0) throw new Error(`the lab did not start: ${stderr}`);
}

/** PATH and KUBECONFIG of the lab. */
function labEnvironment(): NodeJS.ProcessEnv {
  const [, path, kubeconfig] = /PATH=([^:]+):\$PATH KUBECONFIG=(\S+)/.exec(must(lab, ["env"])) ?? [];
  return { PATH: `${path}:${process.env.PATH}`, KUBECONFIG: kubeconfig };
}

function bothAnswer(env: NodeJS.ProcessEnv): boolean {
  return contexts.every((context) => {
    const { stdout } = spawnSync(
      "kubectl",
      [
        ...["--context", context, "-n", "sample", "exec", "deploy/curl", "-c", "curl", "--", "sh", "-c"],
        "for i in $(seq 12); do curl -sS -m 5 helloworld.sample:5000/hello; done",
      ],
      { encoding: "utf8", env: { ...process.env, ...env }, timeout: 30_000 },
    );
    return ["v1", "v2"].every((version) => stdout?.includes(`version: ${version}`));
  });
}

const seconds = (since: bigint) => Number(process.hrtime.bigint() - since) / 1e9;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function byHand(env: NodeJS.ProcessEnv): number {
  const start = process.hrtime.bigint();
  must(join(lab, "../by-hand"), ["--ca", "mesh.ca"], env);
  return seconds(start);
}

interface ApplyTimes {
  readonly untilAnswers: number;
  readonly untilExit: number;
  readonly second: number;
}

async function apply(env: NodeJS.ProcessEnv): Promise<ApplyTimes> {
  const start = process.hrtime.bigint();
  const child: ChildProcess = spawn("node", [mesh, "apply"], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const sampleReady = lastOfSampleReady(child);
  let untilExit: number | undefined;
  const ended = new Promise<number | null>((resolve) =>
    child.on("exit", (code) => {
      untilExit = seconds(start);
      resolve(code);
    }),
  );
  // As by hand: no requests before the pods run, because they share the machine.
  await Promise.race([sampleReady, ended]);
  while (!bothAnswer(env)) {
    if (seconds(start) > limit * 60) throw new Error(`no answers within ${limit} minutes`);
    await pause(500);
  }
  const untilAnswers = seconds(start);
  if ((await ended) !== 0) throw new Error("mesh apply failed");
  const again = process.hrtime.bigint();
  must("node", [mesh, "apply"], env);
  return { untilAnswers, untilExit: untilExit!, second: seconds(again) };
}

/** Ends when every Deployment of the sample is reported ready. */
function lastOfSampleReady(child: ChildProcess): Promise<void> {
  const waitedFor = new Set(["main0 curl", "main0 helloworld-v1", "remote0 curl", "remote0 helloworld-v2"]);
  return new Promise((resolve) => {
    const listen = (chunk: Buffer) => {
      for (const [, cluster, name] of chunk.toString().matchAll(/^(\S+) +(\S+) ready +(?:done|unchanged)/gm))
        waitedFor.delete(`${cluster} ${name}`);
      if (waitedFor.size === 0) resolve();
    };
    child.stdout!.on("data", listen);
    child.stderr!.on("data", listen);
  });
}

async function compare(delay: number): Promise<{ ratio: number; second: number }> {
  const ratios: number[] = [];
  const seconds: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    freshClusters(delay);
    const hand = byHand(labEnvironment());
    freshClusters(delay);
    rmSync(join(folder, "mesh.addresses.yaml"), { force: true });
    const times = await apply(labEnvironment());
    console.log(
      `LB_DELAY=${delay}: by hand ${hand.toFixed(1)} s; apply ${times.untilAnswers.toFixed(1)} s until both answer, ` +
        `${times.untilExit.toFixed(1)} s until it ends, ${times.second.toFixed(1)} s the second time`,
    );
    ratios.push(times.untilAnswers / hand);
    seconds.push(times.second / times.untilExit);
  }
  return { ratio: median(ratios), second: median(seconds) };
}

const verifyLayers = Object.keys(layers).filter((layer) =>
  verifyChecks.some(({ id }) => id.startsWith(`${layer}.`)),
);

/** On the existing mesh: verify against its slowest layer alone, with the layers below it. */
function verifyOverItsSlowestLayer(env: NodeJS.ProcessEnv): number {
  const time = (...only: string[]) => {
    const start = process.hrtime.bigint();
    must("node", [mesh, "verify", ...only], env);
    return seconds(start);
  };
  must("node", [mesh, "verify", "--wait", "2m"], env);
  const [slowest] = verifyLayers
    .map((layer) => ({ layer, took: median([1, 2, 3].map(() => time("--only", layer))) }))
    .sort((one, other) => other.took - one.took);
  console.log(`verify: the slowest layer is ${slowest!.layer}, ${slowest!.took.toFixed(1)} s`);
  return medianRatio(
    () => time(),
    () => time("--only", slowest!.layer),
    pairs,
  );
}

async function main(): Promise<void> {
  if (!existsSync(lab)) throw new Error("there is no lab beside the project");
  cpSync(join(root, "examples/existing-clusters.yaml"), join(folder, "mesh.yaml"));
  must("node", [mesh, "ca"]);
  const verdicts: Verdict[] = [];
  for (const { delay, atMost } of delays) {
    const { ratio, second } = await compare(delay);
    verdicts.push({ what: `apply over by hand, load balancers after ${delay} s`, ratio, atMost });
    verdicts.push({
      what: `second apply over the first, load balancers after ${delay} s`,
      ratio: second,
      atMost: 0.1,
    });
  }
  verdicts.push({
    what: "verify over its slowest layer",
    ratio: verifyOverItsSlowestLayer(labEnvironment()),
    atMost: 1.5,
  });
  spawnSync(lab, ["down"], { stdio: "ignore" });
  judge(verdicts);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
