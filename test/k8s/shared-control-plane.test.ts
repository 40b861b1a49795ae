import { dump, load } from "js-yaml";
import { operatorFiles } from "../../k8s/bundle";
import { fixtureMesh } from "../fixtures";
import { changedObjects, describeWithIstioctl, environment, portsOf } from "./istioctl";
import { address, find, operator, type Resource, referenceMeshes } from "./render";

jest.setTimeout(60_000);

const mesh = referenceMeshes["1.7"]();
const file = "istio/istio.yaml";

test("the main cluster's IstioOperator is the walk-through's, with the images pinned", () => {
  const gateways = [
    { registry_service_name: "istio-ingressgateway.istio-system.svc.cluster.local", port: 443 },
  ];
  expect(operator(mesh, "main0", file)).toEqual({
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    spec: {
      hub: "docker.io/istio",
      tag: "1.7.3",
      values: {
        global: {
          multiCluster: { clusterName: "main0" },
          network: "network1",
          meshNetworks: {
            network1: { endpoints: [{ fromRegistry: "main0" }], gateways },
            network2: { endpoints: [{ fromRegistry: "remote0" }], gateways },
          },
          meshExpansion: { enabled: true },
        },
      },
    },
  });
});

test("the remote cluster's IstioOperator is the walk-through's, with the address found", () => {
  expect(operator(mesh, "remote0", file).spec.values).toEqual({
    global: {
      multiCluster: { clusterName: "remote0" },
      network: "network2",
      remotePilotAddress: address,
    },
  });
});

test("what mesh.yaml says of gateways and images beyond the walk-through is added", () => {
  const more = fixtureMesh("istio-1.7", (text) =>
    text
      .replace('line: "1.7"', 'line: "1.7"\n  pullSecrets: [ours]')
      .concat("\ngateways: { address: static, internal: false, allowedSourceRanges: [203.0.113.0/24] }\n"),
  );
  expect(operator(more, "main0", file).spec.values).toMatchObject({
    gateways: {
      "istio-ingressgateway": {
        loadBalancerSourceRanges: ["203.0.113.0/24"],
        serviceAnnotations: {
          "service.beta.kubernetes.io/azure-pip-name": "aks-istiodemo-main-centralus-gateway",
        },
      },
    },
    global: { imagePullSecrets: ["ours"] },
  });
});

describeWithIstioctl("1.7", (rendered, ofOperator) => {
  const main = () => rendered(mesh, "main0", file);
  const remote = () => rendered(mesh, "remote0", file);
  const configOf = (resources: readonly Resource[], key: string) =>
    load(find(resources, "ConfigMap", "istio").data[key]) as Resource;

  test("renders a main cluster whose ingress gateway takes istiod's clients and knows every network", () => {
    const resources = main();
    expect(portsOf(find(resources, "Service", "istio-ingressgateway"))).toEqual([
      15021, 80, 443, 15443, 15012, 853,
    ]);
    for (const [kind, name] of [
      ["Gateway", "meshexpansion-gateway"],
      ["VirtualService", "meshexpansion-vs-istiod"],
      ["DestinationRule", "meshexpansion-dr-istiod"],
    ] as const) {
      expect(find(resources, kind, name)).toBeDefined();
    }
    expect(configOf(resources, "meshNetworks")).toEqual({
      networks: operator(mesh, "main0", file).spec.values.global.meshNetworks,
    });
  });

  test("renders a remote cluster that gets its configuration from the address and certificates at home", () => {
    const resources = remote();
    expect(find(resources, "Endpoints", "istiod-remote").subsets).toEqual([
      { addresses: [{ ip: address }], ports: [{ name: "tcp-istiod", port: 15012 }] },
    ]);
    expect(find(resources, "Service", "istiod-remote").spec.clusterIP).toBe("None");
    expect(configOf(resources, "mesh").defaultConfig.discoveryAddress).toBe(
      "istiod-remote.istio-system.svc:15012",
    );
    expect(configOf(resources, "meshNetworks")).toEqual({ networks: {} });
    expect(portsOf(find(resources, "Service", "istio-ingressgateway"))).toEqual([15021, 80, 443, 15443]);
    expect(environment(find(resources, "Deployment", "istio-ingressgateway")).CA_ADDR).toBe(
      "istiod.istio-system.svc:15012",
    );
  });

  test("renders objects of the kinds that its CRDs bring: they have to come first", () => {
    for (const resources of [main(), remote()])
      expect(resources.filter(({ apiVersion }) => /istio\.io\//.test(apiVersion))).not.toEqual([]);
    expect(mesh.istio.line.crdsMayComeLater).toBe(false);
  });

  test("renders a remote without the address that leads its pods elsewhere: it has to wait", () => {
    const [row] = operatorFiles(mesh, mesh.remotes[0]!);
    const before = ofOperator(dump(row!.make(mesh, mesh.remotes[0]!, "")));
    expect(changedObjects(before, remote())).toContain("ConfigMap istio");
    expect(configOf(before, "mesh").defaultConfig.discoveryAddress).toBe("istiod.istio-system.svc:15012");
    expect(mesh.istio.line.remotesMayComeBeforeAddress).toBe(false);
  });

  test("renders an istiod in each, and gateways that know their cluster and network", () => {
    for (const [resources, cluster, network] of [
      [main(), "main0", "network1"],
      [remote(), "remote0", "network2"],
    ] as const) {
      const istiod = find(resources, "Deployment", "istiod");
      expect(istiod.spec.template.spec.containers[0].image).toBe("docker.io/istio/pilot:1.7.3");
      expect(istiod.spec.template.spec.volumes).toContainEqual({
        name: "cacerts",
        secret: { secretName: "cacerts", optional: true },
      });
      expect(environment(find(resources, "Deployment", "istio-ingressgateway"))).toMatchObject({
        ISTIO_META_CLUSTER_ID: cluster,
        ISTIO_META_NETWORK: network,
        ISTIO_META_MESH_ID: "cluster.local",
      });
    }
  });

  test("renders the ingress gateways, through which clusters reach each other, as closed as mesh.yaml has them", () => {
    const closed = fixtureMesh("istio-1.7", (text) =>
      text
        .replace(/^azure:\n(?: .*\n)+/m, "")
        .replaceAll(/^( +)aks:/gm, "$1context:")
        .concat("\ngateways: { internal: true, allowedSourceRanges: [203.0.113.0/24] }\n"),
    );
    for (const cluster of ["main0", "remote0"]) {
      const service = find(rendered(closed, cluster, file), "Service", "istio-ingressgateway");
      expect(service.spec.loadBalancerSourceRanges).toEqual(["203.0.113.0/24"]);
      expect(service.metadata.annotations).toMatchObject({
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
      });
    }
  });
});
