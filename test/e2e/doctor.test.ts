import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateCa } from "../../ca/generate";
import { caDirectory, loadCa } from "../../ca/load";
import { doctor } from "../../checks/doctor/doctor";
import { reportFormats } from "../../checks/format/format";
import { preflight } from "../../checks/preflight";
import type { CheckReport } from "../../checks/report";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { meshPaths } from "../../mesh/paths";
import { apply } from "../../ops/apply/apply";
import { createPrograms } from "../../ops/exec/programs";
import { openRunLog } from "../../ops/exec/run-log";
import type { Context } from "../../ops/run/context";
import { silentReporter } from "../../ops/run/progress";
import { synthesize } from "../../synth/synthesize";
import { bare, contexts, describeInLab, must } from "./lab";

// doctor against real API servers: bare clusters, frequent mistakes, and a mesh that is already installed.

const minutes = 60_000;
const [primary, remote] = (process.env.MESH_LAB_CONTEXTS?.split(" ") ?? contexts) as [string, string];
const both = [primary, remote];

const meshOf = (remoteContext: string) =>
  parseMesh(
    `clusters:
  - { name: main0, role: primary, network: network1, context: ${primary} }
  - { name: remote0, network: network2, context: ${remoteContext} }
addons: { prometheus: false, kiali: false }
`,
    "mesh.yaml",
  );

