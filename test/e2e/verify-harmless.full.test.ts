import { spawnSync } from "node:child_process";
import type { CheckReport } from "../../checks/report";
import { bare, describeInLab } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// Foreign objects that are harmless: no check reports them.

const runs = 50;

const harmless: Readonly<Record<string, string>> = {
  "mTLS that is STRICT in the whole mesh": `
    echo '{"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"default","namespace":"istio-system"},"spec":{"mtls":{"mode":"STRICT"}}}' | kubectl --context ${primary} apply -f -`,
  // istio/istio#38528
  "cacerts in cert-manager's form": `
    kubectl --context ${primary} -n istio-system delete secret cacerts
    kubectl --context ${primary} -n istio-system create secret generic cacerts --from-file=tls.crt=mesh.ca/main0/ca-cert.pem --from-file=tls.key=mesh.ca/main0/ca-key.pem --from-file=ca.crt=mesh.ca/main0/root-cert.pem
    kubectl --context ${primary} -n istio-system rollout restart deployment istiod
    kubectl --context ${primary} -n istio-system rollout status deployment istiod --timeout=120s`,
  "Kiali's own secret for another cluster": `
    kubectl --context ${primary} -n istio-system create secret generic kiali-multi-cluster-secret --from-literal=kiali=x
    kubectl --context ${primary} -n istio-system label secret kiali-multi-cluster-secret kiali.io/multiCluster=true`,
  "a namespace label that names the revision": `
    kubectl --context ${remote} label namespace sample istio.io/rev=default --overwrite`,
  "policies, routes and filters of other services": `
    kubectl --context ${primary} create namespace shop
    kubectl --context ${primary} -n shop apply -f - <<'EOF'
{"apiVersion":"v1","kind":"List","items":[
{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy","metadata":{"name":"allow-nothing"},"spec":{}},
{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"plain"},"spec":{"host":"helloworld","trafficPolicy":{"tls":{"mode":"DISABLE"}}}},
{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"shop"},"spec":{"hosts":["shop.example.com"],"http":[{"fault":{"abort":{"percentage":{"value":100},"httpStatus":500}},"route":[{"destination":{"host":"shop"}}]}]}},
{"apiVersion":"networking.istio.io/v1alpha3","kind":"EnvoyFilter","metadata":{"name":"shop"},"spec":{"configPatches":[]}},
{"apiVersion":"networking.istio.io/v1","kind":"Sidecar","metadata":{"name":"default"},"spec":{"egress":[{"hosts":["./*"]}]}}
]}
EOF`,
};

describeInLab(
  "verify with harmless foreign objects",
  () => {
    let tool: Tool;
    const shell = (script: string) => {
      const { status, stderr } = spawnSync("bash", ["-ec", script], { cwd: tool.folder, encoding: "utf8" });
      if (status !== 0) throw new Error(`exit ${status}: ${script}\n${stderr}`);
    };
    beforeAll(async () => {
      tool = new Tool(meshYaml("sample: { weights: { v1: 50, v2: 50 } }"));
      bare(both);
      await tool.must(["ca"]);
      await tool.must(["apply"]);
      for (const script of Object.values(harmless)) shell(script);
      await tool.must(["verify", "--wait", "2m"]);
    }, 8 * minutes);
    afterAll(async () => {
      shell(
        `kubectl --context ${primary} delete namespace shop --ignore-not-found; kubectl --context ${primary} -n istio-system delete peerauthentication/default secret/kiali-multi-cluster-secret --ignore-not-found`,
      );
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    test(
      `${runs} runs give no false alarm: ${Object.keys(harmless).join("; ")}`,
      async () => {
        const said: string[] = [];
        for (let run = 1; run <= runs; run++) {
          const report: CheckReport = JSON.parse((await tool.run(["verify", "-o", "json"])).out);
          const { results } = report;
          const alarms = results.filter(({ status }) => status !== "pass" && status !== "info");
          said.push(
            ...alarms.map(({ id, cluster, evidence }) => `${run}: ${id} ${cluster}: ${evidence.join(" / ")}`),
          );
        }
        expect(said).toEqual([]);
      },
      20 * minutes,
    );
  },
  both,
);
