import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseMesh } from "../../mesh/load";
import { type DashboardName, requireDashboard, serveDashboard } from "../../ops/dashboard";
import { createPrograms } from "../../ops/exec/programs";
import type { Context } from "../../ops/run/context";
import { silentReporter } from "../../ops/run/progress";
import { type FakePath, fakePath } from "./exec/fake-programs";

const clusters = `clusters:
  - { name: main0, role: primary, network: n1, context: one }
  - { name: remote0, network: n2, context: two }
`;

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());

/** What kubectl does for `port-forward` when it works: it prints the port, and the dashboard answers there. */
const server = `
const [, name, port] = /service\\/(\\w+) (\\d*):http/.exec(process.argv.join(" "));
const health = { kiali: "/kiali/healthz", prometheus: "/-/ready" }[name];
let answers = Number(process.env.ANSWERS ?? Infinity);
require("node:http")
  .createServer(({ url }, response) => response.writeHead(url === health && answers-- > 0 ? 200 : 503).end())
  .listen(Number(port), "127.0.0.1", function () {
    console.log("Forwarding from 127.0.0.1:" + this.address().port + " -> 20001");
  });
`;
const available = (pods: number) =>
  JSON.stringify({ kind: "Deployment", metadata: { name: "x" }, status: { availableReplicas: pods } });

/** @param forward what `kubectl port-forward` does, in shell @default - it works */
function addKubectl({ deployment = available(1), forward = "" } = {}): void {
  writeFileSync(join(path.folder, "server.js"), server);
  path.add(
    "kubectl",
    `case "$*" in
  *" get -n istio-system deployments "*) echo '${deployment}';;
  *" get -n istio-system deployments,pods "*) echo '{"kind":"List","items":[{"kind":"Deployment","metadata":{"name":"kiali"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"kiali"}}}}]}';;
  *" exec "*) ;;
  *" events "*) echo '{"kind":"List","items":[]}';;
  *" port-forward "*) ${forward}
    exec '${process.execPath}' '${join(path.folder, "server.js")}' "$@";;
  *) echo "unexpected: $*" >&2; exit 9;;
esac`,
  );
}

