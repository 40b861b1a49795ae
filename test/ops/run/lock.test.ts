import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseMesh } from "../../../mesh/load";
import { createPrograms } from "../../../ops/exec/programs";
import type { Context } from "../../../ops/run/context";
import { withLock } from "../../../ops/run/lock";
import { silentReporter } from "../../../ops/run/progress";
import { type FakePath, fakePath } from "../exec/fake-programs";

// Against a kubectl that keeps one Lease in a file as an API server does: with resource versions.

const mesh = parseMesh(
  `clusters:
  - { name: main0, role: primary, network: network1, context: one }
  - { name: remote0, network: network2, context: two }
`,
  "mesh.yaml",
);

let fakes: FakePath;
let said: string[];
const times = { seconds: 2, renewSeconds: 0.3 };
const leaseFile = () => join(fakes.folder, "lease.json");
const lease = () => JSON.parse(readFileSync(leaseFile(), "utf8"));

const server = `
const { readFileSync, writeFileSync, renameSync, rmSync, existsSync } = require("node:fs");
const file = process.argv[2];
const args = process.argv.slice(3);
const refuse = (why) => { process.stderr.write("Error from server (" + why + "): leases"); process.exit(1); };
const there = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
if (args.includes("get")) { if (there) process.stdout.write(JSON.stringify(there)); process.exit(0); }
if (args.includes("delete")) { rmSync(file, { force: true }); process.exit(0); }
const given = JSON.parse(readFileSync(0, "utf8"));
if (args.includes("create") && there) refuse("AlreadyExists");
if (args.includes("replace") && !there) refuse("NotFound");
if (args.includes("replace") && given.metadata.resourceVersion !== there.metadata.resourceVersion) refuse("Conflict");
given.metadata.resourceVersion = String(Number(there?.metadata.resourceVersion ?? 0) + 1);
// A renewal while another call reads must not show a half-written file.
writeFileSync(file + process.pid, JSON.stringify(given));
renameSync(file + process.pid, file);
process.stdout.write(JSON.stringify(given));
`;

beforeEach(() => {
  fakes = fakePath();
  said = [];
  writeFileSync(join(fakes.folder, "server.js"), server);
  fakes.add(
    "kubectl",
    `exec '${process.execPath}' '${fakes.folder}/server.js' '${fakes.folder}/lease.json' "$@"`,
  );
});
afterEach(() => fakes.remove());

/** Another run renews its lease meanwhile. The file is replaced, because the fake may read it at any time. */
async function whileRenewed(lease: () => object, run: () => Promise<void>): Promise<void> {
  const renew = () => {
    writeFileSync(`${leaseFile()}.next`, JSON.stringify(lease()));
    renameSync(`${leaseFile()}.next`, leaseFile());
  };
  renew();
  const timer = setInterval(renew, 300);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
}

function context(): Context {
  const { signal } = new AbortController();
  return {
    programs: createPrograms({ env: fakes.env, signal }),
    reporter: { ...silentReporter, say: (text) => said.push(text) },
    now: () => new Date(),
    signal,
    workFolder: join(fakes.folder, ".mesh"),
  };
}
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const locked = <T>(work: (context: Context) => Promise<T>) =>
  withLock(context(), mesh, "mesh apply", work, times);
/** A Lease as another machine's run leaves it. */
const foreign = (more: object = {}) => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: {
    name: "mesh-run",
    namespace: "default",
    resourceVersion: "7",
    annotations: { "mesh/machine": "elsewhere", "mesh/process": "1" },
  },
  spec: {
    holderIdentity: "mesh apply of anna on laptop (process 1)",
    acquireTime: "2026-01-01T10:00:00.000000Z",
    renewTime: new Date().toISOString().replace("Z", "000Z"),
    ...more,
  },
});

test("the lock exists during the work, and is released afterwards", async () => {
  const seen = await locked(async () => lease().spec.holderIdentity);
  expect(seen).toMatch(/^mesh apply of \S+ on \S+ \(process \d+\)$/);
  expect(existsSync(leaseFile())).toBe(false);
});

