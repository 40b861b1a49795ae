import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPrograms, type ProgramsProps } from "../../../ops/exec/programs";
import { openRunLog } from "../../../ops/exec/run-log";
import { type FakePath, fakePath } from "./fake-programs";

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());
const programs = (props: ProgramsProps = {}) => createPrograms({ env: path.env, ...props });

test("arguments reach the program unchanged, without a shell", async () => {
  path.add("kubectl", 'printf "%s|" "$@"');
  const { stdout } = await programs().run("kubectl", ["get", "$(touch pwned)", "a b", "; rm -rf x", "*"]);
  expect(stdout).toBe("get|$(touch pwned)|a b|; rm -rf x|*|");
});

test("input is piped, so that secrets need not be arguments", async () => {
  path.add("kubectl", "cat");
  const { stdout } = await programs().run("kubectl", ["apply", "-f", "-"], { input: "kind: Secret\n" });
  expect(stdout).toBe("kind: Secret\n");
  expect(path.calls()).toEqual(["kubectl apply -f -"]);
});

test("a heartbeat keeps stdin open until it is stopped, and the program exits normally", async () => {
  path.add("kubectl", "exec cat");
  const until = new AbortController();
  const running = programs().run("kubectl", ["exec"], {
    heartbeat: { everySeconds: 0.05, until: until.signal },
    onOutput: (chunk) => chunk.includes(".") && until.abort(),
  });
  expect(await running).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\.+$/) });
});

test("a heartbeat that is aborted before its start ends stdin at once", async () => {
  path.add("kubectl", "exec cat");
  const heartbeat = { everySeconds: 60, until: AbortSignal.abort() };
  expect((await programs().run("kubectl", ["exec"], { heartbeat })).stdout).toBe("");
});

test("the environment reaches the program, KUBECONFIG included", async () => {
  path.add("kubectl", 'printf "$KUBECONFIG"');
  const { stdout } = await programs({ env: { ...path.env, KUBECONFIG: "/one:/two" } }).run("kubectl", []);
  expect(stdout).toBe("/one:/two");
});

test("kubectl ignores the user's kuberc", async () => {
  path.add("kubectl", 'printf "$KUBERC $KUBECTL_KUBERC"');
  const env = { ...path.env, KUBERC: "/home/me/kuberc", KUBECTL_KUBERC: "true" };
  expect((await programs({ env }).run("kubectl", [])).stdout).toBe("off false");
});

test("istioctl ignores flags in the environment", async () => {
  path.add("istioctl", 'env | grep -i "^istio" | sort');
  const env = { ...path.env, ISTIOCTL_XDS_ADDRESS: "elsewhere:15012", ISTIOCONFIG: "/home/me/flags.yaml" };
  const { stdout } = await programs({ env }).run("istioctl", []);
  expect(stdout).not.toMatch(/elsewhere|ISTIOCONFIG/);
});

const hasIstioctl = spawnSync("istioctl", ["version", "--remote=false"]).status === 0;
(hasIstioctl ? test : test.skip)(
  "the real istioctl has its own defaults, whatever its file of flags says",
  async () => {
    mkdirSync(join(path.folder, ".istioctl"));
    writeFileSync(
      join(path.folder, ".istioctl/config.yaml"),
      "xds-address: elsewhere:15012\nistioNamespace: other\nprefer-experimental: true\ncert-dir: /x\nplaintext: true\ninsecure: true\nauthority: y\nxds-port: 7\n",
    );
    const env = { ...process.env, HOME: path.folder };
    const { stdout } = await programs({ env }).run("istioctl", ["experimental", "config", "list"]);
    expect(
      stdout
        .split("\n")
        .slice(1, -1)
        .map((line) => line.trim().split(/ +/)),
    ).toEqual([
      ["authority", "$ISTIOCTL_AUTHORITY"],
      ["cert-dir", "$ISTIOCTL_CERT_DIR"],
      ["insecure", "false", "$ISTIOCTL_INSECURE"],
      ["istioNamespace", "istio-system", "$ISTIOCTL_ISTIONAMESPACE"],
      ["plaintext", "false", "$ISTIOCTL_PLAINTEXT"],
      ["prefer-experimental", "false", "$ISTIOCTL_PREFER_EXPERIMENTAL"],
      ["xds-address", "$ISTIOCTL_XDS_ADDRESS"],
      ["xds-port", "15012", "$ISTIOCTL_XDS_PORT"],
    ]);
  },
);

test("a login prompt ends kubectl and its plugin at once", async () => {
  path.add(
    "kubectl",
    `trap '' TERM
    (trap '' TERM; exec > /dev/null 2>&1; sleep 30) & echo $! > '${path.folder}/plugin'
    echo 'To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code X.' >&2
    exit 0`,
  );
  await expect(programs().run("kubectl", ["get", "ns"])).rejects.toThrow(
    "kubectl get ns was ended:\nlogin required (device code)",
  );
  expectGone(Number(readFileSync(join(path.folder, "plugin"), "utf8")));
});