describeInLab(
  "doctor",
  () => {
    let folder: string;
    let meshFile: string;
    let kubeconfig: string;
    const kube = (context: string, args: string) => must(`kubectl --context ${context} ${args}`);

    const context = (): Context => ({
      programs: createPrograms({
        log: openRunLog(join(folder, "log"), new Date()),
        env: { ...process.env, KUBECONFIG: kubeconfig },
      }),
      reporter: silentReporter,
      now: () => new Date(),
      signal: new AbortController().signal,
      workFolder: join(folder, ".mesh"),
    });
    const diagnose = (mesh: Mesh = meshOf(remote)): Promise<CheckReport> =>
      doctor(context(), { mesh, meshFile });
    const open = ({ results }: CheckReport) =>
      results
        .filter(({ status, blockedBy }) => status !== "pass" && status !== "info" && !blockedBy)
        .map(({ id, cluster, status }) => `${status} ${id}${cluster ? ` ${cluster}` : ""}`);
    const find = ({ results }: CheckReport, id: string, cluster?: string) =>
      results.find((result) => result.id === id && result.cluster === cluster)!;
    /** All output: text, JSON, JUnit and logs. */
    const everything = (report: CheckReport) =>
      [
        ...Object.values(reportFormats).map((format) => format(report, { color: false })),
        ...readdirSync(join(folder, "log")).map((name) => readFileSync(join(folder, "log", name), "utf8")),
      ].join("\n");
    /** A context of the tests' own kubeconfig, beside the lab's. */
    const addContext = (name: string, cluster: string, user: string) =>
      must(
        `kubectl --kubeconfig ${kubeconfig} config set-context ${name} --cluster=${cluster} --user=${user}`,
      );
    const entriesOf = (name: string) => {
      const view = JSON.parse(must(`kubectl --kubeconfig ${kubeconfig} config view -o json`));
      return view.contexts.find((entry: { name: string }) => entry.name === name).context;
    };

    beforeAll(async () => {
      bare(both);
      folder = mkdtempSync(join(tmpdir(), "mesh-doctor-"));
      meshFile = join(folder, "mesh.yaml");
      kubeconfig = join(folder, "kubeconfig");
      writeFileSync(kubeconfig, must("kubectl config view --raw --flatten"), { mode: 0o600 });
      const mesh = meshOf(remote);
      await generateCa(mesh, caDirectory(mesh, meshFile), new Date(), 2048);
    }, 5 * minutes);
    afterAll(() => {
      bare(both);
      rmSync(folder, { recursive: true, force: true });
    }, 5 * minutes);

    test("bare clusters pass every check", async () => {
      const report = await diagnose();
      expect(open(report)).toEqual([]);
      expect(report.ok).toBe(true);
    });

    test("the same cluster under two contexts is refused", async () => {
      const { cluster, user } = entriesOf(primary);
      addContext("alias", cluster, user);
      const report = await diagnose(meshOf("alias"));
      expect(open(report)).toEqual(["fail clusters.distinct remote0"]);
      expect(find(report, "clusters.distinct", "remote0").evidence[0]).toContain(
        `the contexts ${primary} (main0) and alias lead to the same cluster`,
      );
    });

    test("an API server that refuses connections fails soon, and the other cluster is judged", async () => {
      must(`kubectl --kubeconfig ${kubeconfig} config set-cluster closed --server=https://127.0.0.1:1`);
      addContext("closed", "closed", entriesOf(primary).user);
      const report = await diagnose(meshOf("closed"));
      expect(open(report)).toEqual(["fail reachable.api remote0", "warn reachable.from-primary remote0"]);
      expect(find(report, "reachable.api", "remote0")).toMatchObject({
        evidence: [expect.stringMatching(/refused/)],
        fix: expect.stringMatching(/connection refused/),
      });
      expect(find(report, "capacity.room", "main0").status).toBe("pass");
      expect(report.seconds).toBeLessThan(20);
    });

    test("a ServiceAccount without permissions gets a list of those that are missing, and its token is not printed", async () => {
      kube(remote, "-n default create serviceaccount doctor-weak");
      try {
        const token = kube(remote, "-n default create token doctor-weak").trim();
        const file = join(folder, "credentials.json");
        const user = { name: "weak", user: { token } };
        writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "Config", users: [user] }), {
          mode: 0o600,
        });
        writeFileSync(
          kubeconfig,
          must(`KUBECONFIG=${kubeconfig}:${file} kubectl config view --raw --flatten`),
        );
        addContext("weak", entriesOf(remote).cluster, "weak");
        const report = await diagnose(meshOf("weak"));
        expect(open(report)).toEqual(["fail rights.read remote0", "fail rights.change remote0"]);
        expect(find(report, "rights.change", "remote0")).toMatchObject({
          evidence: expect.arrayContaining([
            "system:serviceaccount:default:doctor-weak may not:",
            "  create, patch clusterroles.rbac.authorization.k8s.io",
          ]),
          commands: [expect.stringContaining("--serviceaccount=default:doctor-weak")],
        });
        expect(everything(report)).not.toContain(token.slice(-40));

        // The fix, followed.
        kube(
          remote,
          "create clusterrolebinding mesh-admin --clusterrole=cluster-admin --serviceaccount=default:doctor-weak",
        );
        expect(open(await diagnose(meshOf("weak")))).toEqual([]);
      } finally {
        kube(remote, "-n default delete serviceaccount doctor-weak");
        kube(remote, "delete clusterrolebinding mesh-admin --ignore-not-found");
      }
    });

    test("a foreign istiod fails, and the clusters pass again without it", async () => {
      kube(primary, "create namespace istio-old");
      kube(
        primary,
        "-n istio-old create deployment istiod --replicas=0 --image=docker.io/istio/pilot:1.27.0",
      );
      kube(primary, "-n istio-old label deployment istiod app=istiod istio.io/rev=old --overwrite");
      try {
        const report = await diagnose();
        expect(open(report)).toEqual(["fail installed.foreign-istio main0"]);
        const { evidence, commands } = find(report, "installed.foreign-istio", "main0");
        expect(evidence).toEqual(["Deployment istio-old/istiod: Istio 1.27.0, revision old, not of mesh1"]);
        expect(commands).toEqual([`istioctl uninstall --context ${primary} --revision old`]);
      } finally {
        kube(primary, "delete namespace istio-old --wait=true --timeout=60s");
      }
      expect(open(await diagnose())).toEqual([]);
    });

    test("a namespace that is stuck in Terminating fails, with what blocks it", async () => {
      const held = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "held", namespace: "sample", finalizers: ["example.com/held"] },
      };
      kube(remote, "create namespace sample");
      must(`echo '${JSON.stringify(held)}' | kubectl --context ${remote} create -f -`);
      kube(remote, "delete namespace sample --wait=false");
      try {
        must(
          `for i in $(seq 60); do kubectl --context ${remote} get namespace sample -o jsonpath='{.status.conditions}' | grep -q finalizers && exit; sleep 0.5; done; exit 1`,
        );
        const report = await diagnose();
        expect(open(report)).toEqual(["fail clusters.terminating remote0"]);
        expect(find(report, "clusters.terminating", "remote0").evidence.join("\n")).toContain(
          "example.com/held",
        );
      } finally {
        kube(remote, `-n sample patch configmap held --type=merge -p '{"metadata":{"finalizers":null}}'`);
        kube(remote, "wait --for=delete namespace/sample --timeout=60s");
      }
    });

    test("another root in the cluster fails, and no key is read", async () => {
      const other = join(folder, "other.ca");
      const mesh = meshOf(remote);
      await generateCa(mesh, other, new Date(), 2048);
      const of = (name: string) => `--from-file=${join(other, "remote0", name)}`;
      const keyLines = readFileSync(join(other, "remote0/ca-key.pem"), "utf8").split("\n").slice(1, -2);
      kube(remote, "create namespace istio-system");
      try {
        const names = ["ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem"].map(of).join(" ");
        kube(remote, `-n istio-system create secret generic cacerts ${names}`);
        const report = await diagnose();
        expect(open(report)).toEqual(["fail trust.same-root remote0"]);
        expect(find(report, "trust.same-root", "remote0").evidence[0]).toMatch(
          /^Secret cacerts has the root SHA-256/,
        );
        const shown = everything(report);
        for (const line of keyLines) {
          expect(shown).not.toContain(line);
          expect(shown).not.toContain(Buffer.from(line).toString("base64").slice(0, 60));
        }
      } finally {
        kube(remote, "delete namespace istio-system --wait=true --timeout=60s");
      }
    });

    test(
      "an applied mesh passes, and fails with another CA or with swapped contexts",
      async () => {
        const mesh = meshOf(remote);
        const ca = loadCa(mesh, meshFile, new Date()).material!;
        const rootCertificate = ca.main0!.rootCert;
        const paths = meshPaths("mesh.yaml");
        const { text: istioctlVersion } = await preflight(context(), { mesh, meshFile });
        const inputs = { mesh, paths, ca, addresses: {}, warnings: [], istioctlVersion, rootCertificate };
        // Output goes to the current folder.
        const here = process.cwd();
        process.chdir(folder);
        try {
          synthesize(inputs);
          expect(await apply(context(), inputs)).toMatchObject({ ok: true });
        } finally {
          process.chdir(here);
        }
        expect(open(await diagnose())).toEqual([]);

        const otherFolder = join(folder, "elsewhere");
        mkdirSync(otherFolder);
        const elsewhere = join(otherFolder, "mesh.yaml");
        await generateCa(mesh, caDirectory(mesh, elsewhere), new Date(), 2048);
        const withOtherCa = await doctor(context(), { mesh, meshFile: elsewhere });
        expect(open(withOtherCa)).toEqual(["fail trust.same-root main0", "fail trust.same-root remote0"]);
        expect(find(withOtherCa, "trust.same-root", "main0").evidence).toHaveLength(3);

        const swapped = parseMesh(
          `clusters:\n  - { name: main0, role: primary, network: network1, context: ${remote} }\n  - { name: remote0, network: network2, context: ${primary} }\n`,
          "mesh.yaml",
        );
        const report = await diagnose(swapped);
        expect(find(report, "clusters.place", "main0").evidence).toContain(
          "it is a remote, mesh.yaml says primary",
        );
        expect(find(report, "clusters.place", "remote0").evidence).toContain(
          "it is a primary, mesh.yaml says remote",
        );
      },
      5 * minutes,
    );
  },
  both,
);