interface Serving {
  readonly urls: string[];
  readonly said: string[];
  readonly stop: () => void;
  readonly ended: Promise<void>;
}
function serve(
  name: DashboardName,
  { yaml = clusters, port = undefined as number | undefined } = {},
): Serving {
  const mesh = parseMesh(yaml, "mesh.yaml");
  const said: string[] = [];
  const urls: string[] = [];
  const { signal } = new AbortController();
  const context: Context = {
    programs: createPrograms({ env: path.env, signal }),
    reporter: { ...silentReporter, say: (text) => said.push(text) },
    now: () => new Date(0),
    signal,
    workFolder: path.folder,
  };
  const stop = new AbortController();
  const ended = requireDashboard(context, mesh, name, "shop.yaml").then(() =>
    serveDashboard(context, { mesh, name, port, onOpen: (url) => urls.push(url) }, stop.signal),
  );
  return { urls, said, stop: () => stop.abort(), ended };
}
const until = async (condition: () => boolean, seconds = 10) => {
  for (let tries = 0; tries < 20 * seconds && !condition(); tries++) await sleep(50);
  expect(condition()).toBe(true);
};
const forwards = () => path.calls().filter((call) => call.includes(" port-forward "));
const answers = (port: string) =>
  fetch(`http://127.0.0.1:${port}/kiali/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

test("Kiali opens on a free local port, with the walk-through's filters in its URL", async () => {
  addKubectl();
  const serving = serve("kiali");
  await until(() => serving.urls.length === 1);
  const url = new URL(serving.urls[0]!);
  expect(url.pathname).toBe("/kiali/console/graph/namespaces");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    namespaces: "sample",
    graphType: "versionedApp",
    edges: "trafficDistribution",
    boxCluster: "true",
    boxNamespace: "true",
    idleEdges: "true",
  });
  expect(forwards()).toEqual([
    "kubectl --context one -n istio-system port-forward service/kiali :http --address=127.0.0.1",
  ]);
  expect(await answers(url.port)).toBe(true);
  serving.stop();
  await serving.ended;
  expect(await answers(url.port)).toBe(false);
  expect(serving.said).toEqual([]);
});

test("the Kiali of 1.7 has other filters", async () => {
  addKubectl();
  const serving = serve("kiali", { yaml: `istio: { line: "1.7" }\n${clusters}` });
  await until(() => serving.urls.length === 1);
  const query = Object.fromEntries(new URL(serving.urls[0]!).searchParams);
  expect(query).toMatchObject({
    namespaces: "sample",
    graphType: "versionedApp",
    edges: "requestsPercentage",
  });
  serving.stop();
  await serving.ended;
});

test("without a sample the graph has no namespace filter", async () => {
  addKubectl();
  const serving = serve("kiali", { yaml: `${clusters}sample: { enabled: false }\n` });
  await until(() => serving.urls.length === 1);
  expect(new URL(serving.urls[0]!).searchParams.has("namespaces")).toBe(false);
  serving.stop();
  await serving.ended;
});

test("Prometheus opens on the requests of the sample by version", async () => {
  addKubectl();
  const serving = serve("prometheus");
  await until(() => serving.urls.length === 1);
  const url = new URL(serving.urls[0]!);
  expect(url.pathname).toBe("/graph");
  expect(url.searchParams.get("g0.expr")).toBe(
    'sum by (destination_service_name, destination_version) (rate(istio_requests_total{reporter="source",destination_service_namespace="sample"}[1m]))',
  );
  serving.stop();
  await serving.ended;
});

test("a broken connection is reopened on the same port, and reported once", async () => {
  const seen = join(path.folder, "seen");
  // The first one breaks after a second, the next two never come about.
  addKubectl({
    forward: `echo x >> '${seen}'; case $(grep -c x '${seen}') in
    1) (sleep 1; kill $$) & ;;
    2|3) echo 'error: unable to forward port because pod is not running. Current status=Pending' >&2; exit 1;;
    esac`,
  });
  const serving = serve("kiali");
  await until(() => serving.said.length === 2);
  const { port } = new URL(serving.urls[0]!);
  expect(serving.urls).toHaveLength(1);
  expect(serving.said).toEqual([
    "connection to kiali lost: kubectl ended with SIGTERM; retrying every 2 s",
    "kiali is available again",
  ]);
  expect(forwards().slice(1)).toEqual(Array(3).fill(forwards()[0]!.replace(" :http", ` ${port}:http`)));
  expect(await answers(port)).toBe(true);
  serving.stop();
  await serving.ended;
}, 20_000);

test("a port-forward without answers is reopened", async () => {
  const seen = join(path.folder, "seen");
  addKubectl({ forward: `[ -e '${seen}' ] || export ANSWERS=1; touch '${seen}'` });
  const serving = serve("kiali");
  await until(() => serving.said.length === 2, 20);
  expect(serving.said).toEqual([
    "connection to kiali lost: it stopped answering; retrying every 2 s",
    "kiali is available again",
  ]);
  serving.stop();
  await serving.ended;
}, 30_000);

test.each([
  [
    "an addon that was not applied",
    { deployment: "" },
    "main0 has no Deployment istio-system/kiali: run mesh apply -f shop.yaml",
  ],
  [
    "a pod that is not ready",
    { deployment: available(0) },
    "Deployment istio-system/kiali of main0 has no ready pod:\n    Deployment kiali: 0 of 1 replicas are available\n    no events for the Deployment kiali in istio-system",
  ],
  [
    "what kubectl cannot forward",
    { forward: "echo 'error: upgrade request failed: Forbidden' >&2; exit 1" },
    "kiali cannot be opened: upgrade request failed: Forbidden",
  ],
])("%s is reported with the fix", async (_, kubectl, says) => {
  addKubectl(kubectl);
  await expect(serve("kiali").ended).rejects.toThrow(says);
});

test("a port in use is reported", async () => {
  // kubectl's own words.
  addKubectl({
    forward: `echo 'Unable to listen on port 20001: bind: address already in use' >&2
    echo 'error: unable to listen on any of the requested ports: [{20001 20001}]' >&2; exit 1`,
  });
  await expect(serve("kiali", { port: 20001 }).ended).rejects.toThrow(
    "local port 20001 is not available: it is in use",
  );
});
