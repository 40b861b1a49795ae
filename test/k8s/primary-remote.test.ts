import { dump } from "js-yaml";
import { operatorFiles } from "../../k8s/bundle";
import { cniName } from "../../k8s/istio-names";
import { defaultIstioLine } from "../../mesh/istio-lines";
import type { Mesh } from "../../mesh/mesh";
import { isOfGateway } from "../../ops/exec/istioctl";
import { objectId } from "../../ops/exec/kubernetes-object";
import { fixtureMesh } from "../fixtures";
import { changedObjects, describeWithIstioctl, environment, portsOf } from "./istioctl";
import { address, find, manifests, mesh, operator, type Resource, referenceMeshes } from "./render";

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

  test("spreads the pods of istiod and of each gateway over zones and nodes where there are two of each", () => {
    const keys = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];
    const spread = (resources: readonly Resource[]) =>
      resources
        .filter(({ kind }) => kind === "Deployment")
        .map(({ metadata, spec }) => {
          const { topologySpreadConstraints = [] } = spec.template.spec;
          for (const { whenUnsatisfiable, labelSelector, maxSkew } of topologySpreadConstraints) {
            expect([whenUnsatisfiable, maxSkew]).toEqual(["ScheduleAnyway", 1]);
            // It counts these very pods.
            expect(spec.template.metadata.labels).toMatchObject(labelSelector.matchLabels);
          }
          return [
            metadata.name,
            topologySpreadConstraints.map(({ topologyKey }: Resource) => topologyKey),
          ] as const;
        });
    const aks = referenceMeshes.current();
    expect(Object.fromEntries(spread(rendered(aks, "main0", primary)))).toEqual({
      istiod: keys,
      "istio-eastwestgateway": keys,
      "istio-ingressgateway": keys,
    });
    expect(spread(rendered(aks, "remote0", gateway))).toEqual([["istio-eastwestgateway", keys]]);
    expect(spread(rendered(mesh(), "main0", primary)).every(([, found]) => found.length === 0)).toBe(true);
  });

  describe("with istio-cni", () => {
    const withCni = mesh("istio: { cni: true }\n");
    const parts = [
      ["main0", primary],
      ["remote0", controlPlane],
    ] as const;
    const added = (cluster: string, file: string) => {
      const before = rendered(mesh(), cluster, file).map(objectId);
      return rendered(withCni, cluster, file).filter((object) => !before.includes(objectId(object)));
    };

    test.each(parts)("adds the node agent and its rights to %s, and nothing else", (cluster, file) => {
      expect(added(cluster, file).map(objectId).sort()).toEqual([
        "ClusterRole.rbac.authorization.k8s.io//istio-cni",
        "ClusterRole.rbac.authorization.k8s.io//istio-cni-repair-role",
        "ClusterRoleBinding.rbac.authorization.k8s.io//istio-cni",
        "ClusterRoleBinding.rbac.authorization.k8s.io//istio-cni-repair-rolebinding",
        "ConfigMap./istio-system/istio-cni-config",
        "DaemonSet.apps/istio-system/istio-cni-node",
        "ServiceAccount./istio-system/istio-cni",
      ]);
      const { spec } = find(added(cluster, file), "DaemonSet", cniName).spec.template;
      expect(spec.containers.map(({ image }: Resource) => image)).toEqual([
        `docker.io/istio/install-cni:${version}`,
      ]);
      // A GitOps tool applies it with the control plane, before the gateways.
      expect(added(cluster, file).filter(isOfGateway)).toEqual([]);
      // The default folders are AKS's own.
      expect(spec.volumes.map(({ hostPath }: Resource) => hostPath.path)).toEqual(
        expect.arrayContaining(["/opt/cni/bin", "/etc/cni/net.d"]),
      );
      expect(spec.containers[0].resources.requests).toEqual(withCni.istio.line.requests.cni);
    });

    test("adds nothing to a remote's gateway", () => {
      expect(rendered(withCni, "remote0", gateway)).toEqual(rendered(mesh(), "remote0", gateway));
    });

    test("injects istio-validation, which needs no capability, in place of istio-init", () => {
      const cniOf = (of: Mesh) => {
        const injector = find(rendered(of, "main0", primary), "ConfigMap", "istio-sidecar-injector");
        // The template of the init container reads this one value.
        expect(injector.data.config).toContain("if .Values.pilot.cni.enabled");
        return JSON.parse(injector.data.values).pilot.cni.enabled;
      };
      expect([cniOf(withCni), cniOf(mesh())]).toEqual([true, false]);
    });

    test("renders a remote without the address as a subset of the same remote with the address", () => {
      const [remote] = withCni.remotes;
      const [row] = operatorFiles(withCni, remote!);
      const before = ofOperator(dump(row!.make(withCni, remote!, "")));
      expect(find(before, "DaemonSet", cniName)).toBeDefined();
      expect(changedObjects(before, rendered(withCni, "remote0", controlPlane))).toEqual([
        "ConfigMap values",
      ]);
    });
  });

  describe("with NetworkPolicies", () => {
    const closed = mesh("istio: { cni: true, networkPolicy: true }\n");
    const parts = [
      ["main0", primary],
      ["remote0", controlPlane],
      ["remote0", gateway],
    ] as const;
    const policies = (of: Mesh, cluster: string, file: string) =>
      rendered(of, cluster, file).filter(({ kind }) => kind === "NetworkPolicy");
    const admitted = ({ spec }: Resource): number[] => [
      ...new Set<number>(
        spec.ingress.flatMap(({ from, ports }: Resource) => {
          // From every source: load balancer, API server and other clusters have many addresses.
          expect(from).toBeUndefined();
          return ports.map(({ port }: Resource) => port);
        }),
      ),
    ];

    test("has them only if mesh.yaml says so", () => {
      for (const [cluster, file] of parts)
        expect(policies(mesh("istio: { cni: true }\n"), cluster, file)).toEqual([]);
    });

    test("admits to each pod of the primary the ports that it serves, and leaves egress open", () => {
      const found = policies(closed, "main0", primary);
      expect(Object.fromEntries(found.map((one) => [one.metadata.name, admitted(one)]))).toEqual({
        istiod: [15017, 15010, 15011, 15012, 8080, 15014],
        "istio-cni": [15014, 8000],
        "istio-eastwestgateway": [15021, 15020, 15090, 15443, 15012, 15017],
        "istio-ingressgateway": [15021, 15020, 15090, 8080, 8443],
      });
      for (const { spec } of found) expect(spec.egress).toEqual([{}]);
    });

    test.each(parts)(
      "selects pods of its own, whose Service and probes it admits: %s %s",
      (cluster, file) => {
        const resources = rendered(closed, cluster, file);
        const named = (kind: string) => resources.filter((one) => one.kind === kind);
        const templates = [...named("Deployment"), ...named("DaemonSet")].map(({ spec }) => spec.template);
        for (const template of templates) {
          const { labels } = template.metadata;
          const isSelected = (selector: object) =>
            Object.entries(selector).every(([key, value]) => labels[key] === value);
          const policy = named("NetworkPolicy").find(({ spec }) => isSelected(spec.podSelector.matchLabels));
          const ports = admitted(policy);
          const service = named("Service").find(({ spec }) => spec.selector && isSelected(spec.selector));
          for (const { port, targetPort = port } of service?.spec.ports ?? [])
            expect(ports).toContain(targetPort);
          for (const { readinessProbe } of template.spec.containers)
            expect(ports).toContain(readinessProbe.httpGet.port);
          const scraped = template.metadata.annotations["prometheus.io/port"];
          if (scraped) expect(ports).toContain(Number(scraped));
        }
      },
    );

    test("admits the same on the gateway of a remote", () => {
      expect(policies(closed, "remote0", gateway).map(admitted)).toEqual([
        [15021, 15020, 15090, 15443, 15012, 15017],
      ]);
    });
  });

  test("has budgets that let a node drain: each Deployment with one runs more pods than it must keep", () => {
    const production = referenceMeshes.current();
    for (const [cluster, file] of [
      ["main0", primary],
      ["remote0", gateway],
    ] as const) {
      const resources = rendered(production, cluster, file);
      const budgets = resources.filter(({ kind }) => kind === "PodDisruptionBudget");
      expect(budgets).not.toEqual([]);
      for (const { spec } of budgets) {
        const { minAvailable, selector } = spec;
        const [deployment] = resources.filter(
          ({ kind, spec: { template } = {} as Resource }) =>
            kind === "Deployment" &&
            Object.entries(selector.matchLabels).every(
              ([key, value]) => template.metadata.labels[key] === value,
            ),
        );
        const scaler = resources.find(
          (one) =>
            one.kind === "HorizontalPodAutoscaler" &&
            one.spec.scaleTargetRef.name === deployment.metadata.name,
        );
        // The autoscaler counts, not the Deployment: it sets the number at once.
        expect(scaler.spec.minReplicas).toBeGreaterThan(minAvailable);
        expect(scaler.spec.maxReplicas).toBeGreaterThanOrEqual(scaler.spec.minReplicas);
        expect(spec).not.toHaveProperty("maxUnavailable");
      }
    }
  });

  test("keeps off the system pool's taint, except the node agent, which every node needs", () => {
    const everything = mesh("istio: { cni: true, networkPolicy: true }\n");
    const all = [
      rendered(everything, "main0", primary),
      rendered(everything, "remote0", controlPlane),
      rendered(everything, "remote0", gateway),
      manifests(everything, "main0"),
      manifests(everything, "remote0"),
    ].flat();
    const taint = { key: "CriticalAddonsOnly", value: "true", effect: "NoSchedule" };
    const tolerates = ({ key, operator = "Equal", value, effect }: Resource) =>
      (key === undefined ? operator === "Exists" : key === taint.key) &&
      (operator === "Exists" || value === taint.value) &&
      (effect === undefined || effect === taint.effect);
    const workloads = all.filter(({ spec }) => spec?.template?.spec?.containers);
    expect(workloads.length).toBeGreaterThan(6);
    const tolerant = workloads.filter(({ spec }) => (spec.template.spec.tolerations ?? []).some(tolerates));
    expect([...new Set(tolerant.map(({ kind, metadata }) => `${kind} ${metadata.name}`))]).toEqual([
      `DaemonSet ${cniName}`,
    ]);
  });
});
