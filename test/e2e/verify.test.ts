import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Right } from "../../checks/access-review";
import { rightsToRead } from "../../checks/basics/rights";
import type { CheckReport } from "../../checks/report";
import { rightsToSend } from "../../checks/verify/prerequisites";
import { parseMesh } from "../../mesh/load";
import { bare, describeInLab, must, sh } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// verify on bare clusters, on a healthy mesh, and without permissions. Broken meshes are in verify-faults.full.test.ts.

const yaml = meshYaml("sample: { weights: { v1: 50, v2: 50 } }");

describeInLab(
  "verify",
  () => {
    let tool: Tool;
    const verify = async (args: readonly string[] = [], env?: NodeJS.ProcessEnv) => {
      const { out, err, code } = await tool.run(["verify", "-o", "json", ...args], env);
      if (!out.startsWith("{")) throw new Error(`no report, exit ${code}: ${out}${err}`);
      return { code, report: JSON.parse(out) as CheckReport };
    };
    const open = ({ results }: CheckReport) =>
      results
        .filter(({ status, blockedBy }) => status !== "pass" && !blockedBy)
        .map(({ id, cluster, status, evidence }) =>
          [status, id, cluster, evidence.join(" / ")].filter(Boolean).join(" "),
        );
    const replicas = () =>
      [
        [primary, "v1"],
        [remote, "v2"],
      ].map(([context, version]) =>
        must(
          `kubectl --context ${context} -n sample get deployment helloworld-${version} -o jsonpath='{.spec.replicas}'`,
        ),
      );

    beforeAll(async () => {
      bare(both);
      tool = new Tool(yaml);
      await tool.must(["ca"]);
    }, 5 * minutes);
    afterAll(async () => {
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    test("without a mesh it reports that with the fix, and checks that need a mesh are not judged", async () => {
      const { code, report } = await verify();
      expect(code).toBe(1);
      expect(open(report)).toEqual([
        "fail installed.mesh main0 there is no namespace istio-system",
        "fail installed.mesh remote0 there is no namespace istio-system",
      ]);
      expect(report.results.find(({ id }) => id === "installed.mesh")!.commands).toEqual(["mesh apply"]);
      expect(report.seconds).toBeLessThan(40);
    });

    test(
      "a mesh that was just applied passes every check within the time limit",
      async () => {
        await tool.must(["apply"]);
        const { code, report } = await verify(["--wait", "2m"]);
        expect(open(report)).toEqual([]);
        expect(code).toBe(0);
        const shares = report.results.filter(({ id }) => id === "split.shares");
        expect(shares.map(({ cluster }) => cluster)).toEqual(["main0", "remote0"]);
        for (const { shares: seen } of shares) {
          expect(seen!.map(({ name, wanted }) => [name, wanted])).toEqual([
            ["v1", 50],
            ["v2", 50],
          ]);
          expect(seen!.reduce((sum, one) => sum + one.seen, 0)).toBeGreaterThanOrEqual(100);
        }
      },
      5 * minutes,
    );

    test("text is grouped by layer, JUnit is for CI systems", async () => {
      const table = await tool.must(["verify"]);
      expect(table.out).toMatch(/^√ requests follow the weights \(main0, remote0\)\n {4}main0: v1 \d+/m);
      expect(table.out).toMatch(/\nno check failed: \d+ passed \([\d.]+ s\)\n$/);
      const { out } = await tool.must(["verify", "-o", "junit"]);
      expect(out).toMatch(/^<\?xml[\s\S]*<testsuite name="traffic" tests="4" failures="0"/);
    });

    test("--only selects a layer, a check or one cluster", async () => {
      const ids = ({ report }: Awaited<ReturnType<typeof verify>>) => [
        ...new Set(report.results.map(({ id, cluster }) => `${id} ${cluster ?? ""}`.trim())),
      ];
      expect(ids(await verify(["--only", "split.weights"]))).toEqual(["split.weights"]);
      expect(ids(await verify(["--only", "traffic", "--context", remote]))).toEqual([
        "traffic.answers remote0",
        "traffic.versions remote0",
      ]);
      const unknown = await tool.run(["verify", "--only", "trafic"]);
      expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('did you mean "traffic"?') });
    });

    test(
      "with --scale every client sees the new pods, and afterwards there are as many as before",
      async () => {
        const { code, report } = await verify(["--scale"]);
        expect(open(report)).toEqual([]);
        expect(code).toBe(0);
        const steps = report.results.filter(({ layer }) => layer === "scale");
        const ids = ["scale.allowed", "scale.primary", "scale.remotes", "scale.back"];
        expect(steps.map(({ id }) => id)).toEqual(ids);
        // Two local pods of v1 and one gateway for v2; from the other cluster two pods behind one gateway.
        expect(steps[1]!.evidence[0]).toMatch(
          /^from main0: v1: pod helloworld-v1-\S+ of main0, v1: pod helloworld-v1-\S+ of main0, v2: gateway istio-eastwestgateway of remote0$/,
        );
        expect(steps[2]!.evidence[1]).toMatch(
          /^from remote0: v1: gateway istio-eastwestgateway of main0, v2: pod \S+ of remote0, v2: pod \S+ of remote0$/,
        );
        expect(replicas()).toEqual(["1", "1"]);
      },
      5 * minutes,
    );

    test(
      "Ctrl-C during --scale leaves as many pods as before",
      async () => {
        const { child, ended } = tool.start(["verify", "--scale"], {
          onLine: (line) => {
            if (line.startsWith("scale.primary")) setTimeout(() => child.kill("SIGINT"), 1500);
          },
        });
        const { code, err } = await ended;
        expect(err).toContain("scale.primary");
        expect(code).not.toBe(0);
        expect(err).not.toMatch(/^ {4}at /m);
        expect(replicas()).toEqual(["1", "1"]);
      },
      3 * minutes,
    );

    test(
      "a cluster that does not answer is the first failure, within seconds",
      async () => {
        const file = join(tool.folder, "kubeconfig");
        writeFileSync(file, must("kubectl config view --raw --flatten"), { mode: 0o600 });
        must(`kubectl --kubeconfig ${file} config set-cluster ${remote} --server=https://127.0.0.1:9`);
        const { code, report } = await verify([], { KUBECONFIG: file });
        expect(code).toBe(1);
        expect(report.results.find(({ status }) => status === "fail")).toMatchObject({
          id: "reachable.api",
          cluster: "remote0",
        });
        expect(report.seconds).toBeLessThan(60);
      },
      2 * minutes,
    );

    test(
      "a ServiceAccount without permissions gets a list of those that are missing",
      async () => {
        must(`kubectl --context ${remote} -n default create serviceaccount verify-weak`);
        try {
          const token = must(`kubectl --context ${remote} -n default create token verify-weak`).trim();
          const file = join(tool.folder, "weak");
          writeFileSync(file, must("kubectl config view --raw --flatten"), { mode: 0o600 });
          must(
            `kubectl --kubeconfig ${file} config set-credentials weak --token=${token} && kubectl --kubeconfig ${file} config set-context ${remote} --user=weak`,
          );
          const { report } = await verify([], { KUBECONFIG: file });
          const first = report.results.find(({ status }) => status === "fail")!;
          expect(first).toMatchObject({ id: "rights.read", cluster: "remote0" });
          expect(first.evidence).toContain("system:serviceaccount:default:verify-weak may not:");
          expect(JSON.stringify(report)).not.toContain(token.slice(-40));
        } finally {
          must(`kubectl --context ${remote} -n default delete serviceaccount verify-weak`);
        }
      },
      2 * minutes,
    );

    test(
      "a ServiceAccount with exactly the permissions that verify needs passes every check",
      async () => {
        const mesh = parseMesh(yaml, "mesh.yaml");
        const file = join(tool.folder, "exact");
        const userOf = (context: string) => join(tool.folder, `${context}-${exact}.json`);
        writeFileSync(file, must("kubectl config view --raw --flatten"), { mode: 0o600 });
        try {
          for (const cluster of mesh.clusters) {
            const { context } = cluster;
            writeFileSync(userOf(context), userWith([...rightsToRead(mesh, cluster), ...rightsToSend(mesh)]));
            must(`kubectl --context ${context} create -f ${userOf(context)}`);
            const token = must(`kubectl --context ${context} -n default create token ${exact}`).trim();
            must(
              `kubectl --kubeconfig ${file} config set-credentials ${context}-exact --token=${token} && kubectl --kubeconfig ${file} config set-context ${context} --user=${context}-exact`,
            );
          }
          const { code, report } = await verify(["--wait", "60"], { KUBECONFIG: file });
          expect(open(report)).toEqual([]);
          expect(code).toBe(0);
        } finally {
          for (const context of both)
            sh(`kubectl --context ${context} delete -f ${userOf(context)} --ignore-not-found`);
        }
      },
      3 * minutes,
    );

    test("no key, no token and no kubeconfig is in any log", () => {
      const folder = join(tool.folder, ".mesh/log");
      const text = readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), "utf8"))
        .join("\n");
      const keys = ["main0", "remote0"].map(
        (name) => readFileSync(join(tool.folder, "mesh.ca", name, "ca-key.pem"), "utf8").split("\n")[3]!,
      );
      const token = must(
        `kubectl --context ${remote} -n istio-system get secret istio-reader-service-account-istio-remote-secret-token -o jsonpath='{.data.token}'`,
      );
      for (const secret of [
        ...keys,
        token.slice(40, 100),
        Buffer.from(token, "base64").toString().slice(-60),
      ]) {
        expect(text).not.toContain(secret);
      }
      expect(sh(`grep -rlE 'PRIVATE KEY|current-context' ${folder}`).out).toBe("");
    });
  },
  both,
);

const exact = "verify-exact";

/** A ServiceAccount with these rights and no others, as a List for kubectl. */
function userWith(rights: readonly Right[]): string {
  const account = { kind: "ServiceAccount", name: exact, namespace: "default" };
  const ofRbac = (kind: string, namespace: string | undefined, more: object) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind,
    metadata: { name: exact, ...(namespace && { namespace }) },
    ...more,
  });
  const items = [...new Set(rights.map(({ namespace }) => namespace))].flatMap((namespace) => {
    const of = namespace ? "" : "Cluster";
    const rules = rights
      .filter((right) => right.namespace === namespace)
      .map(({ verb, group, resource }) => ({ verbs: [verb], apiGroups: [group], resources: [resource] }));
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: `${of}Role`, name: exact };
    return [
      ofRbac(`${of}Role`, namespace, { rules }),
      ofRbac(`${of}RoleBinding`, namespace, { roleRef, subjects: [account] }),
    ];
  });
  const { kind, ...metadata } = account;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: [{ apiVersion: "v1", kind, metadata }, ...items],
  });
}
