import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseMesh } from "../../../mesh/load";
import {
  readConnectedProxies,
  readProxyStatus,
  readReadClusters,
  readRemoteClusters,
} from "../../../ops/clusters/istiod-facts";
import { createPrograms } from "../../../ops/exec/programs";
import { type FakePath, fakePath } from "../exec/fake-programs";

/** As istioctl 1.31 prints it: cells may be empty. */
const table = (...rows: string[][]) =>
  [["NAME", "SECRET", "STATUS", "ISTIOD", "REVISION"], ...rows]
    .map((cells) => cells.map((cell) => cell.padEnd(48)).join(""))
    .join("\n");
const secret = "istio-system/istio-remote-secret-remote0";

test("every cluster has the state that istiod gives it", () => {
  const printed = table(
    ["main0", "", "synced", "istiod-one", "default"],
    ["remote0", secret, "timeout", "istiod-one", "default"],
  );
  expect(readRemoteClusters(printed)).toEqual({ main0: "synced", remote0: "timeout" });
});

test("of several istiods the one that is behind counts", () => {
  const printed = table(
    ["main0", "", "synced", "istiod-one", "default"],
    ["remote0", secret, "synced", "istiod-one", "default"],
    ["main0", "", "synced", "istiod-two", "default"],
    ["remote0", secret, "syncing", "istiod-two", "default"],
  );
  expect(readRemoteClusters(printed)).toEqual({ main0: "synced", remote0: "syncing in istiod-two" });
});

test("a cluster that is unknown to one istiod is not synced", () => {
  const printed = table(
    ["main0", "", "synced", "istiod-one", "default"],
    ["main0", "", "synced", "istiod-two", "default"],
    ["remote0", secret, "synced", "istiod-two", "default"],
  );
  expect(readRemoteClusters(printed)).toEqual({ main0: "synced", remote0: "unknown to istiod-one" });
});

test("an empty answer has no clusters", () => {
  expect(readRemoteClusters("")).toEqual({});
});

test("an istiod that is Terminating is ignored", () => {
  const printed = table(
    ["main0", "", "synced", "istiod-new", "default"],
    ["remote0", secret, "synced", "istiod-new", "default"],
    ["main0", "", "synced", "istiod-old", "default"],
    ["remote0", secret, "closing", "istiod-old", "default"],
  );
  expect(readRemoteClusters(printed, ["istiod-old"])).toEqual({ main0: "synced", remote0: "synced" });
});

describe("proxy-status of two istiods, a JSON document for each", () => {
  type Resource = [id: string, cluster: string, status: string];
  /** As istioctl 1.31 prints it (istioctl/pkg/writer/pilot/status.go, read 2026-11-27), without what is not read. */
  const document = (istiod: string, ...resources: Resource[]) =>
    JSON.stringify(
      {
        versionInfo: "2026-11-27T21:00:00Z",
        resources: resources.map(([id, cluster, configStatus]) => ({
          "@type": "type.googleapis.com/envoy.service.status.v3.ClientConfig",
          node: { id, metadata: { CLUSTER_ID: cluster } },
          genericXdsConfigs: [
            { typeUrl: "type.googleapis.com/envoy.config.cluster.v3.Cluster", configStatus },
          ],
        })),
        typeUrl: "istio.io/debug/syncz",
        controlPlane: { identifier: JSON.stringify({ Component: "istiod", ID: istiod }) },
      },
      null,
      4,
    );
  const print = (...documents: string[]) => `${documents.join("\n")}\n`;

  test("has the proxies of both, as recorded from istioctl 1.31.1 while a mesh with two istiods came up", () => {
    const recorded = readFileSync(join(__dirname, "proxy-status-of-two-istiods.txt"), "utf8");
    const names = readProxyStatus(recorded).map(
      ({ cluster, name }) => `${cluster}/${name.replace(/-[\w-]*/, "")}`,
    );
    expect(names.sort()).toEqual([
      "main0/curl.sample",
      "main0/helloworld.sample",
      "main0/istio.istio-system",
      "main0/istio.istio-system",
      "main0/istio.istio-system",
      "main0/istio.istio-system",
      "remote0/curl.sample",
      "remote0/helloworld.sample",
      "remote0/istio.istio-system",
      "remote0/istio.istio-system",
    ]);
  });

  test("has the proxies of both", () => {
    const printed = print(
      document(
        "istiod-one",
        ["curl.sample", "main0", "SYNCED"],
        ["gateway.istio-system", "remote0", "STALE"],
      ),
      document("istiod-two", ["curl.sample", "remote0", "SYNCED"]),
    );
    expect(readProxyStatus(printed)).toEqual(
      expect.arrayContaining([
        { name: "curl.sample", cluster: "main0", stale: [] },
        { name: "gateway.istio-system", cluster: "remote0", stale: ["Cluster"] },
        { name: "curl.sample", cluster: "remote0", stale: [] },
      ]),
    );
    expect(readProxyStatus(printed)).toHaveLength(3);
  });

  test("may have an istiod without a proxy", () => {
    const one = document("istiod-one", ["curl.sample", "main0", "SYNCED"]);
    const none = JSON.stringify({ typeUrl: "istio.io/debug/syncz" }, null, 4);
    for (const printed of [print(one, none), print(none, one)])
      expect(readProxyStatus(printed).map(({ name }) => name)).toEqual(["curl.sample"]);
  });

  test("has a proxy that has moved only once, from the istiod that it is connected to", () => {
    const left = document("istiod-one", ["curl.sample", "main0", "STALE"]);
    const now = document("istiod-two", ["curl.sample", "main0", "SYNCED"]);
    for (const printed of [print(left, now), print(now, left)])
      expect(readProxyStatus(printed)).toEqual([{ name: "curl.sample", cluster: "main0", stale: [] }]);
  });

  test("has no proxy of an istiod that is Terminating", () => {
    const printed = print(
      document("istiod-new", ["curl.sample", "main0", "SYNCED"]),
      document("istiod-old", ["gone.sample", "main0", "SYNCED"]),
    );
    expect(readProxyStatus(printed, ["istiod-old"]).map(({ name }) => name)).toEqual(["curl.sample"]);
  });

  test("has a brace at the beginning of a line only where a document begins", () => {
    const odd = document("istiod-one", ['{\n{"id"}.sample', "main0", "SYNCED"]);
    expect(readProxyStatus(print(odd, odd))).toHaveLength(1);
  });
});

