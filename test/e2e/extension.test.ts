import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bare, describeInLab, must, sh } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// Charts of the user's own, from mesh.extend.ts, through the life of a mesh.

const payments = `import { ApiObject, Chart } from "cdk8s";
import type { MeshApp } from "istio-aks-mesh";

export default ({ bundles }: MeshApp) => {
  const chart = new Chart(bundles.remote0, "payments", { namespace: "payments" });
  const object = (apiVersion: string, kind: string, spec?: object) =>
    new ApiObject(chart, kind, { apiVersion, kind, metadata: { name: "payments" }, ...(spec && { spec }) });
  new ApiObject(chart, "namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: "payments" } });
  object("v1", "ConfigMap");
  object("policy/v1", "PodDisruptionBudget", { minAvailable: 1, selector: { matchLabels: { app: "payments" } } });
  object("networking.istio.io/v1", "ServiceEntry", { hosts: ["api.example.com"], ports: [{ number: 443, name: "tls", protocol: "TLS" }], resolution: "DNS" });
};
`;

describeInLab("mesh.extend.ts", () => {
  let tool: Tool;
  const extend = (text: string) => writeFileSync(join(tool.folder, "mesh.extend.ts"), text);
  const has = (what: string) => sh(`kubectl --context ${remote} -n payments get ${what}`).code === 0;
  beforeAll(async () => {
    bare(both);
    tool = new Tool(meshYaml("sample: { enabled: false }"));
    await tool.must(["ca"]);
    await tool.must(["apply"]);
  }, 5 * minutes);
  afterAll(async () => {
    await tool.run(["destroy", "--yes", "--crds"]);
    sh(`kubectl --context ${primary} delete namespace shared --ignore-not-found`);
    tool.remove();
  }, 5 * minutes);

  test(
    "what it adds is in the dry run, applied after the mesh, and part of drift",
    async () => {
      extend(payments);
      const { out } = await tool.must(["apply", "--dry-run"]);
      expect(out).toContain("+ remote0: ServiceEntry payments/payments");
      await tool.must(["apply"]);
      for (const kind of ["configmap", "poddisruptionbudget", "serviceentry"])
        expect([kind, has(`${kind} payments`)]).toEqual([kind, true]);
      expect((await tool.must(["apply"])).out).toContain("nothing to change");
      expect((await tool.must(["apply", "--dry-run"])).out).toContain("would change nothing");
      must(`kubectl --context ${remote} -n payments delete poddisruptionbudget payments`);
      const { out: status } = await tool.run(["status"]);
      expect(status).toContain("PodDisruptionBudget payments/payments does not exist");
      await tool.must(["apply"]);
      expect(has("poddisruptionbudget payments")).toBe(true);
    },
    3 * minutes,
  );

  test(
    "an object of another owner is refused",
    async () => {
      must(`kubectl --context ${primary} create namespace shared`);
      must(`kubectl --context ${primary} -n shared create configmap settings --from-literal=a=b`);
      extend(`import { ApiObject, Chart } from "cdk8s";
export default ({ bundles }: any) => {
  new ApiObject(new Chart(bundles.main0, "settings"), "it", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "shared" }, data: { a: "c" } });
};
`);
      const { code, err } = await tool.run(["apply"]);
      expect(code).toBe(1);
      expect(err).toContain("ConfigMap shared/settings");
      expect(err).toContain("the mesh mesh1 does not own it");
      const data = must(
        `kubectl --context ${primary} -n shared get configmap settings -o jsonpath='{.data.a}'`,
      );
      expect(data).toBe("b");
    },
    2 * minutes,
  );

  test(
    "--prune deletes what it no longer adds, of every kind",
    async () => {
      extend(payments.replace(/ {2}object\("networking.*\n/, ""));
      expect((await tool.run(["apply"])).err).toContain("ServiceEntry payments/payments");
      await tool.must(["apply", "--prune"]);
      expect(has("serviceentry payments")).toBe(false);
      expect(has("poddisruptionbudget payments")).toBe(true);
    },
    2 * minutes,
  );

  test(
    "destroy removes it, also when mesh.extend.ts no longer names it",
    async () => {
      extend("export default () => {};\n");
      await tool.must(["destroy", "--yes", "--crds"]);
      expect(sh(`kubectl --context ${remote} get namespace payments`).code).not.toBe(0);
      expect(sh(`kubectl --context ${primary} get namespace shared`).code).toBe(0);
    },
    3 * minutes,
  );
});
