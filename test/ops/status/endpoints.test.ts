import { parseMesh } from "../../../mesh/load";
import { createPrograms } from "../../../ops/exec/programs";
import type { Context } from "../../../ops/run/context";
import { silentReporter } from "../../../ops/run/progress";
import { endpoints } from "../../../ops/status/endpoints";
import { type FakePath, fakePath } from "../exec/fake-programs";

// Three clusters whose pods have the same addresses, as real ones may.

const mesh = parseMesh(
  `clusters:
  - { name: main0, role: primary, network: n1, context: one }
  - { name: remote0, network: n2, context: two }
  - { name: remote1, network: n3, context: three }
`,
  "mesh.yaml",
);
const host = "helloworld.sample.svc.cluster.local";

interface Host {
  readonly address: string;
  readonly port?: number;
  readonly weight?: number;
  readonly health?: Record<string, string | boolean>;
}
const envoy = (clusters: Record<string, readonly Host[]>) =>
  JSON.stringify({
    cluster_statuses: Object.entries(clusters).map(([name, hosts]) => ({
      name,
      host_statuses: hosts.map(
        ({ address, port = 5000, weight = 1, health = { eds_health_status: "HEALTHY" } }) => ({
          address: { socket_address: { address, port_value: port } },
          weight,
          health_status: health,
        }),
      ),
    })),
  });
const gateway = (number: number, weight = 1): Host => ({ address: `192.0.2.${number}`, port: 15443, weight });
const pod: Host = { address: "10.244.0.7" };
const list = (...items: object[]) => JSON.stringify({ apiVersion: "v1", kind: "List", items });
const pods = (name: string) => list({ kind: "Pod", metadata: { name }, status: { podIP: pod.address } });
const services = (number: number) =>
  list(
    { kind: "Service", metadata: { name: "istiod" }, status: { loadBalancer: {} } },
    {
      kind: "Service",
      metadata: { name: "istio-eastwestgateway" },
      status: { loadBalancer: { ingress: [{ ip: `192.0.2.${number}` }] } },
    },
  );

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());

/** @param views what Envoy says, by context; a context that is missing does not answer */
function clusters(views: Record<string, string>) {
  const cases = ["one", "two", "three"].flatMap((context, index) =>
    views[context] === undefined
      ? [`*"--context ${context} "*) echo "dial tcp: connection refused" >&2; exit 1;;`]
      : [
          `*"--context ${context} get -n sample pods "*) echo '${pods(`helloworld-in-${context}`)}';;`,
          `*"--context ${context} get -n istio-system services "*) echo '${services(index + 1)}';;`,
          `*"--context ${context} -n sample exec deploy/curl -c istio-proxy -- pilot-agent request GET clusters?format=json&filter=${host}") echo '${views[context]}';;`,
        ],
  );
  path.add("kubectl", `case "$*" in\n${cases.join("\n")}\n*) echo "unexpected: $*" >&2; exit 9;;\nesac`);
}
const look = () => {
  const { signal } = new AbortController();
  const context: Context = {
    programs: createPrograms({ env: path.env, signal }),
    reporter: silentReporter,
    now: () => new Date(0),
    signal,
    workFolder: path.folder,
  };
  return endpoints(context, mesh, mesh.sample!);
};
const rows = async () =>
  (await look()).views.map(({ cluster, endpoints: seen, error }) => [
    cluster,
    ...seen.map(({ version = "any", target, weight, health }) =>
      [version, target && `${target.kind} ${target.name} of ${target.cluster}`, weight, health]
        .filter((part) => part !== "")
        .join(" "),
    ),
    ...(error ? [error] : []),
  ]);

const one = envoy({
  [`outbound|5000||${host}`]: [pod, gateway(2, 2)],
  [`outbound|5000|v1|${host}`]: [pod],
  [`outbound|5000|v2|${host}`]: [gateway(3), gateway(2, 2)],
  "outbound|5000||other.sample.svc.cluster.local": [gateway(9)],
});
const two = envoy({
  [`outbound|5000|v1|${host}`]: [gateway(1)],
  [`outbound|5000|v2|${host}`]: [gateway(3), pod],
});

test("an address is named after the pod in the client's own cluster, or the gateway of another", async () => {
  clusters({ one, two, three: two });
  expect(await rows()).toEqual([
    [
      "main0",
      "v1 pod helloworld-in-one of main0 1",
      "v2 gateway istio-eastwestgateway of remote0 2",
      "v2 gateway istio-eastwestgateway of remote1 1",
    ],
    [
      "remote0",
      "v1 gateway istio-eastwestgateway of main0 1",
      "v2 pod helloworld-in-two of remote0 1",
      "v2 gateway istio-eastwestgateway of remote1 1",
    ],
    [
      "remote1",
      "v1 gateway istio-eastwestgateway of main0 1",
      "v2 pod helloworld-in-three of remote1 1",
      "v2 gateway istio-eastwestgateway of remote1 1",
    ],
  ]);
  expect((await look()).ok).toBe(true);
});

test("without versions there is one list", async () => {
  clusters({ one: envoy({ [`outbound|5000||${host}`]: [pod, gateway(2)] }), two, three: two });
  expect((await rows())[0]).toEqual([
    "main0",
    "any pod helloworld-in-one of main0 1",
    "any gateway istio-eastwestgateway of remote0 1",
  ]);
});

test("an address of no known pod or gateway has no target", async () => {
  clusters({ one: envoy({ [`outbound|5000|v1|${host}`]: [gateway(77)] }), two, three: two });
  const { views } = await look();
  expect(views[0]!.endpoints).toEqual([
    {
      version: "v1",
      address: "192.0.2.77:15443",
      target: undefined,
      weight: 1,
      healthy: true,
      health: "",
      requests: { sent: 0, answered: 0 },
    },
  ]);
});

test.each([
  ["one that istiod calls unhealthy", { eds_health_status: "UNHEALTHY" }, "unhealthy"],
  [
    "one that failed too often",
    { eds_health_status: "HEALTHY", failed_outlier_check: true },
    "failed outlier check",
  ],
])("%s is shown with Envoy's status, and is not healthy", async (_, health, says) => {
  clusters({ one: envoy({ [`outbound|5000|v1|${host}`]: [{ ...pod, health }] }), two, three: two });
  const { ok, views } = await look();
  expect({ ok, seen: views[0]!.endpoints[0] }).toMatchObject({
    ok: false,
    seen: { healthy: false, health: says },
  });
});

test("a cluster that does not answer is reported, and the others are shown", async () => {
  clusters({ one, three: two });
  expect((await rows())[1]).toEqual(["remote0", "dial tcp: connection refused"]);
  expect((await rows())[0]).toHaveLength(4);
  expect((await look()).ok).toBe(false);
});

test("a client without endpoints is not healthy", async () => {
  clusters({ one: "{}", two, three: two });
  expect((await look()).ok).toBe(false);
});