describe("an istiod that is Terminating, which istioctl asks as well", () => {
  let path: FakePath;
  beforeEach(() => {
    path = fakePath();
  });
  afterEach(() => path.remove());

  const { primary } = parseMesh(
    "clusters:\n  - { name: main0, role: primary, network: one, context: main0 }\n  - { name: remote0, network: two, context: remote0 }\n",
    "mesh.yaml",
  );
  const asking = () => ({
    programs: createPrograms({ env: path.env }),
    signal: new AbortController().signal,
  });
  const pod = (name: string, more = {}) => ({
    metadata: { name, ...more },
    status: { phase: "Running" },
  });
  const leaving = pod("istiod-old", { deletionTimestamp: "2026-11-27T21:00:00Z" });
  /** @param lists what `kubectl get` finds, one question after another; the last stays */
  const addKubectl = (waiting: string, ...lists: object[][]) => {
    lists.forEach((items, index) => {
      writeFileSync(join(path.folder, `pods-${index + 1}`), JSON.stringify({ kind: "List", items }));
    });
    path.add(
      "kubectl",
      `case "$*" in
  *" get pods "*)
    n=$(grep -c "^kubectl.* get pods " '${path.folder}/calls')
    while [ ! -e "${path.folder}/pods-$n" ]; do n=$((n - 1)); done
    cat "${path.folder}/pods-$n";;
  *" wait "*) touch '${path.folder}/waited'; ${waiting};;
esac`,
    );
  };
  const fails = "echo 'Error: could not dial: connection refused' >&2; exit 1";
  /** @param before what istioctl does until the wait is over */
  const addIstioctl = (before: string, after = before) =>
    path.add("istioctl", `if [ -e '${path.folder}/waited' ]; then\n${after}\nelse\n${before}\nfi`);
  const answers = (...istiods: string[]) =>
    `cat <<'END'\n${table(...istiods.map((istiod) => ["main0", "", "synced", istiod, "default"]))}\nEND`;
  const waits = () => path.calls().filter((call) => call.includes(" wait "));

  test("is waited for, and the others are queried again", async () => {
    addKubectl("true", [pod("istiod-new"), leaving]);
    addIstioctl(fails, answers("istiod-new"));
    expect(await readReadClusters(asking(), primary)).toEqual({ main0: "synced" });
    expect(waits()).toEqual([
      "kubectl --context main0 wait --for=delete --timeout=40s pod/istiod-old -n istio-system",
    ]);
  });

  test("is also waited for if it still answers, because its proxies will move", async () => {
    addKubectl("true", [pod("istiod-new"), leaving]);
    const says = (name: string) => `echo '{ "resources": [{ "node": { "id": "${name}" } }] }'`;
    addIstioctl(says("before"), says("after"));
    expect(await readConnectedProxies(asking(), primary)).toEqual([
      { name: "after", cluster: "", stale: [] },
    ]);
  });

  test("is found if it starts to terminate during the query", async () => {
    addKubectl("true", [pod("istiod-new"), pod("istiod-old")], [pod("istiod-new"), leaving]);
    addIstioctl(fails, answers("istiod-new"));
    expect(await readReadClusters(asking(), primary)).toEqual({ main0: "synced" });
  });

  test("and stays is ignored if it answers", async () => {
    addKubectl("echo 'timed out waiting for the condition' >&2; exit 1", [pod("istiod-new"), leaving]);
    addIstioctl(answers("istiod-new", "istiod-old"));
    expect(await readReadClusters(asking(), primary)).toEqual({ main0: "synced" });
  });

  test("and neither stops nor answers is reported", async () => {
    addKubectl("echo 'timed out waiting for the condition' >&2; exit 1", [pod("istiod-new"), leaving]);
    addIstioctl(fails);
    await expect(readReadClusters(asking(), primary)).rejects.toThrow(
      /istiod-old has been Terminating since 2026-11-27T21:00:00Z, and istioctl asks it as well: .*could not dial/s,
    );
  });

  test("is not looked for again if all istiods answer", async () => {
    addKubectl("true", [pod("istiod-one"), pod("istiod-two")]);
    addIstioctl(answers("istiod-one", "istiod-two"));
    expect(await readReadClusters(asking(), primary)).toEqual({ main0: "synced" });
    expect(path.calls().filter((call) => call.startsWith("kubectl"))).toEqual([
      "kubectl --context main0 get pods -n istio-system -l app=istiod --ignore-not-found -o json",
    ]);
  });

  test("a failure without a terminating istiod is a failure", async () => {
    addKubectl("true", [pod("istiod-one"), pod("istiod-two")]);
    addIstioctl(fails);
    await expect(readReadClusters(asking(), primary)).rejects.toThrow("could not dial");
    expect(waits()).toEqual([]);
  });
});
