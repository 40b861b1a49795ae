import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TrafficReport } from "../../cli/traffic";
import { bare, describeInLab, must, sh } from "./lab";
import { both, type Ended, minutes, primary, remote, Tool } from "./tool";

// traffic and dashboard as users start and end them, and the processes that stay in the pods.

const yaml = `clusters:
  - { name: main0, role: primary, network: network1, context: ${primary} }
  - { name: remote0, network: network2, context: ${remote} }
sample: { weights: { v1: 75, v2: 25 } }
`;

/** What runs in a client beside its process 1: the look itself is a shell with this text in its arguments. */
const processes = (context: string) =>
  must(
    `kubectl --context ${context} -n sample exec deploy/curl -c curl -- sh -c 'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; echo; done 2>/dev/null'`,
  )
    .split("\n")
    .filter((line) => /^(sh|curl|sleep|timeout|head|tail)\b/.test(line) && !line.includes("/proc/"));
const left = () => both.flatMap(processes);

async function until(condition: () => boolean, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!condition() && Date.now() < end) await sleep(500);
  expect(condition()).toBe(true);
}
const reportOf = ({ out }: Ended): TrafficReport => JSON.parse(out);

/** A connection to an API server that can be cut. */
async function cuttableWay(context: string) {
  const server = must(
    `kubectl config view -o jsonpath='{.clusters[?(@.name=="${context}")].cluster.server}'`,
  );
  const { hostname, port } = new URL(server);
  const sockets = new Set<Socket>();
  let isCut = false;
  const proxy = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        near.destroy();
        far.destroy();
        sockets.delete(socket);
      });
    }
    near.pipe(far).pipe(near);
    return undefined;
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "mesh-way-"));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, must("kubectl config view --raw --flatten"), { mode: 0o600 });
  const { port: near } = proxy.address() as { port: number };
  must(`kubectl --kubeconfig ${kubeconfig} config set-cluster ${context} --server=https://127.0.0.1:${near}`);
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    kubeconfig,
    cut,
    mend() {
      isCut = false;
    },
    remove() {
      cut();
      proxy.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describeInLab(
  "requests from every cluster",
  () => {
    let tool: Tool;
    beforeAll(async () => {
      bare(both);
      tool = new Tool(yaml);
      await tool.must(["ca"]);
      await tool.must(["apply"]);
    }, 6 * minutes);
    afterAll(() => tool.remove());

    test("answers follow the weights, come from the clusters of the versions, at the requested rate", async () => {
      const ended = await tool.must(["traffic", "--duration", "20s", "-o", "json"]);
      const { ok, clients } = reportOf(ended);
      expect(ended.err).toBe("");
      expect(ok).toBe(true);
      expect(clients.map(({ cluster }) => cluster)).toEqual(["main0", "remote0"]);
      for (const { requests, versions, clusters, p50Seconds, p99Seconds, interruptions } of clients) {
        // exec needs a moment to start, and the machine may be busy.
        expect(requests).toBeGreaterThan(60);
        expect(requests).toBeLessThanOrEqual(210);
        // Six standard deviations: a right split is called wrong less than once in a hundred million runs.
        const deviation = Math.sqrt((0.75 * 0.25) / requests);
        expect(Math.abs(versions.v1! / requests - 0.75)).toBeLessThan(6 * deviation);
        expect(clusters).toEqual({ main0: versions.v1, remote0: versions.v2 });
        expect(p50Seconds).toBeGreaterThan(0);
        expect(p50Seconds).toBeLessThanOrEqual(p99Seconds!);
        expect(interruptions).toBe(0);
      }
      expect(left()).toEqual([]);
    }, 60_000);

    test.each(["SIGINT", "SIGKILL"] as const)(
      "%s leaves no process in the clients",
      async (signal) => {
        const { child, ended } = tool.start(["traffic"]);
        await until(() =>
          both.every((context) => processes(context).some((line) => line.startsWith("sh -c send"))),
        );
        child.kill(signal);
        const { code, out } = await ended;
        if (signal === "SIGINT") {
          expect(code).toBe(0);
          expect(out).toContain("no request failed");
        }
        await until(() => left().length === 0, 10);
      },
      90_000,
    );

    test("a client whose pod is replaced continues to send", async () => {
      const said: string[] = [];
      const { child, ended } = tool.start(["traffic", "--from", "main0"], {
        onLine: (line) => said.push(line),
      });
      await until(() => said.some((line) => line.startsWith("main0  ")));
      must(`kubectl --context ${primary} -n sample delete pod -l app=curl --wait=false`);
      await until(() => said.some((line) => /^main0: requests resumed after \d+ s$/.test(line)), 60);
      child.kill("SIGINT");
      const { out } = await ended;
      expect(said).toContainEqual(expect.stringMatching(/^main0: requests stopped: .+; retrying every 2 s$/));
      expect(out).toContain("main0: connection to the client broken once");
      await until(() => left().length === 0);
    }, 120_000);

    test("requests stop while the API server is unreachable, and continue afterwards", async () => {
      const way = await cuttableWay(remote);
      try {
        const said: string[] = [];
        const { child, ended } = tool.start(["traffic"], {
          env: { KUBECONFIG: way.kubeconfig },
          onLine: (line) => said.push(line),
        });
        await until(() => said.some((line) => line.startsWith("remote0  ")));
        way.cut();
        await until(() => said.some((line) => line.startsWith("remote0: requests stopped: ")));
        await until(() => processes(remote).length === 0, 40);
        expect(processes(primary)).not.toEqual([]);
        way.mend();
        await until(() => said.some((line) => line.startsWith("remote0: requests resumed after ")));
        child.kill("SIGINT");
        const { code, out } = await ended;
        // Requests that could not be sent are not failures.
        expect(code).toBe(0);
        expect(out).toMatch(/remote0: connection to the client broken once\n\nno request failed/);
        await until(() => left().length === 0);
      } finally {
        way.remove();
      }
    }, 150_000);

    test(
      "versions that do not answer are failures with the proxy's message, and the exit code is 1",
      async () => {
        must(`kubectl --context ${remote} -n sample scale deployment helloworld-v2 --replicas=0`);
        must(`kubectl --context ${remote} -n sample wait --for=delete pod -l version=v2 --timeout=60s`);
        try {
          await sleep(3000);
          const { code, out } = await tool.run(["traffic", "--duration", "6s", "-o", "json"]);
          const { ok, clients } = JSON.parse(out) as TrafficReport;
          expect({ code, ok }).toEqual({ code: 1, ok: false });
          for (const { failed, failures, versions } of clients) {
            expect(failed).toBeGreaterThan(0);
            expect(Object.keys(failures)).toEqual([expect.stringMatching(/^HTTP 503/)]);
            expect(Object.keys(versions)).toEqual(["v1"]);
          }
        } finally {
          must(`kubectl --context ${remote} -n sample scale deployment helloworld-v2 --replicas=1`);
          must(
            `kubectl --context ${remote} -n sample rollout status deployment helloworld-v2 --timeout=120s`,
          );
        }
      },
      3 * minutes,
    );

    test("missing clients are named", async () => {
      const other = new Tool(`${yaml.replace("weights", "namespace: elsewhere, weights")}`);
      const { code, err } = await other.run(["traffic"]);
      other.remove();
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringContaining(
          "error: main0 has no Deployment elsewhere/curl: run mesh apply\nremote0 has no Deployment elsewhere/curl: run mesh apply",
        ),
      });
    });

    describe("mesh dashboard", () => {
      const listeners = (port: string) => sh(`ss -ltnH 'sport = :${port}'`).out;
      const answer = (url: string) => sh(`curl -s -o /dev/null -m 5 -w '%{http_code}' '${url}'`).out;

      test.each([
        ["kiali", "/kiali/healthz"],
        ["prometheus", "/-/ready"],
      ])(
        "%s listens on this machine only, also after its pod was replaced, and ends on Ctrl-C",
        async (name, health) => {
          const { child, ended } = tool.start(["dashboard", name, "--no-browser"]);
          let out = "";
          child.stdout!.on("data", (chunk: string) => {
            out += chunk;
          });
          await until(() => out.includes("\n"));
          const { origin, port } = new URL(out.trim());
          expect(answer(`${origin}${health}`)).toBe("200");
          expect(listeners(port)).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} `));
          expect(listeners(port).trim().split("\n")).toHaveLength(1);

          must(
            `kubectl --context ${primary} -n istio-system delete pod -l app=${name} --wait=true --timeout=60s`,
          );
          must(
            `kubectl --context ${primary} -n istio-system rollout status deployment ${name} --timeout=120s`,
          );
          await until(() => answer(`${origin}${health}`) === "200", 40);

          child.kill("SIGINT");
          const { code, err } = await ended;
          expect({ code, err }).toEqual({
            code: 0,
            err: expect.stringContaining(`${name} is available again`),
          });
          expect(listeners(port)).toBe("");
        },
        4 * minutes,
      );
    });
  },
  both,
);
