import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateCa } from "../../ca/generate";
import { caDirectory, loadCa } from "../../ca/load";
import type { CaMaterial } from "../../ca/material";
import { preflight } from "../../checks/preflight";
import { readAddresses } from "../../mesh/addresses";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { meshPaths } from "../../mesh/paths";
import { type ApplyResult, apply } from "../../ops/apply/apply";
import type { ApplyInputs } from "../../ops/apply/run";
import { destroy } from "../../ops/destroy/destroy";
import { createPrograms } from "../../ops/exec/programs";
import { openRunLog } from "../../ops/exec/run-log";
import type { Context } from "../../ops/run/context";
import { silentReporter } from "../../ops/run/progress";
import { synthesize } from "../../synth/synthesize";
import { bare, contexts, describeInLab, must, sh } from "./lab";

// apply on bare clusters, repeated and with changes, then destroy: the functions behind `mesh apply` and `mesh destroy`.

const minutes = 60_000;
/** Set other clusters with MESH_LAB_CONTEXTS="one two", the primary first. */
const [primary, remote] = (process.env.MESH_LAB_CONTEXTS?.split(" ") ?? contexts) as [string, string];
const both = [primary, remote];

const meshYaml = (more = "") => `
clusters:
  - { name: main0, role: primary, network: network1, context: ${primary} }
  - { name: remote0, network: network2, context: ${remote} }
addons: { prometheus: false, kiali: false }
${more}
`;

