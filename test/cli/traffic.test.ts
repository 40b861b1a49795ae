import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TrafficReport } from "../../cli/traffic";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { addClients, clientsYaml, hello } from "../ops/traffic/fake-clients";
import { mesh } from "./run";

const before = { folder: process.cwd(), PATH: process.env.PATH };
let folder: string;
let path: FakePath;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-traffic-"));
  process.chdir(folder);
  writeFileSync("mesh.yaml", clientsYaml);
  path = fakePath();
  process.env.PATH = path.env.PATH;
  Object.defineProperty(process.stdin, "isTTY", { value: false, configurable: true });
});
afterEach(() => {
  process.env.PATH = before.PATH;
  process.chdir(before.folder);
  rmSync(folder, { recursive: true, force: true });
  path.remove();
});

test("after --duration it ends with a table, and with 0 if no request failed", async () => {
  addClients(path);
  const { code, result } = await mesh("traffic", "--rate", "20", "--duration", "2s");
  expect({ code, result }).toEqual({
    code: 0,
    result: expect.stringMatching(
      /^FROM +REQUESTS[\s\S]*\nmain0 +\d+ +0 [\s\S]*\nremote0 [\s\S]*no request failed$/,
    ),
  });
  expect(result).toContain("wanted: 20/s from each, v1 75 %, v2 25 %");
});

test("-o json prints one document", async () => {
  addClients(path);
  const { code, result, notes } = await mesh(
    "traffic",
    "--rate",
    "20",
    "--duration",
    "1",
    "--from",
    "remote0",
    "-o",
    "json",
  );
  const report: TrafficReport = JSON.parse(result);
  expect({ code, notes }).toEqual({ code: 0, notes: "" });
  expect(report).toMatchObject({ ok: true, ratePerSecond: 20, wanted: { v1: 75, v2: 25 } });
  expect(report.wantedOverTime).toEqual([{ sinceSeconds: 0, versions: { v1: 75, v2: 25 } }]);
  const [client, ...others] = report.clients;
  expect(others).toEqual([]);
  expect(client).toMatchObject({ cluster: "remote0", failed: 0, failures: {}, interruptions: 0 });
  const { v1 = 0, v2 = 0 } = client!.versions;
  expect(v1 + v2).toBe(client!.requests);
  expect(client!.clusters).toEqual({ ...(v1 && { main0: v1 }), ...(v2 && { remote0: v2 }) });
});

test("a failed request is reported, and the exit code is 1", async () => {
  addClients(path, {
    curl: `if mkdir "$0.$CLIENT" 2>/dev/null; then printf '\\n503 0.1\\n'; else ${hello("v1", "helloworld-v1-a")}; fi`,
  });
  writeFileSync("shop.yaml", clientsYaml);
  const { code, result } = await mesh("traffic", "-f", "shop.yaml", "--rate", "20", "--duration", "2");
  expect(code).toBe(1);
  expect(result).toMatch(/\nmain0: 1 failed: HTTP 503\n/);
  expect(result).toMatch(/\n2 of \d+ requests failed; next: mesh verify -f shop\.yaml$/);
});

const later = (weights: string, milliseconds: number) =>
  setTimeout(() => writeFileSync("mesh.yaml", clientsYaml.replace("v1: 75, v2: 25", weights)), milliseconds);

test("weights that change during the run are listed in order", async () => {
  addClients(path);
  const running = mesh("traffic", "--duration", "6", "-o", "text");
  later("v1: 10, v2: 90", 2000);
  const { result, notes } = await running;
  expect(notes).toMatch(/v1 \d+ % \(10 wanted\) {2}v2 \d+ % \(90 wanted\)/);
  expect(result).toMatch(/\nwanted: 10\/s from each, v1 75 %, v2 25 %; after [\d.]+ s v1 10 %, v2 90 %\n/);
});

test("-o json has the weights at the end, and the second from which each applied", async () => {
  addClients(path);
  const running = mesh("traffic", "--duration", "3", "-o", "json");
  later("v1: 10, v2: 90", 1000);
  const report: TrafficReport = JSON.parse((await running).result);
  expect(report).toMatchObject({
    wanted: { v1: 10, v2: 90 },
    wantedOverTime: [
      { sinceSeconds: 0, versions: { v1: 75, v2: 25 } },
      { sinceSeconds: expect.any(Number), versions: { v1: 10, v2: 90 } },
    ],
  });
  expect(report.wantedOverTime[1]!.sinceSeconds).toBeGreaterThan(0);
});

test.each([
  [
    ["--from", "remoteO"],
    /invalid value "remoteO" for --from: expected one of main0, remote0\n {2}fix: did you mean "remote0"\?/,
  ],
  [["--rate", "0"], /invalid value "0" for --rate: expected a whole number from 1 to 100/],
  [["--rate", "2.5"], /expected a whole number from 1 to 100/],
  [["--rate", "101"], /expected a whole number from 1 to 100/],
  [["--duration", "soon"], /invalid value "soon" for --duration: expected a duration from 1s to 24h/],
  [["--duration", "0"], /expected a duration from 1s to 24h/],
  [["--duration", "25h"], /expected a duration from 1s to 24h/],
])("%j is bad input", async (args, says) => {
  expect(await mesh("traffic", ...args)).toMatchObject({ code: 2, notes: expect.stringMatching(says) });
  expect(path.calls()).toEqual([]);
});

test("all wrong values of a command are reported at once", async () => {
  expect((await mesh("traffic", "--rate", "x", "--duration", "25h", "-o", "xml")).notes).toContain(
    "3 problems",
  );
  expect((await mesh("traffic", "--from", "x", "y")).notes).toContain("2 problems");
});

test("without the sample there are no clients", async () => {
  writeFileSync("mesh.yaml", clientsYaml.replace("weights: { v1: 75, v2: 25 }", "enabled: false"));
  expect(await mesh("traffic")).toMatchObject({
    code: 2,
    notes: expect.stringContaining("the sample is switched off, and its clients send the requests"),
  });
});

test("clients without a ready pod are named, and nothing is sent", async () => {
  addClients(path, { available: { two: 0 } });
  expect(await mesh("traffic")).toMatchObject({
    code: 1,
    result: "",
    notes: expect.stringContaining("error: Deployment sample/curl of remote0 has no ready pod"),
  });
  expect(path.calls().filter((call) => call.includes(" exec --stdin "))).toEqual([]);
});

test("a cluster whose API server cannot connect to its nodes is reported with the cause, and nothing is sent", async () => {
  addClients(path, {
    way: { two: "echo 'Error from server: error dialing backend: EOF' >&2; exit 1" },
  });
  const { code, notes } = await mesh("traffic");
  expect(code).toBe(1);
  expect(notes).toMatch(
    /remote0: the API server cannot connect to its nodes \(exec, port-forward\): .*error dialing backend: EOF\n\s*fix: .*10250.*konnectivity-agent/,
  );
  expect(path.calls().filter((call) => call.includes(" exec --stdin "))).toEqual([]);
});