test("it is released when the work fails", async () => {
  await expect(
    locked(async () => {
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(existsSync(leaseFile())).toBe(false);
});

test("it is released after Ctrl-C", async () => {
  const interrupt = new AbortController();
  const interrupted = {
    ...context(),
    programs: createPrograms({ env: fakes.env, signal: interrupt.signal }),
  };
  await withLock(interrupted, mesh, "mesh apply", async () => interrupt.abort(), times);
  expect(existsSync(leaseFile())).toBe(false);
});

test("a second run is refused while the first one renews, with the holder and the time", async () => {
  const first = locked(() => pause(3500));
  await pause(300);
  let isOver = false;
  first.finally(() => {
    isOver = true;
  });
  await expect(locked(async () => "never")).rejects.toThrow(
    /^mesh apply of \S+ on \S+ \(process \d+\) has been changing this mesh since \S+Z; .*run again$/,
  );
  expect(isOver).toBe(false);
  await first;
});

test("the lock of a killed process of this machine is taken over at once", async () => {
  const dead = await locked(async () => lease());
  dead.metadata.annotations["mesh/process"] = "999999999";
  writeFileSync(leaseFile(), JSON.stringify(dead));
  const before = fakes.calls().length;
  expect(await locked(async () => "mine")).toBe("mine");
  const verbs = fakes
    .calls()
    .slice(before)
    .map((call) => /create|get|replace/.exec(call)?.[0]);
  expect(verbs.slice(0, 3)).toEqual(["create", "get", "replace"]);
  expect(said).toEqual([]);
});

test("the lock of another machine is taken over when it was not renewed for its duration", async () => {
  writeFileSync(leaseFile(), JSON.stringify(foreign()));
  const begun = performance.now();
  expect(await locked(async () => "mine")).toBe("mine");
  expect(performance.now() - begun).toBeGreaterThan(1900);
  expect(said[0]).toContain("mesh apply of anna on laptop");
});

test("a clock skew of minutes does not make a running process look dead", async () => {
  await whileRenewed(
    () => foreign({ renewTime: new Date(Date.now() - 300_000).toISOString() }),
    () => expect(locked(async () => "never")).rejects.toThrow("anna on laptop"),
  );
});

test("a run that has lost its lock stops, and does not release the other's", async () => {
  const outcome = await locked(async ({ signal }) => {
    writeFileSync(leaseFile(), JSON.stringify(foreign()));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return "stopped";
  });
  expect(outcome).toBe("stopped");
  expect(lease().spec.holderIdentity).toContain("anna");
  expect(said).toEqual(["stopped: another run took over the lock of this mesh"]);
});

test("without the permission for Leases the message names it", async () => {
  fakes.add("kubectl", "echo 'Error from server (Forbidden): leases is forbidden' >&2; exit 1");
  await expect(locked(async () => "never")).rejects.toThrow(
    /Lease default\/mesh-run in main0\) cannot be written; grant the right to create, update and delete leases.*\n.*Forbidden/,
  );
});

test("an unreachable API server is reported as such, not as a missing permission", async () => {
  fakes.add("kubectl", "echo 'The connection to the server 192.0.2.1:6443 was refused' >&2; exit 1");
  await expect(locked(async () => "never")).rejects.toThrow(
    /in main0\) cannot be written; check kubectl --context one version, then run again\nThe connection .* was refused$/,
  );
});

/** As another run leaves it that has taken the Lease over. */
const taken = () => {
  const now = lease();
  const metadata = { ...now.metadata, resourceVersion: "99", annotations: foreign().metadata.annotations };
  return { ...now, metadata, spec: { ...now.spec, ...foreign().spec } };
};

test("a lock that another run has taken over is not released", async () => {
  await locked(async () => writeFileSync(leaseFile(), JSON.stringify(taken())));
  expect(lease().spec.holderIdentity).toContain("anna");
});

test("a renewal whose answer was lost does not stop the run", async () => {
  const aborted = await locked(async ({ signal }) => {
    const now = lease();
    writeFileSync(
      leaseFile(),
      JSON.stringify({ ...now, metadata: { ...now.metadata, resourceVersion: "41" } }),
    );
    await pause(1500);
    return signal.aborted;
  });
  expect({ aborted, said }).toEqual({ aborted: false, said: [] });
  expect(existsSync(leaseFile())).toBe(false);
});

test("a clock that is hours ahead does not take over the lock of a running process", async () => {
  await whileRenewed(
    () => foreign(),
    async () => {
      const ahead = { ...context(), now: () => new Date(Date.now() + 10 * 3_600_000) };
      const second = withLock(ahead, mesh, "mesh destroy", async () => "beside it", times);
      await expect(second).rejects.toThrow("anna on laptop");
    },
  );
});

test("the steps of a large mesh can listen to the signal without a warning of Node.js", async () => {
  // 0: as many as there are. getMaxListeners of Node.js 20 does not tell it.
  const key = (signal: AbortSignal) =>
    Object.getOwnPropertySymbols(signal).find(({ description }) =>
      description?.includes("maxEventTargetListeners"),
    )!;
  expect(await locked(async ({ signal }) => Reflect.get(signal, key(signal)))).toBe(0);
});
