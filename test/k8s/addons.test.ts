import { load } from "js-yaml";
import { find, manifests, mesh, type Resource, referenceMeshes } from "./render";

const addonsOf = (line: keyof typeof referenceMeshes) => manifests(referenceMeshes[line](), "main0");
const container = (resources: readonly Resource[], deployment: string, index = 0) =>
  find(resources, "Deployment", deployment).spec.template.spec.containers[index];

test("addons run on the primary alone, outside the mesh", () => {
  expect(
    manifests(mesh(), "remote0").filter(({ metadata }) => /kiali|prometheus/.test(metadata.name)),
  ).toEqual([]);
  for (const name of ["prometheus", "kiali"]) {
    const { template } = find(manifests(mesh(), "main0"), "Deployment", name).spec;
    expect(template.metadata.labels["sidecar.istio.io/inject"]).toBe("false");
  }
});

describe("Prometheus", () => {
  test("may only read pods, which its configuration discovers", () => {
    const resources = addonsOf("current");
    expect(find(resources, "ClusterRole", "prometheus-istio-system").rules).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
    ]);
    const config = load(find(resources, "ConfigMap", "prometheus").data["prometheus.yml"]) as Resource;
    expect(
      config.scrape_configs.flatMap(({ kubernetes_sd_configs }: Resource) =>
        kubernetes_sd_configs.map(({ role }: Resource) => role),
      ),
    ).toEqual(["pod"]);
    expect(config.global.external_labels).toEqual({ mesh: "mesh1", cluster: "main0" });
  });

  test("reloads a changed configuration: itself on current lines, by a sidecar container on 1.7", () => {
    expect(container(addonsOf("current"), "prometheus").args).toContain(
      "--enable-feature=auto-reload-config",
    );
    expect(find(addonsOf("current"), "Deployment", "prometheus").spec.template.spec.containers).toHaveLength(
      1,
    );
    expect(container(addonsOf("1.7"), "prometheus").args).toContain("--web.enable-lifecycle");
    expect(container(addonsOf("1.7"), "prometheus", 1)).toMatchObject({
      image: "docker.io/jimmidyson/configmap-reload:v0.3.0",
      args: ["--volume-dir=/etc/config", "--webhook-url=http://127.0.0.1:9090/-/reload"],
    });
  });
});

describe("Kiali", () => {
  const config = (line: keyof typeof referenceMeshes) =>
    load(find(addonsOf(line), "ConfigMap", "kiali").data["config.yaml"]) as Resource;

  test.each(["current", "1.7"] as const)("of Istio %s needs no login and so no signing key", (line) => {
    expect(config(line)).toMatchObject({
      auth: { strategy: "anonymous" },
      server: { port: 20001, web_root: "/kiali" },
      external_services: { prometheus: { url: "http://prometheus:9090" } },
    });
    expect(config(line)).not.toHaveProperty("login_token");
  });

  test("of 1.7 has the settings that its version reads", () => {
    expect(config("1.7")).toMatchObject({
      deployment: { accessible_namespaces: ["**"] },
      external_services: { istio: { url_service_version: "http://istiod:15014/version" } },
    });
  });

  test("is read-only", () => {
    for (const line of ["current", "1.7"] as const) {
      const { rules } = find(addonsOf(line), "ClusterRole", "kiali-istio-system");
      const verbs = new Set(rules.flatMap((rule: Resource) => rule.verbs));
      expect([...verbs].filter((verb) => !["get", "list", "watch"].includes(verb as string))).toEqual([]);
      expect(JSON.stringify(rules)).not.toContain("secrets");
      // And it reads no logs, in which apps print what they like.
      expect(JSON.stringify(rules)).not.toContain("pods/log");
    }
    expect(config("current").kiali_feature_flags).toEqual({ disabled_features: ["logs-tab"] });
    // Port-forward, which it uses to ask istiod, ends at the namespace.
    expect(find(addonsOf("current"), "Role", "kiali")).toMatchObject({
      metadata: { namespace: "istio-system" },
      rules: [{ resources: ["pods/portforward"], verbs: ["create"] }],
    });
  });

  test("restarts if its configuration changes", () => {
    const checksum = (resources: readonly Resource[]) =>
      find(resources, "Deployment", "kiali").spec.template.metadata.annotations["checksum/config"];
    const other = mesh().clusters[0]!.name;
    expect(checksum(manifests(mesh(), other))).toBe(checksum(manifests(mesh("name: shop\n"), other)));
    expect(checksum(addonsOf("current"))).not.toBe(checksum(addonsOf("1.7")));
  });

  test("of 1.7 finds the CRD of its dashboards in an earlier file", () => {
    const resources = addonsOf("1.7");
    const at = (kind: string) => resources.findIndex((resource) => resource.kind === kind);
    expect(at("CustomResourceDefinition")).toBe(0);
    expect(at("MonitoringDashboard")).toBeGreaterThan(0);
    const crd = resources[0];
    expect(crd).toMatchObject({
      metadata: { name: "monitoringdashboards.monitoring.kiali.io" },
      spec: {
        scope: "Namespaced",
        versions: [
          { name: "v1alpha1", schema: { openAPIV3Schema: { "x-kubernetes-preserve-unknown-fields": true } } },
        ],
      },
    });
    expect(addonsOf("current").some(({ kind }) => kind === "CustomResourceDefinition")).toBe(false);
  });
});
