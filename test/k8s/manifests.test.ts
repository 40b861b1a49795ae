import { fixtureMesh } from "../fixtures";
import { CrdSchemas } from "./crd-schemas";
import { find, manifests, mesh, type Resource, referenceMeshes } from "./render";

const containersOf = (resource: Resource): Resource[] => resource.spec.template.spec.containers;
/** The reference meshes' clusters, by a name for the test: `Istio 1.7, main0`. */
const everyCluster = Object.entries(referenceMeshes).flatMap(([line, reference]) =>
  reference().clusters.map(
    ({ name }) => [`Istio ${line}, ${name}`, () => manifests(reference(), name)] as const,
  ),
);
const everyManifest = () => everyCluster.flatMap(([, resources]) => resources());
const idOf = ({ kind, metadata }: Resource) => `${kind} ${metadata.namespace}/${metadata.name}`;
/** Deployment and container. */
const everyContainer = everyCluster.flatMap(([cluster, resources]) =>
  resources()
    .filter(({ kind }) => kind === "Deployment")
    .flatMap((deployment) =>
      containersOf(deployment).map(
        (container) => [`${cluster}, ${deployment.metadata.name}/${container.name}`, container] as const,
      ),
    ),
);
const named = (resources: readonly Resource[], kind: string) =>
  resources.filter((resource) => resource.kind === kind).map(({ metadata }) => metadata.name);

describe("Istio's CRDs", () => {
  const crds = {
    current: new CrdSchemas("istio-networking-1.31.yaml"),
    "1.7": new CrdSchemas("istio-networking-1.7.3.yaml"),
  };

  test.each(["current", "1.7"] as const)("of %s know every field of the line's manifests", (line) => {
    const judged = referenceMeshes[line]()
      .clusters.flatMap(({ name }) => manifests(referenceMeshes[line](), name))
      .map((resource) => ({ kind: resource.kind, problems: crds[line].problemsOf(resource) }))
      .filter(({ problems }) => problems !== undefined);
    expect(judged.filter(({ problems }) => problems!.length > 0)).toEqual([]);
    expect(new Set(judged.map(({ kind }) => kind))).toEqual(
      new Set(["Gateway", "DestinationRule", "VirtualService"]),
    );
    // Nothing of Istio's passed unseen, in a version that the CRDs do not serve.
    const istios = referenceMeshes[line]()
      .clusters.flatMap(({ name }) => manifests(referenceMeshes[line](), name))
      .filter(({ apiVersion }) => apiVersion.includes("istio.io"));
    expect(judged).toHaveLength(istios.length);
  });

  test("find a field that they do not know, a wrong type and a missing field", () => {
    const gateway = () => structuredClone(find(manifests(mesh(), "main0"), "Gateway", "istiod-gateway"));
    const unknown = gateway();
    unknown.spec.servers[0].tls.moode = "PASSTHROUGH";
    const wrong = gateway();
    wrong.spec.servers[0].port.number = "15012";
    const missing = gateway();
    delete missing.spec.servers[0].hosts;
    expect(crds.current.problemsOf(unknown)).toHaveLength(1);
    expect(crds.current.problemsOf(wrong)).toHaveLength(1);
    expect(crds.current.problemsOf(missing)).toHaveLength(1);
    expect(crds.current.problemsOf(gateway())).toEqual([]);
  });
});