test.each([
  ["az", "To sign in, use a web browser to open the page https://microsoft.com/devicelogin"],
  ["kubectl", "Warning: resource pods/x is missing an annotation; the code is 7"],
] as const)("other words of %s on stderr are no login: %s", async (program, words) => {
  path.add(program, `echo '${words}' >&2; echo fine`);
  expect((await programs().run(program, [])).stdout).toBe("fine\n");
});

test("the error for a missing program says how to install it", async () => {
  await expect(programs().run("terraform", ["plan"])).rejects.toThrow(
    "terraform is not on the PATH; install it: https://developer.hashicorp.com/terraform/install",
  );
});

test("a failure has the command and the program's message", async () => {
  path.add("kubectl", "echo 'Error from server (Forbidden)' >&2; exit 3");
  await expect(programs().run("kubectl", ["get", "ns"])).rejects.toThrow(
    "kubectl get ns ended with 3:\nError from server (Forbidden)",
  );
});

const logged = `E1124 10:13:24.419388 10867 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list"`;

test("a failure's message has no log lines of the program's libraries", async () => {
  const words =
    "The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?";
  path.add("kubectl", `cat >&2 <<'END'\n${logged}\n${logged}\n${words}\nEND\nexit 1`);
  const error = await programs()
    .run("kubectl", ["get", "ns"])
    .catch((thrown) => thrown);
  expect(error).toMatchObject({ message: `kubectl get ns ended with 1:\n${words}`, stderr: words });
});

test("log lines are the message if there is no other", async () => {
  path.add("kubectl", `cat >&2 <<'END'\n${logged}\nEND\nexit 1`);
  await expect(programs().run("kubectl", ["get", "ns"])).rejects.toMatchObject({ stderr: logged });
});

test("a failure's message is redacted", async () => {
  path.add(
    "kubectl",
    "echo 'bad: -----BEGIN PRIVATE KEY-----SECRETKEY-----END PRIVATE KEY-----' >&2; exit 1",
  );
  const error = await programs()
    .run("kubectl", ["apply"])
    .catch((thrown) => thrown);
  expect(error.message).toContain("[private key]");
  expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain("SECRETKEY");
});

test("an accepted exit code is no failure", async () => {
  path.add("kubectl", "exit 1");
  const { code } = await programs().run("kubectl", ["diff"], { answers: [0, 1] });
  expect(code).toBe(1);
});

test("the program and its children are stopped at the deadline", async () => {
  path.add("istioctl", `sleep 30 & echo $! > '${path.folder}/child'; wait`);
  const started = Date.now();
  await expect(programs().run("istioctl", ["install"], { deadlineSeconds: 0.5 })).rejects.toThrow(
    "istioctl install: not done within 0.5 s",
  );
  expect(Date.now() - started).toBeLessThan(5000);
  expectGone(Number(readFileSync(join(path.folder, "child"), "utf8")));
});

test("a program that ignores SIGTERM is killed", async () => {
  path.add("istioctl", "trap '' TERM; while :; do sleep 1; done");
  await expect(programs().run("istioctl", [], { deadlineSeconds: 0.2 })).rejects.toThrow("not done within");
}, 10_000);

/** A process in a separate session: it gets no signal of the program's group, and keeps its output open. */
const helper = () => `setsid sh -c 'echo $$ > "${path.folder}/helper"; exec sleep 25' &
  until [ -s '${path.folder}/helper' ]; do sleep 0.02; done`;
const endHelper = () => process.kill(Number(readFileSync(join(path.folder, "helper"), "utf8")));

test("a child that keeps the output open does not delay a program that has exited", async () => {
  path.add("kubectl", `echo done; ${helper()}; exit 3`);
  const started = Date.now();
  const ended = await programs().run("kubectl", ["get"], { deadlineSeconds: 8, answers: [3] });
  expect(Date.now() - started).toBeLessThan(5000);
  expect(ended).toEqual({ code: 3, stdout: "done\n", stderr: "" });
  endHelper();
});

test("the whole output is read, however long this process was busy", async () => {
  // In one turn of the event loop kubectl writes and ends, its end is reported, and too much else is to be done.
  path.add("istioctl", "echo ready");
  path.add(
    "kubectl",
    `echo $$ > '${path.folder}/pid'; until [ -e '${path.folder}/go' ]; do sleep 0.02; done; echo created; echo warned >&2`,
  );
  const pid = () => readFileSync(join(path.folder, "pid"), "utf8").trim();
  const answer = programs().run("kubectl", ["create"]);
  const other = programs().run("istioctl", [], {
    onOutput: () => {
      blockUntil(() => existsSync(join(path.folder, "pid")) && pid() !== "");
      writeFileSync(join(path.folder, "go"), "");
      blockUntil(() => hasEnded(Number(pid())));
      setImmediate(() => block(1500));
    },
  });
  block(500);
  await other;
  expect(await answer).toEqual({ code: 0, stdout: "created\n", stderr: "warned\n" });
}, 60_000);

