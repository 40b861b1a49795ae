import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { commandLine } from "../../mesh/shell-quote";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { bundledTool, expectNothingLeft, hasTerminal, until } from "./bundled";

// How Ctrl-C and a closed terminal end a run.

const onTerminal = hasTerminal ? test : test.skip;

const existingClusters = `clusters:
  - { name: main0, role: primary, network: network1, context: one }
  - { name: remote0, network: network2, context: two }
`;

const tool = bundledTool();
let leave: () => void;
let path: FakePath;
beforeEach(async () => {
  ({ leave } = await project(existingClusters));
  path = fakePath();
});
afterEach(() => {
  leave();
  path.remove();
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [tool.file, ...args], { env: path.env });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  const ended = once(child, "exit").then(([code, signal]) => ({ code: code ?? signal, said }));
  return { child, ended, said: () => said };
}

/** Every program waits, and ends in order when it is asked to, which takes it a moment. */
function addWaiting(): void {
  const script = `trap 'sleep 1; echo ended >> "${path.folder}/ended"; exit 1' TERM; sleep 60 & wait`;
  for (const name of ["kubectl", "istioctl"]) path.add(name, script);
}
const haveEndedInOrder = () => existsSync(join(path.folder, "ended"));

/** A kubectl through which Kiali opens. */
function addKiali(): void {
  writeFileSync(
    join(path.folder, "server.js"),
    `require("node:http").createServer((_, response) => response.end()).listen(0, "127.0.0.1", function () {
      console.log("Forwarding from 127.0.0.1:" + this.address().port + " -> 20001");
    });`,
  );
  const deployment = { kind: "Deployment", metadata: { name: "kiali" }, status: { availableReplicas: 1 } };
  path.add(
    "kubectl",
    `case "$*" in
  *" get "*) echo '${JSON.stringify(deployment)}';;
  *" port-forward "*) exec '${process.execPath}' '${join(path.folder, "server.js")}';;
esac`,
  );
}

describe("Ctrl-C", () => {
  test.each(["apply", "doctor", "endpoints", "report", "status", "verify"])(
    "ends mesh %s with 130, and is no failure",
    async (command) => {
      addWaiting();
      const { child, ended } = start(command);
      await until(() => path.calls().length > 0);
      child.kill("SIGINT");
      const { code, said } = await ended;
      expect({ code, said }).toEqual({ code: 130, said: expect.stringContaining("stopping") });
      expect(said).not.toMatch(/error|log:/);
      await expectNothingLeft(path);
    },
  );
});

describe("a closed terminal", () => {
  test("ends a dashboard in order, and the forward with it", async () => {
    addKiali();
    const { child, ended, said } = start("dashboard", "--no-browser");
    await until(() => said().includes("/kiali/console"));
    child.kill("SIGHUP");
    expect(await ended).toMatchObject({ code: 0 });
    await expectNothingLeft(path);
  });

  test("counts once: programs that are shutting down are not killed when the shell passes the signal on", async () => {
    addWaiting();
    const { child, ended } = start("status");
    await until(() => path.calls().length > 0);
    child.kill("SIGHUP");
    await sleep(200);
    child.kill("SIGHUP");
    expect(await ended).toMatchObject({ code: 130 });
    expect(haveEndedInOrder()).toBe(true);
    await expectNothingLeft(path);
  });

  onTerminal("lets programs shut down", async () => {
    addWaiting();
    const code = join(path.folder, "code");
    const line = `trap '' HUP; ${commandLine(process.execPath, [tool.file, "status"])}; echo $? > '${code}'`;
    const terminal = spawn("script", ["--quiet", "--command", line, "/dev/null"], {
      env: { ...path.env, TERM: "xterm", SHELL: "/bin/sh" },
    });
    await until(() => path.calls().length > 0);
    terminal.kill("SIGKILL");
    await until(() => existsSync(code) && readFileSync(code, "utf8") !== "");
    expect(readFileSync(code, "utf8")).toBe("130\n");
    expect(haveEndedInOrder()).toBe(true);
    await expectNothingLeft(path);
  });
});

describe("a closed pipe", () => {
  test("of stderr ends all programs in order", async () => {
    addWaiting();
    const { child, ended } = start("status", "--verbose");
    child.stderr.destroy();
    expect(await ended).toMatchObject({ code: 130 });
    await expectNothingLeft(path);
  });

  test("of stdout alone lets the run continue to its end", async () => {
    addKiali();
    const { child, ended, said } = start("dashboard", "--no-browser");
    child.stdout.destroy();
    await until(() => said().includes("open it in a browser"));
    await sleep(500);
    expect(child.exitCode).toBeNull();
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0 });
    await expectNothingLeft(path);
  });
});

test("an error names the log", async () => {
  path.add("kubectl", "echo refused >&2; exit 1");
  const { ended } = start("apply");
  expect(await ended).toEqual({
    code: 1,
    said: expect.stringMatching(/error: .*\nlog: \.mesh\/log\/\S+\.log\n$/s),
  });
});
