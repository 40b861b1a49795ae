import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { MeshStatus } from "../../checks/status";
import type { MeshEndpoints } from "../../ops/status/endpoints";
import { bundleTool } from "../cli/bundled";
import { bare, contexts, describeInLab, must, type Result, sh } from "./lab";

// status, endpoints, report, split and destroy on a live mesh.

const minutes = 60_000;
const [primary, remote] = (process.env.MESH_LAB_CONTEXTS?.split(" ") ?? contexts) as [string, string];
const both = [primary, remote];

const meshYaml = `# how the shop's mesh is split
clusters:
  - { name: main0, role: primary, network: network1, context: ${primary} }
  - { name: remote0, network: network2, context: ${remote} }  # the other side
addons: { prometheus: false, kiali: false }
sample:
  weights: { v1: 50, v2: 50 } # even
`;

describeInLab(
  "on the command line",
  () => {
    let folder: string;
    let bundle: string;
    const mesh = (args: string, before = ""): Result =>
      sh(`${before} node ${bundle} ${args}`, { cwd: folder, seconds: 280 });
    const parsed = <T>(args: string, before = ""): T => JSON.parse(mesh(`${args} -o json`, before).out);
    const status = () => parsed<MeshStatus>("status");
    const remarks = ({ problems, differences }: MeshStatus) =>
      [...problems, ...differences].map(({ cluster, text }) => `${cluster}: ${text}`).sort();

    beforeAll(() => {
      bare(both);
      folder = mkdtempSync(join(tmpdir(), "mesh-status-"));
      bundle = join(folder, "bundle/mesh.js");
      bundleTool(bundle);
      writeFileSync(join(folder, "mesh.yaml"), meshYaml);
    }, 5 * minutes);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("bare clusters have no mesh, and the next command is named", () => {
      expect(mesh("status")).toMatchObject({
        code: 1,
        out: `no mesh on main0 (context ${primary}); next: mesh apply\n`,
      });
      expect(status().installed).toBe(false);
    });

    test("split without a mesh fails with the next command", () => {
      expect(mesh("split v1=50 v2=50")).toMatchObject({
        code: 1,
        err: expect.stringMatching(
          /main0 has no mesh yet\nmesh\.yaml has these weights, the mesh may not have them yet; run mesh apply/,
        ),
      });
    });

    test(
      "a mesh that was just applied is healthy",
      () => {
        must(`node ${bundle} ca && node ${bundle} apply`, { cwd: folder, seconds: 280 });
        const { code, out } = mesh("status");
        expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("the mesh is healthy") });
        const found = status();
        expect(remarks(found)).toEqual([]);
        const gateway = (name: string) => ({
          name,
          address: expect.stringMatching(/^198\.18\./),
          replicas: { ready: 1, wanted: 1 },
        });
        const [main0, remote0] = found.clusters;
        expect(main0).toMatchObject({
          kubernetes: expect.stringMatching(/^1\.\d+\.\d+/),
          istio: ["1.31.1"],
          istiod: { ready: 1, wanted: 1 },
          synced: "synced",
          gateways: [gateway("istio-eastwestgateway"), gateway("istio-ingressgateway")],
          proxies: { connected: 4, inSync: 4 },
        });
        expect(remote0).toMatchObject({
          istio: ["1.31.1"],
          synced: "synced",
          gateways: [gateway("istio-eastwestgateway")],
          proxies: { connected: 3, inSync: 3 },
        });
        for (const { certificateDaysLeft, certificates } of found.clusters) {
          expect(certificateDaysLeft).toBeGreaterThan(3000);
          expect(certificateDaysLeft).toBeLessThan(3700);
          expect(certificates?.map(({ role }) => role)).toEqual(["root", "intermediate"]);
        }
      },
      5 * minutes,
    );

    test(
      "the report of a healthy mesh says so, and has no key",
      () => {
        const { code, out } = mesh("report");
        expect({ code, out }).toEqual({ code: 0, out: "mesh-report.html\n" });
        const page = readFileSync(join(folder, "mesh-report.html"), "utf8");
        expect(page).toContain("<title>mesh1: The mesh works</title>");
        expect(page).toMatch(/198\.18\.\d+\.\d+/);
        const keyLines = ["root-key.pem", "main0/ca-key.pem", "remote0/ca-key.pem"].flatMap((file) =>
          readFileSync(join(folder, "mesh.ca", file), "utf8")
            .split("\n")
            .slice(1, -2),
        );
        expect(keyLines.filter((line) => page.includes(line))).toEqual([]);
      },
      2 * minutes,
    );

    test("each client sees the pod of its own cluster and the gateway of the other", () => {
      const podOf = (context: string, version: string) =>
        must(
          `kubectl --context ${context} -n sample get pods -l version=${version} -o jsonpath='{.items[*].metadata.name}'`,
        );
      const gateway = { kind: "gateway", name: "istio-eastwestgateway" };
      const found = parsed<MeshEndpoints>("endpoints");
      expect(
        found.views.map(({ cluster, endpoints }) => [
          cluster,
          endpoints.map(({ version, target }) => [version, target]),
        ]),
      ).toEqual([
        [
          "main0",
          [
            ["v1", { kind: "pod", cluster: "main0", name: podOf(primary, "v1") }],
            ["v2", { ...gateway, cluster: "remote0" }],
          ],
        ],
        [
          "remote0",
          [
            ["v1", { ...gateway, cluster: "main0" }],
            ["v2", { kind: "pod", cluster: "remote0", name: podOf(remote, "v2") }],
          ],
        ],
      ]);
      expect(mesh("endpoints")).toMatchObject({
        code: 0,
        out: expect.stringMatching(
          /as main0's client sees it[\s\S]*v2 .*:15443 +gateway istio-eastwestgateway of remote0 +1 +healthy/,
        ),
      });
    });

    test(
      "split changes the weights and back within five seconds, and no request fails",
      async () => {
        const answers: { readonly at: number; readonly text: string }[] = [];
        const script =
          "while true; do curl -sS -m 5 -w ' %{http_code}\\n' helloworld.sample:5000/hello || echo FAILED; done";
        const client = spawn("kubectl", [
          "--context",
          remote,
          "-n",
          "sample",
          "exec",
          "deploy/curl",
          "-c",
          "curl",
          "--",
          "sh",
          "-c",
          script,
        ]);
        let line = "";
        client.stdout.setEncoding("utf8").on("data", (chunk: string) => {
          const lines = (line + chunk).split("\n");
          line = lines.pop()!;
          // The answer, then an empty line's status.
          for (const text of lines) if (text.trim() !== "") answers.push({ at: performance.now(), text });
        });
        /** Share of v2 in the answers, from five seconds after the command. */
        const shareAfter = async (weights: string) => {
          const begun = performance.now();
          // In a separate process, because this one reads answers meanwhile.
          const split = spawn("node", [bundle, "split", ...weights.split(" ")], { cwd: folder });
          const [code] = await once(split, "close");
          expect(code).toBe(0);
          await sleep(Math.max(0, begun + 5000 - performance.now()));
          const from = performance.now();
          let counted: string[] = [];
          while (counted.length < 300) {
            await sleep(200);
            counted = answers
              .filter(({ at, text }) => at > from && text.includes("version"))
              .map(({ text }) => text);
          }
          return counted.filter((text) => text.includes("version: v2")).length / counted.length;
        };
        try {
          expect(await shareAfter("v1=90 v2=10")).toBeLessThan(0.25);
          expect(readFileSync(join(folder, "mesh.yaml"), "utf8")).toBe(
            meshYaml.replace("v1: 50, v2: 50", "v1: 90, v2: 10"),
          );
          expect(await shareAfter("v1=50 v2=50")).toBeGreaterThan(0.33);
        } finally {
          client.kill();
        }
        expect(readFileSync(join(folder, "mesh.yaml"), "utf8")).toBe(meshYaml);
        expect(answers.length).toBeGreaterThan(600);
        expect(answers.filter(({ text }) => !/version: v\d| 200$/.test(text))).toEqual([]);
        expect(status().ok).toBe(true);
      },
      2 * minutes,
    );

    test(
      "each manual change is reported on one line, and apply reverts it",
      () => {
        must(`kubectl --context ${primary} -n sample delete virtualservice helloworld`);
        must(`kubectl --context ${primary} -n istio-system delete secret istio-remote-secret-remote0`);
        must(
          `kubectl --context ${remote} -n sample patch service helloworld --type json -p '[{"op":"replace","path":"/spec/ports/0/name","value":"tcp"}]'`,
        );
        must(`kubectl --context ${remote} -n sample create configmap old`);
        must(
          `kubectl --context ${remote} -n sample label configmap old app.kubernetes.io/managed-by=mesh app.kubernetes.io/part-of=mesh1`,
        );
        // istiod needs a moment to forget the cluster.
        let found = status();
        for (let tries = 0; tries < 10 && found.problems.length === 0; tries++) found = status();
        expect(remarks(found)).toEqual([
          "main0: VirtualService sample/helloworld does not exist",
          "remote0: ConfigMap sample/old is no longer in mesh.yaml",
          "remote0: Service sample/helloworld is not as mesh.yaml has it",
          "remote0: there is no remote secret for remote0",
        ]);
        const { code, out } = mesh("status");
        expect({ code, out }).toEqual({
          code: 1,
          out: expect.stringContaining("drift from mesh.yaml:\n  main0: VirtualService"),
        });
        must(`kubectl --context ${remote} -n sample delete configmap old`);
        must(`node ${bundle} apply`, { cwd: folder, seconds: 280 });
        expect(remarks(status())).toEqual([]);
      },
      4 * minutes,
    );

    test("a cluster that does not answer is reported on one line, and the others are shown", () => {
      const file = join(folder, "kubeconfig");
      writeFileSync(file, must("kubectl config view --raw --flatten"), { mode: 0o600 });
      must(`kubectl --kubeconfig ${file} config set-cluster ${remote} --server=https://127.0.0.1:9`);
      const begun = performance.now();
      const found = parsed<MeshStatus>("status", `KUBECONFIG=${file}`);
      expect(performance.now() - begun).toBeLessThan(25_000);
      expect(remarks(found)).toEqual([
        expect.stringMatching("remote0: https://127.0.0.1:9: .*127.0.0.1:9.* refused"),
      ]);
      expect(found.clusters.map(({ reachable }) => reachable)).toEqual([true, false]);
      expect(found.clusters[1]!.proxies).toEqual({ connected: 3, inSync: 3 });
      const { views } = parsed<MeshEndpoints>("endpoints", `KUBECONFIG=${file}`);
      expect(views.map(({ endpoints, error }) => [endpoints.length, error === undefined])).toEqual([
        [2, true],
        [0, false],
      ]);
    });

    test(
      "destroy uninstalls everything, and the second run finds nothing",
      () => {
        expect(mesh("destroy --yes --crds")).toMatchObject({ code: 0, out: "destroyed\n" });
        for (const context of both) {
          expect(
            sh(`kubectl --context ${context} get namespace istio-system sample -o name --ignore-not-found`)
              .out,
          ).toBe("");
          expect(sh(`kubectl --context ${context} get crd -o name | grep -c istio.io`).out).toBe("0\n");
        }
        expect(mesh("status").out).toContain("no mesh on main0");
        expect(mesh("destroy --yes --crds")).toMatchObject({ code: 0, out: "nothing to remove\n" });
      },
      5 * minutes,
    );

    test("no key and no token is in any log", () => {
      const key = readFileSync(join(folder, "mesh.ca/main0/ca-key.pem"), "utf8").split("\n")[3]!;
      const logs = readdirSync(join(folder, ".mesh/log")).map((name) =>
        readFileSync(join(folder, ".mesh/log", name), "utf8"),
      );
      expect(logs.length).toBeGreaterThan(10);
      for (const text of logs) {
        expect(text).not.toContain(key);
        expect(text).not.toContain(Buffer.from(key).toString("base64").slice(4, 60));
        expect(text).not.toMatch(/PRIVATE KEY|eyJ[\w-]{20,}\.eyJ/);
      }
    });
  },
  both,
);
