import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseMesh } from "../../../mesh/load";
import { createPrograms } from "../../../ops/exec/programs";
import type { Context } from "../../../ops/run/context";
import { silentReporter } from "../../../ops/run/progress";
import { type ClientTraffic, requireClients, startTraffic } from "../../../ops/traffic/traffic";
import { type FakePath, fakePath } from "../exec/fake-programs";
import { addClients, clientsYaml, hello } from "./fake-clients";

const mesh = parseMesh(clientsYaml, "mesh.yaml");

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());

function contextOf(said: string[] = []): Context {
  const { signal } = new AbortController();
  return {
    programs: createPrograms({ env: path.env, signal }),
    reporter: { ...silentReporter, say: (text) => said.push(text) },
    now: () => new Date(0),
    signal,
    workFolder: path.folder,
  };
}

/** Lets clients send until they have sent so much, or for so long. */
async function send(
  { clusters = mesh.clusters, said = [] as string[], seconds = 20 } = {},
  enough: (clients: readonly ClientTraffic[]) => boolean,
): Promise<readonly ClientTraffic[]> {
  const stop = new AbortController();
  const props = { mesh, sample: mesh.sample!, from: clusters, ratePerSecond: 20 };
  const traffic = startTraffic(contextOf(said), props, stop.signal);
  const until = Date.now() + seconds * 1000;
  while (!enough(traffic.clients()) && Date.now() < until) await sleep(50);
  stop.abort();
  await traffic.ended;
  return traffic.clients();
}
const each =
  (count: number) =>
  (clients: readonly ClientTraffic[]): boolean =>
    clients.every(({ total }) => total.requests >= count);

test("clients of all clusters send in parallel, and every answer has its version and its cluster", async () => {
  addClients(path);
  const clients = await send({}, each(20));
  expect(clients.map(({ cluster }) => cluster)).toEqual(["main0", "remote0"]);
  for (const { total, lately, interruptions } of clients) {
    expect({ failed: total.failed, interruptions }).toEqual({ failed: 0, interruptions: 0 });
    expect(total.requests).toBeGreaterThanOrEqual(20);
    expect(total.clusters).toEqual({ main0: total.versions.v1, remote0: total.versions.v2 });
    expect(total.p50Seconds).toBeCloseTo(0.0125, 3);
    expect(lately.requests).toBeGreaterThan(0);
  }
});

test("only the chosen clusters send", async () => {
  addClients(path);
  const clients = await send({ clusters: mesh.remotes }, each(3));
  expect(clients.map(({ cluster }) => cluster)).toEqual(["remote0"]);
  expect(path.calls().filter((call) => call.includes("--context one -n sample exec"))).toEqual([]);
});

test("a new pod is looked up, and a missing one is unknown", async () => {
  const later = join(path.folder, "later");
  addClients(path, {
    // The primary shows its pod only to those who ask again.
    before: `case "$*" in *"--context one get -n sample pods "*) [ -e '${later}' ] || { touch '${later}'; exit 1; };; esac`,
  });
  const [main0] = await send({}, each(10));
  expect(Object.keys(main0!.total.clusters)).toEqual(["main0", "remote0"]);

  addClients(path, { curl: hello("v1", "helloworld-v1-of-somebody-else") });
  const [strange] = await send({}, each(5));
  expect(strange!.total.clusters).toEqual({ unknown: strange!.total.versions.v1 });
});

test("failures are counted by kind, and are no interruption", async () => {
  addClients(path, { curl: "printf 'no healthy upstream\\n503 0.001\\n'" });
  const [main0] = await send({}, each(5));
  const { requests, failed, failures } = main0!.total;
  expect(failed).toBe(requests);
  expect(failures).toEqual({ "HTTP 503: no healthy upstream (UH)": requests });
  expect(main0!.interruptions).toBe(0);
});

test("a broken connection is reopened, reported once, and counts as no request", async () => {
  const refuse = "echo 'error: unable to upgrade connection' >&2; exit 1";
  addClients(path, { before: `case "$*" in *"--context one -n sample exec "*) ${refuse};; esac` });
  const said: string[] = [];
  const tries = () => path.calls().filter((call) => call.includes("--context one -n sample exec")).length;
  const sending = send({ said }, ([main0]) => main0!.total.requests >= 5);
  while (tries() < 2) await sleep(50);
  addClients(path);
  const [main0] = await sending;
  expect(main0).toMatchObject({ interruptions: 1, total: { failed: 0 } });
  expect(said).toEqual([
    "main0: requests stopped: error: unable to upgrade connection; retrying every 2 s",
    expect.stringMatching(/^main0: requests resumed after \d+ s$/),
  ]);
});

test("a missing, unready or unreachable client is reported before anything is sent", async () => {
  const whoSends = { meshFile: "shop.yaml", mesh, sample: mesh.sample!, from: mesh.clusters };
  const problems = () => requireClients(contextOf(), whoSends).catch((error) => error.problems);
  addClients(path);
  expect(await problems()).toBeUndefined();
  addClients(path, {
    available: { one: 0 },
    before: `case "$*" in *"--context two "*) echo 'dial tcp: connection refused' >&2; exit 1;; esac`,
  });
  expect(await problems()).toEqual([
    expect.stringMatching(
      /^Deployment sample\/curl of main0 has no ready pod:\n {4}Deployment curl: 0 of 1 replicas are available\n {4}Pod curl-a: Failed: ImagePullBackOff\nfix: /,
    ),
    "remote0 does not answer through the context two: dial tcp: connection refused\n" +
      "fix: connection refused, by that address or by the proxy in HTTPS_PROXY: is the cluster running, and is the address still correct?",
  ]);
  path.add("kubectl", "exit 0");
  expect(await problems()).toEqual([
    "main0 has no Deployment sample/curl: run mesh apply -f shop.yaml",
    "remote0 has no Deployment sample/curl: run mesh apply -f shop.yaml",
  ]);
});

test("without kubectl the error says how to install it", async () => {
  const context = { ...contextOf(), programs: createPrograms({ env: { PATH: path.folder } }) };
  await expect(
    requireClients(context, { meshFile: "mesh.yaml", mesh, sample: mesh.sample!, from: mesh.clusters }),
  ).rejects.toThrow("kubectl is not on the PATH; install it");
});
