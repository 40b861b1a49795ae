import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TrafficReport } from "../../cli/traffic";
import { commandLine } from "../../mesh/shell-quote";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { addClients, clientsYaml } from "../ops/traffic/fake-clients";
import { bundledTool, expectNothingLeft, hasTerminal, processesOf, until } from "./bundled";

// Traffic as people watch and end it: with Ctrl-C, on a terminal that `script` makes (util-linux), and without one.

const onTerminal = hasTerminal ? test : test.skip;

const tool = bundledTool();
let folder: string;
let path: FakePath;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-traffic-"));
  writeFileSync(join(folder, "mesh.yaml"), clientsYaml);
  path = fakePath();
  addClients(path);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  path.remove();
});

function start(program: string, args: readonly string[]) {
  const env = { ...path.env, TERM: "xterm", LANG: "C.UTF-8" };
  const child: ChildProcessWithoutNullStreams = spawn(program, args, { cwd: folder, env });
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text.err += chunk;
  });
  return { child, text };
}

onTerminal("on a terminal bars are redrawn until Ctrl-C, and then there is the table", async () => {
  const line = `stty columns 80 rows 24; exec ${commandLine(process.execPath, [tool.file, "traffic"])}`;
  const { child, text } = start("script", ["--quiet", "--return", "--command", line, "/dev/null"]);
  await until(() => /█+│? *.*wanted 75 %/.test(text.out));
  await sleep(1000);
  child.stdin.write("\u0003");
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  // One title, two blocks of a heading and four bars each, drawn again in their place.
  expect(text.out).toContain("\u001b[13A\u001b[0J");
  expect(text.out).toContain("\u001b[32m");
  expect(text.out).toMatch(/no request failed/);
  const drawn = text.out.split(/\r?\n/).filter((shown) => shown.includes("█"));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  for (const shown of drawn) expect(shown.replace(/\u001b\[\d*[A-Za-z]/g, "").length).toBeLessThan(80);
  await expectNothingLeft(path);
});

test("without a terminal SIGINT is an end as well: the summary stands on stdout alone, and the log is short", async () => {
  const { child, text } = start(process.execPath, [tool.file, "traffic", "-o", "json"]);
  await until(() => path.calls().filter((call) => call.startsWith("curl ")).length > 20);
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  expect(JSON.parse(text.out)).toMatchObject({ ok: true });
  expect(text.err).toBe("");
  await expectNothingLeft(path);
  const [log] = readdirSync(join(folder, ".mesh/log"));
  expect(readFileSync(join(folder, ".mesh/log", log!), "utf8")).not.toContain("Hello version");
});

test("when the tool is killed, its loops end", async () => {
  const { child } = start(process.execPath, [tool.file, "traffic"]);
  await until(() => path.calls().filter((call) => call.startsWith("curl ")).length > 20);
  expect(processesOf(path).length).toBeGreaterThan(20);
  child.kill("SIGKILL");
  await once(child, "close");
  await expectNothingLeft(path);
});

test("many clusters send in parallel, without a warning of Node.js about listeners", async () => {
  const names = Array.from({ length: 15 }, (_, index) => `c${index}`);
  const clusters = names.map((name) => `  - { name: ${name}, network: ${name}, context: ${name} }\n`);
  const yaml = `clusters:\n${clusters.join("").replace("c0,", "c0, role: primary,")}`;
  writeFileSync(join(folder, "mesh.yaml"), yaml);
  path.add(
    "kubectl",
    `case "$*" in
  *" deployments "*) echo '{"kind":"Deployment","metadata":{"name":"curl"},"status":{"availableReplicas":1}}';;
  *" exec "*) printf 'Hello version: v1, instance: a\\n\\n200 0.01\\n'; while [ "$(head -c 1)" ]; do :; done;;
  *) sleep 1; echo '{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a"}}]}';;
esac`,
  );
  const { child, text } = start(process.execPath, [tool.file, "traffic", "--duration", "2s", "-o", "json"]);
  const [code] = await once(child, "close");
  expect({ code, err: text.err }).toEqual({ code: 0, err: "" });
  const { clients } = JSON.parse(text.out) as TrafficReport;
  expect(clients.map(({ cluster, requests }) => [cluster, requests])).toEqual(names.map((name) => [name, 1]));
});
