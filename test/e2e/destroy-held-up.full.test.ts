import type { CheckReport } from "../../checks/report";
import { applyObjects } from "./apply-faults";
import { bare, describeInLab, must, sh } from "./lab";
import { both, type Ended, meshYaml, minutes, primary, remote, Tool } from "./tool";

// A leftover in the cluster blocks the deletion of namespaces. It is named within seconds, and the printed commands
// remove it.

const R = `kubectl --context ${remote}`;
const finalizersNull = `'{"metadata":{"finalizers":null}}'`;

/** An API that KEDA would serve, without KEDA. */
const deadApi = {
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: "v1beta1.external.metrics.k8s.io" },
  spec: {
    group: "external.metrics.k8s.io",
    version: "v1beta1",
    service: { namespace: "keda", name: "keda-operator-metrics-apiserver" },
    insecureSkipTLSVerify: true,
    groupPriorityMinimum: 100,
    versionPriority: 100,
  },
};
/** The leftover of an in-cluster operator that no longer runs. */
const operatorCrd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "istiooperators.install.istio.io" },
  spec: {
    group: "install.istio.io",
    names: { kind: "IstioOperator", plural: "istiooperators", singular: "istiooperator" },
    scope: "Namespaced",
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
const operator = {
  apiVersion: "install.istio.io/v1alpha1",
  kind: "IstioOperator",
  metadata: {
    name: "installed-state",
    namespace: "istio-system",
    finalizers: ["istio-finalizer.install.istio.io"],
  },
};

describeInLab(
  "a blocked deletion",
  () => {
    let tool: Tool;
    beforeAll(async () => {
      tool = new Tool(meshYaml());
      await tool.must(["ca"]);
    }, 1 * minutes);
    beforeEach(async () => {
      bare(both);
      await tool.must(["apply"]);
    }, 8 * minutes);
    afterEach(() => {
      sh(`${R} delete apiservice v1beta1.external.metrics.k8s.io --ignore-not-found`);
      sh(`${R} -n istio-system patch svc istio-eastwestgateway --type=merge -p ${finalizersNull}`);
      sh(`${R} -n istio-system patch istiooperator installed-state --type=merge -p ${finalizersNull}`);
      sh(`${R} delete crd istiooperators.install.istio.io --ignore-not-found --timeout=60s`);
    }, 2 * minutes);
    afterAll(async () => {
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    const namespacesLeft = (context: string) =>
      must(`kubectl --context ${context} get ns -o name | grep -E '/(sample|istio-system)$' || true`).trim();
    const remoteSecrets = () =>
      must(`kubectl --context ${primary} get secrets -A -l istio/multiCluster=true -o name`).trim();
    /** doctor's result for the namespaces. */
    async function doctor() {
      const { out } = await tool.run(["doctor", "-o", "json"]);
      const { results } = JSON.parse(out) as CheckReport;
      return results.find(({ id, cluster }) => id === "clusters.terminating" && cluster === "remote0")!;
    }
    /** The commands after `fix: `, as they are printed. */
    const fixesIn = ({ err }: Ended) =>
      [...err.matchAll(/^\s*fix: (kubectl .*)$/gm)].map(([, line]) => line!);

    test(
      "by an APIService without a backend: not reported before, then the cause in destroy, doctor and status",
      async () => {
        applyObjects(remote, deadApi);
        must(`${R} wait apiservice/${deadApi.metadata.name} --for=condition=Available=False --timeout=60s`);
        const verify = await tool.run(["verify", "--wait", "2m"]);
        expect([verify.code, verify.out + verify.err]).toEqual([
          0,
          expect.not.stringContaining("external.metrics"),
        ]);
        for (const command of [["apply"], ["status"], ["doctor"]]) {
          const { code, out, err } = await tool.run(command);
          expect([code, out + err]).toEqual([0, expect.not.stringContaining("external.metrics")]);
        }

        const ended = await tool.run(["destroy", "--yes"]);
        expect(ended.code).toBe(1);
        expect(ended.seconds).toBeLessThan(90);
        expect(ended.err).toMatch(
          /remote0: sample: waits: the APIService v1beta1\.external\.metrics\.k8s\.io has no backend/,
        );
        expect(remoteSecrets()).toBe("");
        expect(namespacesLeft(primary)).toBe("");
        const found = await doctor();
        expect(found.status).toBe("fail");
        expect(found.evidence.join("\n")).toContain(
          "APIService v1beta1.external.metrics.k8s.io has no backend",
        );
        expect(fixesIn(ended)).toEqual(found.commands);
        expect((await tool.run(["status"])).out).toContain(found.commands[0]);

        must(found.commands.join("\n"));
        await tool.must(["destroy", "--yes"]);
        expect(namespacesLeft(remote)).toBe("");
      },
      8 * minutes,
    );

    test(
      "by a load balancer that the cloud does not delete: reported during the wait, and destroy continues",
      async () => {
        must(
          `${R} -n istio-system patch svc istio-eastwestgateway --type=merge -p '{"metadata":{"finalizers":["service.kubernetes.io/load-balancer-cleanup"]}}'`,
        );
        let said = 0;
        const started = performance.now();
        const { ended } = tool.start(["destroy", "--yes"], {
          onLine(line) {
            if (
              !/load balancers: waits: Service istio-system\/istio-eastwestgateway has the finalizer/.test(
                line,
              )
            )
              return;
            said = (performance.now() - started) / 1000;
            // As the cloud finally does.
            must(
              `${R} -n istio-system patch service istio-eastwestgateway --type=merge -p ${finalizersNull}`,
            );
          },
        });
        const { code, err } = await ended;
        expect([code, err]).toEqual([0, expect.anything()]);
        expect(said).toBeGreaterThan(0);
        expect(said).toBeLessThan(40);
        expect(namespacesLeft(remote)).toBe("");
      },
      8 * minutes,
    );

    test(
      "by a finalizer of an operator that is gone: destroy fails soon, and the printed command removes it",
      async () => {
        applyObjects(remote, operatorCrd);
        must(`${R} wait crd/${operatorCrd.metadata.name} --for=condition=Established --timeout=30s`);
        applyObjects(remote, operator);
        const ended = await tool.run(["destroy", "--yes"]);
        expect(ended.code).toBe(1);
        expect(ended.seconds).toBeLessThan(120);
        expect(ended.err).toMatch(
          /IstioOperator istio-system\/installed-state has the finalizer istio-finalizer\.install\.istio\.io/,
        );
        expect(remoteSecrets()).toBe("");
        const found = await doctor();
        expect(found.commands).toEqual(fixesIn(ended));
        must(found.commands.join("\n"));
        await tool.must(["destroy", "--yes"]);
        expect(namespacesLeft(remote)).toBe("");
      },
      8 * minutes,
    );
  },
  both,
);