describe("every resource", () => {
  test.each(everyCluster)("has owner labels: %s", (_, resources) => {
    for (const resource of resources()) {
      expect([idOf(resource), resource.metadata.labels]).toEqual([
        idOf(resource),
        expect.objectContaining({
          "app.kubernetes.io/managed-by": "mesh",
          "app.kubernetes.io/part-of": "mesh1",
        }),
      ]);
    }
  });

  test("has the mesh's own name in its owner labels", () => {
    const [resource] = manifests(mesh("name: shop\n"), "main0");
    expect(resource.metadata.labels["app.kubernetes.io/part-of"]).toBe("shop");
  });

  test.each(everyCluster)("names its namespace unless it is cluster-wide: %s", (_, resources) => {
    const clusterWide = ["Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"];
    for (const resource of resources()) {
      expect([idOf(resource), resource.metadata.namespace === undefined]).toEqual([
        idOf(resource),
        clusterWide.includes(resource.kind),
      ]);
    }
  });

  test.each(everyCluster)("occurs only once: %s", (_, resources) => {
    const ids = resources().map(idOf);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test.each(everyCluster)("has no field without a value: %s", (_, resources) => {
    const empty = resources().filter((resource) =>
      /null|\[\]|"annotations":\{\}/.test(JSON.stringify(resource)),
    );
    expect(empty).toEqual([]);
  });

  test("is of a kind of which kubectl apply can tell that nothing changed", () => {
    // kubectl's patch always holds a PodDisruptionBudget's selector, whose patch strategy is to replace.
    expect(named(everyManifest(), "PodDisruptionBudget")).toEqual([]);
    const secrets = everyManifest().filter(({ kind }) => kind === "Secret");
    expect(secrets.filter((secret) => "stringData" in secret)).toEqual([]);
  });
});

describe("every container", () => {
  const deployments = () => everyManifest().filter(({ kind }) => kind === "Deployment");

  test("has an image whose tag says which, in every line and cluster", () => {
    const meshes = [
      ...Object.values(referenceMeshes).map((make) => make()),
      mesh('istio: { line: "1.30" }\n'),
    ];
    const images = meshes.flatMap((of) =>
      of.clusters
        .flatMap(({ name }) => manifests(of, name))
        .filter(({ kind }) => kind === "Deployment")
        .flatMap(containersOf)
        .map(({ image }) => image),
    );
    expect(
      images.filter((image) => !/^[^:@]+\/[^:@/]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image)),
    ).toEqual([]);
    expect(new Set(images)).toContain("docker.io/istio/examples-helloworld-v1:1.0");
  });

  test("of helloworld comes from the hub of mesh.yaml, with Istio's own; the others stay where they are", () => {
    const imagesOf = (more: string) =>
      ["main0", "remote0"]
        .flatMap((cluster) => manifests(mesh(more), cluster))
        .filter(({ kind }) => kind === "Deployment")
        .flatMap(containersOf)
        .map(({ image }) => image);
    const [own, mirrored] = [imagesOf(""), imagesOf("istio: { hub: registry.example/istio }\n")];
    expect(own).toContain("docker.io/istio/examples-helloworld-v1:1.0");
    expect(mirrored).toEqual(
      own.map((image) => image.replace("docker.io/istio/", "registry.example/istio/")),
    );
    expect(mirrored).toContain("registry.example/istio/examples-helloworld-v2:1.0");
  });

  test.each(everyContainer)("is unprivileged: %s", (_, { securityContext }) => {
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
  });

  test("has a read-only root file system, except Kiali on 1.7, which writes into its image", () => {
    const writing = deployments()
      .flatMap(containersOf)
      .filter(({ securityContext }) => securityContext.readOnlyRootFilesystem !== true)
      .map(({ image }) => image);
    expect(writing).toEqual(["quay.io/kiali/kiali:v1.22"]);
  });

  const ofLine = (line: keyof typeof referenceMeshes) =>
    everyContainer.filter(([name]) => name.startsWith(`Istio ${line},`));

  test.each(ofLine("current"))("has the runtime's seccomp profile: %s", (_, { securityContext }) => {
    expect(securityContext.seccompProfile).toEqual({ type: "RuntimeDefault" });
  });

  // The field came with Kubernetes 1.19: kubectl 1.18 refuses it.
  test.each(ofLine("1.7"))("has no field for the seccomp profile on 1.7: %s", (_, { securityContext }) => {
    expect(securityContext).not.toHaveProperty("seccompProfile");
  });

  test("has the runtime's seccomp profile by annotation on 1.7", () => {
    const profiles = manifests(referenceMeshes["1.7"](), "main0")
      .filter(({ kind }) => kind === "Deployment")
      .map(({ metadata, spec }) => [
        metadata.name,
        spec.template.metadata.annotations?.["seccomp.security.alpha.kubernetes.io/pod"],
      ]);
    expect(profiles.length).toBeGreaterThan(0);
    expect(profiles).toEqual(profiles.map(([name]) => [name, "runtime/default"]));
  });

  test.each(everyContainer)("requests CPU and memory and limits memory: %s", (_, { resources }) => {
    expect(resources).toEqual({
      requests: { cpu: expect.any(String), memory: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
  });

  const serving = everyContainer.filter(([, { ports }]) => ports !== undefined);

  test("with ports is helloworld, Prometheus or Kiali", () => {
    expect(new Set(serving.map(([, { name }]) => name))).toEqual(
      new Set(["helloworld", "prometheus", "kiali"]),
    );
  });

  test.each(serving)("with ports has probes: %s", (_, container) => {
    expect(container).toMatchObject({
      readinessProbe: expect.anything(),
      livenessProbe: expect.anything(),
    });
  });

  test("has no token unless it asks the API server, as Prometheus and Kiali do", () => {
    const withToken = deployments()
      .filter(({ spec }) => spec.template.spec.automountServiceAccountToken !== false)
      .map(({ metadata }) => metadata.name);
    expect(new Set(withToken)).toEqual(new Set(["prometheus", "kiali"]));
  });

  test("uses the pull Secrets of mesh.yaml", () => {
    const deploymentsOf = manifests(mesh("istio: { pullSecrets: [ours] }\n"), "main0").filter(
      ({ kind }) => kind === "Deployment",
    );
    expect(
      deploymentsOf.map(({ metadata, spec }) => [metadata.name, spec.template.spec.imagePullSecrets]),
    ).toEqual(["helloworld-v1", "curl", "prometheus", "kiali"].map((name) => [name, [{ name: "ours" }]]));
  });

  test("is found by its Service", () => {
    for (const reference of Object.values(referenceMeshes)) {
      const resources = manifests(reference(), "main0");
      for (const service of resources.filter(({ kind }) => kind === "Service")) {
        const pods = resources.filter(
          ({ kind, spec }) =>
            kind === "Deployment" &&
            Object.entries(service.spec.selector).every(
              ([label, value]) => spec.template.metadata.labels[label] === value,
            ),
        );
        expect([service.metadata.name, pods.length]).toEqual([service.metadata.name, 1]);
      }
    }
  });
});

describe("namespaces", () => {
  const namespace = (cluster: string, name: string, of = mesh()) =>
    find(manifests(of, cluster), "Namespace", name).metadata;

  test("of Istio name the network, and on remotes the primary", () => {
    expect(namespace("main0", "istio-system").labels["topology.istio.io/network"]).toBe("network1");
    expect(namespace("main0", "istio-system")).not.toHaveProperty("annotations");
    expect(namespace("remote0", "istio-system").labels["topology.istio.io/network"]).toBe("network2");
    expect(namespace("remote0", "istio-system").annotations).toEqual({
      "topology.istio.io/controlPlaneClusters": "main0",
    });
  });

  test("of the sample are injected, in every cluster", () => {
    const of = mesh("sample: { namespace: shop }\n");
    expect(namespace("main0", "shop", of).labels["istio-injection"]).toBe("enabled");
    expect(namespace("remote0", "shop", of).labels["istio-injection"]).toBe("enabled");
  });
});

test("cacerts holds the four files that istiod reads, of this very cluster", () => {
  const { type, data } = find(manifests(mesh(), "remote0"), "Secret", "cacerts");
  const texts = Object.entries<string>(data).map(([file, text]) => [
    file,
    Buffer.from(text, "base64").toString(),
  ]);
  expect(type).toBe("Opaque");
  expect(Object.fromEntries(texts)).toEqual({
    "ca-cert.pem": "the certificate of remote0",
    "ca-key.pem": "the key of remote0",
    "root-cert.pem": "the root",
    "cert-chain.pem": "the chain of remote0",
  });
});

describe("exposure", () => {
  test("is the primary's alone on current lines, everywhere on 1.7", () => {
    expect(named(manifests(mesh(), "main0"), "Gateway")).toEqual(["istiod-gateway", "cross-network-gateway"]);
    expect(named(manifests(mesh(), "remote0"), "Gateway")).toEqual([]);
    for (const cluster of ["main0", "remote0"]) {
      const old = manifests(referenceMeshes["1.7"](), cluster);
      expect(named(old, "Gateway")).toEqual(["cluster-aware-gateway"]);
      expect(find(old, "Gateway", "cluster-aware-gateway")).toMatchObject({
        apiVersion: "networking.istio.io/v1alpha3",
        spec: {
          selector: { istio: "ingressgateway" },
          servers: [
            { port: { number: 443, name: "tls" }, tls: { mode: "AUTO_PASSTHROUGH" }, hosts: ["*.local"] },
          ],
        },
      });
    }
  });

  test("leads 15012 to istiod's own port and 15017 to its webhook, TLS untouched", () => {
    const resources = manifests(mesh(), "main0");
    const gateway = find(resources, "Gateway", "istiod-gateway");
    expect(gateway.spec.servers.map(({ port, tls }: Resource) => [port.number, tls.mode])).toEqual([
      [15012, "PASSTHROUGH"],
      [15017, "PASSTHROUGH"],
    ]);
    const { spec } = find(resources, "VirtualService", "istiod-vs");
    expect(spec.tls.map(({ match, route }: Resource) => [match[0].port, route[0].destination])).toEqual([
      [15012, { host: "istiod.istio-system.svc.cluster.local", port: { number: 15012 } }],
      [15017, { host: "istiod.istio-system.svc.cluster.local", port: { number: 443 } }],
    ]);
  });
});

describe("sample", () => {
  const of = fixtureMesh("three-clusters");

  test("runs each version where mesh.yaml says, its Service and the client everywhere", () => {
    const deployments = (cluster: string) =>
      named(manifests(of, cluster), "Deployment").filter((name: string) => !/kiali|prometheus/.test(name));
    expect(deployments("hub")).toEqual(["helloworld-v1", "curl"]);
    expect(deployments("north")).toEqual(["helloworld-v1", "curl"]);
    expect(deployments("south")).toEqual(["helloworld-v2", "curl"]);
    for (const { name } of of.clusters) {
      expect(named(manifests(of, name), "Service")).toEqual(expect.arrayContaining(["helloworld", "curl"]));
    }
  });

  test("has the labels of upstream's, on the Deployments too", () => {
    const resources = manifests(of, "hub");
    const deployment = find(resources, "Deployment", "helloworld-v1");
    expect(deployment.metadata.labels).toMatchObject({ app: "helloworld", version: "v1" });
    expect(deployment.spec.selector.matchLabels).toEqual({ app: "helloworld", version: "v1" });
    expect(deployment.spec.template.metadata.labels).toEqual({ app: "helloworld", version: "v1" });
    expect(find(resources, "Service", "helloworld")).toMatchObject({
      metadata: { labels: { app: "helloworld", service: "helloworld" } },
      spec: { ports: [{ name: "http", port: 5000 }], selector: { app: "helloworld" } },
    });
  });

  test("has 1.7's client on 1.7", () => {
    const { spec } = find(manifests(referenceMeshes["1.7"](), "remote0"), "Deployment", "sleep");
    expect(spec.template.spec.containers[0]).toMatchObject({
      name: "sleep",
      image: "docker.io/governmentpaas/curl-ssl:terraform-14",
      command: ["/bin/sleep", "3650d"],
    });
  });
});

describe("routing", () => {
  const routing = (more: string, cluster = "main0") =>
    manifests(mesh(more), cluster).filter(
      ({ kind, metadata }) => /Rule|VirtualService/.test(kind) && metadata.namespace === "sample",
    );

  test("is on the primary, where Istio reads it, and nowhere else", () => {
    expect(routing("sample: { weights: { v1: 90, v2: 10 } }\n").map(({ kind }) => kind)).toEqual([
      "DestinationRule",
      "VirtualService",
    ]);
    expect(routing("sample: { weights: { v1: 90, v2: 10 } }\n", "remote0")).toEqual([]);
  });

  test("splits by the weights, each on the subset of its version", () => {
    const [rule, service] = routing("sample: { weights: { v1: 90, v2: 10 } }\n");
    const host = "helloworld.sample.svc.cluster.local";
    expect(rule.spec).toEqual({
      host,
      subsets: [
        { name: "v1", labels: { version: "v1" } },
        { name: "v2", labels: { version: "v2" } },
      ],
    });
    expect(service.spec).toEqual({
      hosts: [host],
      http: [
        {
          route: [
            { destination: { host, subset: "v1", port: { number: 5000 } }, weight: 90 },
            { destination: { host, subset: "v2", port: { number: 5000 } }, weight: 10 },
          ],
        },
      ],
    });
  });

  test("without weights has only subsets: all pods get an equal share", () => {
    expect(routing("").map(({ kind }) => kind)).toEqual(["DestinationRule"]);
  });
});
