import { dump } from "js-yaml";
import { operatorFiles } from "../../k8s/bundle";
import { defaultIstioLine } from "../../mesh/istio-lines";
import { fixtureMesh } from "../fixtures";
import { changedObjects, describeWithIstioctl, environment, portsOf } from "./istioctl";
import { address, find, mesh, operator, type Resource, referenceMeshes } from "./render";

jest.setTimeout(60_000);

const { id, version } = defaultIstioLine;
const primary = "istio/istio.yaml";
const controlPlane = "istio/control-plane.yaml";
const gateway = "istio/eastwest-gateway.yaml";
const gatewaysOf = (spec: Resource) => spec.components.ingressGateways.map(({ name }: Resource) => name);

describe("IstioOperators", () => {
  test("pin images: the line's own, or those of mesh.yaml", () => {
    const own = mesh(`istio: { version: ${id}.0, hub: registry.example/istio, pullSecrets: [ours] }\n`);
    for (const [cluster, file] of [
      ["main0", primary],
      ["remote0", controlPlane],
      ["remote0", gateway],
    ] as const) {
      expect(operator(mesh(), cluster, file).spec).toMatchObject({
        hub: "docker.io/istio",
        tag: version,
      });
      expect(operator(mesh(), cluster, file).spec.values.global).not.toHaveProperty("imagePullSecrets");
      expect(operator(own, cluster, file).spec).toMatchObject({
        hub: "registry.example/istio",
        tag: `${id}.0`,
        values: { global: { imagePullSecrets: ["ours"] } },
      });
    }
    expect(operator(mesh('istio: { line: "1.30" }\n'), "main0", primary).spec.tag).toBe("1.30.5");
  });

  test("of one cluster have different names: istioctl removes what an earlier file of the same name installed", () => {
    expect(operator(mesh(), "remote0", controlPlane).metadata.name).not.toBe(
      operator(mesh(), "remote0", gateway).metadata.name,
    );
  });

  test("of the primary include the ingress gateway only if gateways.ingress is true", () => {
    expect(gatewaysOf(operator(mesh(), "main0", primary).spec)).toEqual([
      "istio-eastwestgateway",
      "istio-ingressgateway",
    ]);
    expect(gatewaysOf(operator(mesh("gateways: { ingress: false }\n"), "main0", primary).spec)).toEqual([
      "istio-eastwestgateway",
    ]);
  });

  test("of a remote lead to the primary, by address or host name", () => {
    const { spec } = operator(mesh(), "remote0", controlPlane, {
      addresses: { main0: "gateway.example.com" },
    });
    expect(spec).toMatchObject({
      profile: "remote",
      values: {
        istiodRemote: { injectionPath: "/inject/cluster/remote0/net/network2" },
        global: { remotePilotAddress: "gateway.example.com" },
      },
    });
  });
});

describe("the gateway's load balancer", () => {
  const of = (text: string, cluster: string, file: string) =>
    operator(mesh(text), cluster, file).spec.components.ingressGateways[0].k8s;
  const azure = "service.beta.kubernetes.io";

  test("is asked for the gateway's readiness at every port", () => {
    const { serviceAnnotations } = of("", "main0", primary);
    for (const port of [15021, 15443, 15012, 15017]) {
      expect(serviceAnnotations).toMatchObject({
        [`${azure}/port_${port}_health-probe_port`]: "15021",
        [`${azure}/port_${port}_health-probe_protocol`]: "Http",
        [`${azure}/port_${port}_health-probe_request-path`]: "/healthz/ready",
      });
    }
    expect(Object.keys(serviceAnnotations)).toHaveLength(12);
  });

  test("allows the source ranges of mesh.yaml, in every cluster", () => {
    const text = "gateways: { allowedSourceRanges: [203.0.113.0/24] }\n";
    for (const [cluster, file] of [
      ["main0", primary],
      ["remote0", gateway],
    ] as const) {
      expect(of(text, cluster, file).service.loadBalancerSourceRanges).toEqual(["203.0.113.0/24"]);
      expect(of("", cluster, file).service).not.toHaveProperty("loadBalancerSourceRanges");
    }
  });

  test("is internal in every cluster, or in none", () => {
    const internal = `${azure}/azure-load-balancer-internal`;
    for (const [cluster, file] of [
      ["main0", primary],
      ["remote0", gateway],
    ] as const) {
      expect(of("gateways: { internal: true }\n", cluster, file).serviceAnnotations[internal]).toBe("true");
      expect(of("", cluster, file).serviceAnnotations).not.toHaveProperty([internal]);
    }
  });

  test("takes the static address that Terraform makes, on the primary alone", () => {
    const shop = fixtureMesh("three-clusters");
    const annotations = (cluster: string, file: string) =>
      operator(shop, cluster, file).spec.components.ingressGateways[0].k8s.serviceAnnotations;
    expect(annotations("hub", primary)).toMatchObject({
      [`${azure}/azure-load-balancer-resource-group`]: "rg-shop-westeurope",
      [`${azure}/azure-pip-name`]: "aks-shop-hub-gateway",
    });
    expect(Object.keys(annotations("north", gateway)).join()).not.toContain("azure-pip-name");
  });
});