describeInLab(
  "apply",
  () => {
    const here = process.cwd();
    let folder: string;
    let ca: CaMaterial;
    const before: Record<string, string> = {};

    const context = (): Context => {
      const { signal } = new AbortController();
      const log = openRunLog(join(folder, ".mesh/log"), new Date());
      return {
        programs: createPrograms({ log, signal }),
        reporter: silentReporter,
        now: () => new Date(),
        signal,
        workFolder: join(folder, ".mesh"),
      };
    };
    const run = async (mesh: Mesh, more: Partial<ApplyInputs> = {}): Promise<ApplyResult> => {
      const paths = meshPaths("mesh.yaml");
      const addresses = readAddresses(paths.addresses, mesh);
      const rootCertificate = ca.main0!.rootCert;
      const { text: istioctlVersion } = await preflight(context(), { mesh, meshFile: paths.mesh });
      const inputs = { mesh, paths, ca, addresses, warnings: [], istioctlVersion, rootCertificate, ...more };
      synthesize(inputs);
      return apply(context(), inputs);
    };
    const failures = ({ results }: ApplyResult) =>
      results.filter(({ reason }) => reason).map(({ step, reason }) => `${step.id}: ${reason}`);
    /** Versions that answer, from each cluster. */
    const answers = () =>
      both.map((cluster) => {
        const requests = "for i in $(seq 30); do curl -sS -m 5 helloworld.sample:5000/hello; done";
        const { out } = sh(
          `kubectl --context ${cluster} -n sample exec deploy/curl -c curl -- sh -c '${requests}'`,
        );
        return [...new Set(out.match(/version: v\d/g))].sort();
      });
    const eachSeesBoth = both.map(() => ["version: v1", "version: v2"]);
    const inventory = (cluster: string) =>
      must(
        `kubectl --context ${cluster} get ns,all,cm,secret,sa,role,rolebinding -A -o name | grep -v -e pod/ -e event; ` +
          `kubectl --context ${cluster} get crd,clusterrole,clusterrolebinding,mutatingwebhookconfiguration,validatingwebhookconfiguration -o name; ` +
          `kubectl --context ${cluster} get ns istio-system --ignore-not-found -o jsonpath='{.metadata.labels} {.metadata.annotations}'`,
      );
    const versionsOfAll = () =>
      both
        .map((cluster) =>
          must(
            `kubectl --context ${cluster} get ns,deploy,svc,cm,secret,sa,hpa,mutatingwebhookconfiguration,validatingwebhookconfiguration,gateways.networking.istio.io,virtualservices,destinationrules,clusterrole -A ` +
              `-o jsonpath='{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {.metadata.generation} {.metadata.resourceVersion}{"\\n"}{end}'`,
          ),
        )
        .join("\n")
        .split("\n")
        // Leader election and autoscaling change these.
        .filter((line) => !/leader|election|istio-ip-autoallocate|HorizontalPodAutoscaler/.test(line));

    const fifty = parseMesh(meshYaml("sample: { weights: { v1: 50, v2: 50 } }"), "mesh.yaml");

    beforeAll(async () => {
      bare(both);
      for (const cluster of both) {
        for (const name of ["istio-ca-root-cert", "istio-ca-crl"]) {
          must(`kubectl --context ${cluster} delete configmap -A --field-selector metadata.name=${name}`);
        }
      }
      folder = mkdtempSync(join(tmpdir(), "mesh-apply-"));
      process.chdir(folder);
      const file = join(folder, "mesh.yaml");
      writeFileSync(file, meshYaml());
      await generateCa(fifty, caDirectory(fifty, file), new Date(), 2048);
      ca = loadCa(fifty, file, new Date()).material!;
      // Created first, as users with a private registry do.
      must(
        `kubectl --context ${remote} create namespace istio-system && ` +
          `kubectl --context ${remote} -n istio-system create secret generic registry-login --from-literal=a=b`,
      );
      for (const cluster of both) before[cluster] = inventory(cluster);
    }, 5 * minutes);
    afterAll(() => {
      process.chdir(here);
      rmSync(folder, { recursive: true, force: true });
      sh(`kubectl --context ${remote} delete namespace istio-system --ignore-not-found`);
    });

    test(
      "creates a mesh on bare clusters, and both versions answer from both clusters",
      async () => {
        const result = await run(fifty);
        expect(failures(result)).toEqual([]);
        expect(Object.keys(result.addresses).sort()).toEqual(["main0", "remote0"]);
        expect(answers()).toEqual(eachSeesBoth);
      },
      5 * minutes,
    );

    test(
      "a second run changes no object in the clusters",
      async () => {
        const then = versionsOfAll();
        const result = await run(fifty);
        expect(result.unchanged).toBe(true);
        expect(versionsOfAll()).toEqual(then);
      },
      2 * minutes,
    );

    test("a user's kubectl apply afterwards says unchanged, without a warning", () => {
      for (const cluster of fifty.clusters) {
        const { out, err } = sh(
          `kubectl --context ${cluster.context} apply -f ${join(folder, "dist", cluster.name)}`,
        );
        expect(err).toBe("");
        expect(
          out
            .trim()
            .split("\n")
            .filter((line) => !line.endsWith(" unchanged")),
        ).toEqual([]);
      }
    });

    test(
      "istioctl finds a normal installation: installing again changes no pod",
      () => {
        const pods = () => must(`kubectl --context ${primary} -n istio-system get pods -o name`);
        const then = pods();
        must(`istioctl install --context ${primary} -y -f ${join(folder, "dist/main0/istio/istio.yaml")}`);
        expect(pods()).toBe(then);
      },
      2 * minutes,
    );

    test(
      "apply reverts manual changes",
      async () => {
        must(`kubectl --context ${remote} -n istio-system delete endpointslice istiod`);
        must(`kubectl --context ${primary} -n sample delete virtualservice helloworld`);
        const result = await run(fifty);
        expect(failures(result)).toEqual([]);
        expect(result.unchanged).toBe(false);
        must(`kubectl --context ${remote} -n istio-system get endpointslice istiod`);
        must(`kubectl --context ${primary} -n sample get virtualservice helloworld`);
      },
      3 * minutes,
    );

    test(
      "another root is refused, and the installed root stays",
      async () => {
        const result = await run(fifty, { rootCertificate: "-----BEGIN CERTIFICATE-----\nother\n" });
        expect(result.ok).toBe(false);
        expect(failures(result).join()).toContain("a mesh has one root");
        expect((await run(fifty)).unchanged).toBe(true);
      },
      2 * minutes,
    );

    test(
      "--prune deletes a sample that is switched off, and nothing foreign with it",
      async () => {
        must(`kubectl --context ${primary} create configmap foreign -n istio-system`);
        const without = parseMesh(meshYaml("sample: { enabled: false }"), "mesh.yaml");
        const asked = await run(without);
        expect(failures(asked).join()).toContain("no longer in mesh.yaml; delete with --prune: ");
        must(`kubectl --context ${primary} get namespace sample`);
        const result = await run(without, { prune: true });
        expect(failures(result)).toEqual([]);
        for (const cluster of both)
          expect(sh(`kubectl --context ${cluster} get namespace sample`).code).toBe(1);
        must(`kubectl --context ${primary} -n istio-system delete configmap foreign`);
      },
      4 * minutes,
    );

    test(
      "destroy leaves the clusters as they were, with their earlier namespaces, except Istio's CRDs and other users' resources of them",
      async () => {
        const foreign = "virtualservice foreign -n default";
        must(
          `kubectl --context ${primary} apply -f - <<'EOF'
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: foreign, namespace: default }
spec: { hosts: [foreign.example], http: [{ route: [{ destination: { host: foreign.example } }] }] }
EOF`,
        );
        const { ok } = await destroy(context(), fifty);
        expect(ok).toBe(true);
        const withoutCrds = (text: string) => text.replace(/^customresourcedefinition.*istio\.io\n/gm, "");
        for (const cluster of both) {
          expect(withoutCrds(inventory(cluster))).toBe(before[cluster]);
          must(`kubectl --context ${cluster} get crd virtualservices.networking.istio.io`);
        }
        must(`kubectl --context ${primary} get ${foreign} && kubectl --context ${primary} delete ${foreign}`);

        expect((await destroy(context(), fifty, { crds: true })).ok).toBe(true);
        for (const cluster of both) expect(inventory(cluster)).toBe(before[cluster]);
        expect((await destroy(context(), fifty, { crds: true })).ok).toBe(true);
      },
      8 * minutes,
    );

    test("no key and no token is in any log", () => {
      const logs = readdirSync(join(folder, ".mesh/log")).map((file) =>
        readFileSync(join(folder, ".mesh/log", file), "utf8"),
      );
      const keys = Object.values(ca).map(({ caKey }) => caKey.split("\n")[3]!);
      expect(logs.length).toBeGreaterThan(5);
      for (const text of logs) {
        for (const key of keys) {
          expect(text).not.toContain(key);
          expect(text).not.toContain(Buffer.from(key).toString("base64").slice(4, 60));
        }
        expect(text).not.toMatch(/PRIVATE KEY|eyJ[\w-]{20,}\.eyJ/);
      }
    });
  },
  both,
);
