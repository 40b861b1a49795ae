import { type ChildProcess, spawn } from "node:child_process";
import type { CheckReport } from "../../checks/report";
import { bare, describeInLab } from "./lab";
import { minutes, primary, remote, Tool, third } from "./tool";

// A healthy mesh of three clusters, also in fifty runs on a busy machine.

const runs = 50;
const meshOf = (clusters: readonly string[], more: string) => `clusters:
${clusters.map((context, i) => `  - { name: ${i === 0 ? "main0" : `remote${i - 1}`}, network: network${i + 1}, context: ${context}${i === 0 ? ", role: primary" : ""} }`).join("\n")}
addons: { prometheus: false, kiali: false }
${more}
`;

const complaints = ({ results }: CheckReport) =>
  results
    .filter(({ status }) => status !== "pass")
    .map(({ id, cluster, status, evidence }) => `${status} ${id} ${cluster ?? ""}: ${evidence.join(" / ")}`);

async function looks(tool: Tool, count: number): Promise<CheckReport[]> {
  const reports: CheckReport[] = [];
  for (let run = 0; run < count; run++)
    reports.push(JSON.parse((await tool.run(["verify", "-o", "json"])).out));
  return reports;
}

/** Processes that compute for as long as `work` takes. */
async function besideBusyLoops<T>(count: number, work: () => Promise<T>): Promise<T> {
  const loops: ChildProcess[] = [];
  for (let loop = 0; loop < count; loop++) loops.push(spawn("sh", ["-c", "while :; do :; done"]));
  try {
    return await work();
  } finally {
    for (const loop of loops) loop.kill("SIGKILL");
  }
}

describeInLab("verify on a healthy mesh of three clusters", () => {
  const clusters = [primary, remote, third];
  let tool: Tool;
  beforeAll(async () => {
    bare(clusters);
    tool = new Tool(meshOf(clusters, "sample: {}"));
    await tool.must(["ca"]);
    await tool.must(["apply"]);
  }, 8 * minutes);
  afterAll(async () => {
    await tool.run(["destroy", "--yes", "--crds"]);
    tool.remove();
  }, 5 * minutes);

  test(
    "passes every check from all three clusters; without weights the shares follow the number of pods",
    async () => {
      await tool.must(["verify", "--wait", "2m"]);
      const [report] = await looks(tool, 1);
      expect(complaints(report!)).toEqual([]);
      const shares = report!.results.filter(({ id }) => id === "traffic.clusters");
      expect(
        shares.map(({ cluster, shares: of }) => [cluster, of!.map(({ wanted }) => Math.round(wanted))]),
      ).toEqual([
        ["main0", [33, 33, 33]],
        ["remote0", [33, 33, 33]],
        ["remote1", [33, 33, 33]],
      ]);
    },
    5 * minutes,
  );

  test(
    `raises no false alarm in ${runs} runs while the machine is kept busy`,
    async () => {
      const reports = await besideBusyLoops(3, () => looks(tool, runs));
      expect(reports.flatMap(complaints)).toEqual([]);
      const seconds = reports.map((report) => report.seconds).sort((one, other) => one - other);
      console.info(
        `${runs} runs: ${seconds[0]!.toFixed(1)} to ${seconds.at(-1)!.toFixed(1)} s, half of them within ${seconds[runs / 2]!.toFixed(1)} s`,
      );
    },
    40 * minutes,
  );

  test(
    "sees added pods behind one gateway for each other cluster",
    async () => {
      const report: CheckReport = JSON.parse((await tool.run(["verify", "--scale", "-o", "json"])).out);
      expect(complaints(report)).toEqual([]);
    },
    8 * minutes,
  );
}, [primary, remote, third]);