describeWithIstioctl("current", (rendered, ofOperator) => {
  const find0 = (kind: string, name: string, ...props: Parameters<typeof rendered>) =>
    find(rendered(...props), kind, name);

  test("renders a primary that is istiod to others, with both gateways", () => {
    const resources = rendered(mesh(), "main0", primary);
    expect(environment(find(resources, "Deployment", "istiod"))).toMatchObject({
      EXTERNAL_ISTIOD: "true",
      CLUSTER_ID: "main0",
    });
    expect(find(resources, "Deployment", "istiod").spec.template.spec.containers[0].image).toBe(
      `docker.io/istio/pilot:${version}`,
    );
    expect(portsOf(find(resources, "Service", "istio-eastwestgateway"))).toEqual([
      15021, 15443, 15012, 15017,
    ]);
    expect(portsOf(find(resources, "Service", "istio-ingressgateway"))).toEqual([15021, 80, 443]);
    expect(find(resources, "ConfigMap", "values")).toBeDefined();
  });

  test("renders no object of the kinds that its CRDs bring: they may come later than the rest", () => {
    const resources = [
      rendered(mesh(), "main0", primary),
      rendered(mesh(), "remote0", controlPlane),
      rendered(mesh(), "remote0", gateway),
    ].flat();
    expect(resources.filter(({ apiVersion }) => /istio\.io\//.test(apiVersion))).toEqual([]);
    expect(defaultIstioLine.crdsMayComeLater).toBe(true);
  });

  test("renders a remote without the address as a subset of the same remote with the address, except an annotation", () => {
    const of = mesh();
    const [row] = operatorFiles(of, of.remotes[0]!);
    const before = ofOperator(dump(row!.make(of, of.remotes[0]!, "")));
    expect(before.length).toBeGreaterThan(10);
    // `values` records what the charts were given.
    expect(changedObjects(before, rendered(of, "remote0", controlPlane))).toEqual(["ConfigMap values"]);
    expect(of.istio.line.remotesMayComeBeforeAddress).toBe(true);
  });

  test("renders an east-west gateway that belongs to its network, the same in every cluster", () => {
    for (const [cluster, file, network] of [
      ["main0", primary, "network1"],
      ["remote0", gateway, "network2"],
    ] as const) {
      const resources = rendered(mesh(), cluster, file);
      const service = find(resources, "Service", "istio-eastwestgateway");
      const deployment = find(resources, "Deployment", "istio-eastwestgateway");
      expect(service.metadata.labels).toMatchObject({
        istio: "eastwestgateway",
        app: "istio-eastwestgateway",
        "topology.istio.io/network": network,
      });
      expect(service.spec.type).toBe("LoadBalancer");
      // With one Azure would probe `/`, which no gateway answers.
      expect(JSON.stringify(service.spec.ports)).not.toContain("appProtocol");
      expect(environment(deployment).ISTIO_META_REQUESTED_NETWORK_VIEW).toBe(network);
      expect(deployment.spec.template.metadata.annotations["inject.istio.io/templates"]).toBe("gateway");
      expect(deployment.spec.template.spec.containers[0].image).toBe("auto");
    }
  });

  test("renders a remote without istiod, whose istiod Service points to the primary's gateway", () => {
    const resources = rendered(mesh(), "remote0", controlPlane);
    const kinds = new Set(resources.map(({ kind }) => kind));
    expect(kinds).not.toContain("Deployment");
    expect(find(resources, "Service", "istiod").spec).not.toHaveProperty("selector");
    const slice = resources.find(({ kind }) => kind === "EndpointSlice");
    expect(slice.endpoints[0].addresses).toEqual([address]);
    const webhook = resources.find(({ kind }) => kind === "MutatingWebhookConfiguration");
    expect(webhook.webhooks[0].clientConfig.service.path).toBe("/inject/cluster/remote0/net/network2");
    const byName = { addresses: { main0: "gateway.example.com" } };
    expect(find0("Service", "istiod", mesh(), "remote0", controlPlane, byName).spec.externalName).toBe(
      "gateway.example.com",
    );
  });

  test("renders two pods of istiod and of each gateway on AKS, with budgets, and one elsewhere, without", () => {
    const named = (resources: readonly Resource[], kind: string) =>
      resources
        .filter((resource) => resource.kind === kind)
        .map(({ metadata, spec }) => [metadata.name, spec]);
    const aks = rendered(referenceMeshes.current(), "main0", primary);
    expect(
      Object.fromEntries(
        named(aks, "HorizontalPodAutoscaler").map(([name, spec]) => [name, spec.minReplicas]),
      ),
    ).toEqual({ istiod: 2, "istio-eastwestgateway": 2, "istio-ingressgateway": 2 });
    expect(named(aks, "PodDisruptionBudget")).toHaveLength(3);
    expect(
      named(rendered(referenceMeshes.current(), "remote0", gateway), "PodDisruptionBudget"),
    ).toHaveLength(1);
    expect(named(rendered(mesh(), "main0", primary), "PodDisruptionBudget")).toEqual([]);
  });

  test("restricts every gateway as mesh.yaml says, the ingress gateway too, and sets the static address", () => {
    const internal = "service.beta.kubernetes.io/azure-load-balancer-internal";
    const gateways = (more: string) =>
      (
        [
          ["main0", primary, "istio-eastwestgateway"],
          ["main0", primary, "istio-ingressgateway"],
          ["remote0", gateway, "istio-eastwestgateway"],
        ] as const
      ).map(([cluster, file, name]) => find0("Service", name, mesh(more), cluster, file));
    const closed = gateways("gateways: { internal: true, allowedSourceRanges: [203.0.113.0/24] }\n");
    for (const { spec, metadata } of closed) {
      expect(spec.loadBalancerSourceRanges).toEqual(["203.0.113.0/24"]);
      expect(metadata.annotations[internal]).toBe("true");
    }
    for (const { spec, metadata } of gateways("")) {
      expect(spec).not.toHaveProperty("loadBalancerSourceRanges");
      expect(metadata.annotations).not.toHaveProperty([internal]);
    }
    const shop = fixtureMesh("three-clusters");
    const withAddress = rendered(shop, "hub", primary)
      .filter(
        ({ kind, metadata }) => kind === "Service" && JSON.stringify(metadata).includes("azure-pip-name"),
      )
      .map(({ metadata }) => metadata.name);
    expect(withAddress).toEqual(["istio-eastwestgateway"]);
  });

  test("has Azure ask the ingress gateway's readiness at exactly the ports of its Service", () => {
    const service = find0("Service", "istio-ingressgateway", mesh(), "main0", primary);
    const probed = Object.keys(service.metadata.annotations).flatMap(
      (name) => /port_(\d+)_health-probe_port/.exec(name)?.[1] ?? [],
    );
    expect(new Set(probed.map(Number))).toEqual(new Set(portsOf(service)));
    expect(JSON.stringify(service.spec.ports)).not.toContain("appProtocol");
  });

  test("spreads the pods of istiod and of each gateway over the nodes where there are two of each", () => {
    const spread = (resources: readonly Resource[]) =>
      resources
        .filter(({ kind }) => kind === "Deployment")
        .map(({ metadata, spec }) => {
          const { topologySpreadConstraints = [] } = spec.template.spec;
          for (const { topologyKey, whenUnsatisfiable, labelSelector } of topologySpreadConstraints) {
            expect([topologyKey, whenUnsatisfiable]).toEqual(["kubernetes.io/hostname", "ScheduleAnyway"]);
            // It counts these very pods.
            expect(spec.template.metadata.labels).toMatchObject(labelSelector.matchLabels);
          }
          return [metadata.name, topologySpreadConstraints.length];
        });
    const aks = referenceMeshes.current();
    expect(Object.fromEntries(spread(rendered(aks, "main0", primary)))).toEqual({
      istiod: 1,
      "istio-eastwestgateway": 1,
      "istio-ingressgateway": 1,
    });
    expect(spread(rendered(aks, "remote0", gateway))).toEqual([["istio-eastwestgateway", 1]]);
    expect(spread(rendered(mesh(), "main0", primary)).every(([, count]) => count === 0)).toBe(true);
  });
});