test("a child that never stops writing makes the call fail", async () => {
  const begun = join(path.folder, "begun");
  path.add(
    "kubectl",
    `setsid sh -c "touch '${begun}'; exec yes" & until [ -e '${begun}' ]; do sleep 0.02; done; sleep 0.1`,
  );
  const told = await programs()
    .run("kubectl", ["get"], { onOutput: () => block(20) })
    .catch(({ message }) => message);
  expect(told).toContain("kubectl get: the output is incomplete");
}, 60_000);

test("the deadline also applies while a child keeps the output open", async () => {
  path.add("kubectl", `${helper()}; exec sleep 25`);
  const started = Date.now();
  await expect(programs().run("kubectl", ["get"], { deadlineSeconds: 1 })).rejects.toThrow(
    "kubectl get: not done within 1 s",
  );
  expect(Date.now() - started).toBeLessThan(6000);
  endHelper();
}, 30_000);

test("Ctrl-C stops running programs, and no more are started", async () => {
  path.add("kubectl", "exec sleep 30");
  const interrupt = new AbortController();
  const seam = programs({ signal: interrupt.signal });
  const running = seam.run("kubectl", ["wait"]);
  setTimeout(() => interrupt.abort(), 200);
  await expect(running).rejects.toThrow("interrupted; run the same command again to continue");
  await expect(seam.run("kubectl", ["apply"])).rejects.toThrow("interrupted");
  expect(path.calls()).toEqual(["kubectl wait"]);
});

test("clean-up runs to its end, also if it starts after Ctrl-C", async () => {
  path.add("kubectl", "sleep 0.3; echo back");
  const interrupt = new AbortController();
  const seam = programs({ signal: interrupt.signal });
  const before = seam.run("kubectl", ["scale"], { cleanUp: true });
  interrupt.abort();
  expect((await before).stdout).toBe("back\n");
  expect((await seam.run("kubectl", ["scale"], { cleanUp: true })).stdout).toBe("back\n");
});

test("the awaited output stops the program without an error", async () => {
  path.add("kubectl", "echo one; echo two; exec sleep 30");
  const { stdout } = await programs().run("kubectl", ["get", "--watch"], {
    until: (chunk) => chunk.includes("two"),
  });
  expect(stdout).toBe("one\ntwo\n");
});

test("--verbose shows each command ready to paste", async () => {
  path.add("kubectl", "true");
  path.add("istioctl", "true");
  const shown: string[] = [];
  const seam = programs({ onCommand: (line) => shown.push(line) });
  await seam.run("kubectl", ["get", "pods", "-l", "app in (a, b)", "it's"]);
  await seam.run("kubectl", ["apply", "-f", "-"], { input: "x", inputFrom: "istioctl create-remote-secret" });
  expect(shown).toEqual([
    `kubectl get pods -l 'app in (a, b)' 'it'\\''s'`,
    "istioctl create-remote-secret | kubectl apply -f -",
  ]);
});

describe("the log of a run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mesh-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("only its owner can read it; it has commands, exit codes and output", async () => {
    path.add("kubectl", "echo namespace/sample created");
    const log = openRunLog(join(folder, "log"), new Date("2026-01-02T03:04:05Z"));
    await programs({ log }).run("kubectl", ["apply", "-f", "x.yaml"]);
    log.close();
    const [name] = readdirSync(join(folder, "log"));
    expect(name).toMatch(/^2026-01-02T03-04-05\.000Z-\d+\.log$/);
    expect(statSync(log.file!).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "log")).mode & 0o777).toBe(0o700);
    const text = readFileSync(log.file!, "utf8");
    expect(text).toContain("#1 $ kubectl apply -f x.yaml");
    expect(text).toMatch(/#1 exit 0 after [\d.]+ s\nnamespace\/sample created/);
  });

  test("it has no secret input or output", async () => {
    path.add("istioctl", "echo 'token: abcdef123456'");
    path.add("kubectl", "true");
    const log = openRunLog(folder, new Date());
    const seam = programs({ log });
    await seam.run("istioctl", ["create-remote-secret"], { secretOutput: true });
    await seam.run("kubectl", ["apply", "-f", "-"], { input: "data: topsecretvalue" });
    log.close();
    const text = readFileSync(log.file!, "utf8");
    expect(text).not.toContain("abcdef123456");
    expect(text).not.toContain("topsecretvalue");
  });

  test("it names a missing program", async () => {
    const log = openRunLog(folder, new Date());
    await programs({ log })
      .run("az", ["login"])
      .catch(() => {});
    log.close();
    expect(readFileSync(log.file!, "utf8")).toContain("az is not on the PATH");
  });
});

/** Whether the process has ended, also if its exit code was not read yet. */
function hasEnded(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return /^(Z.*)?$/.test(state);
}

/** A process that was just killed takes a moment. */
function expectGone(pid: number): void {
  for (const end = Date.now() + 2000; !hasEnded(pid) && Date.now() < end; ) block(50);
  expect(hasEnded(pid)).toBe(true);
}

/** Keeps this process from everything else, as a machine without time for it does. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function blockUntil(isSo: () => boolean): void {
  for (let turns = 0; !isSo() && turns < 500; turns++) block(20);
}
