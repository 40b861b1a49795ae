import type { Mesh } from "../../../mesh/mesh";
import { describeWithIstioctl } from "../../k8s/istioctl";
import type { Resource } from "../../k8s/render";
import { compose, gatewayAddress, lines, verifyComposed } from "./composed-mesh";

// What the real istioctl of a line renders, in place of what is composed: verify finds in it what it looks for. So the
// composed meshes of the other tests have the form that the real ones have.

jest.setTimeout(60_000);

/** istioctl's input for each cluster. */
const files = {
  current: {
    main0: ["istio/istio.yaml"],
    remote0: ["istio/control-plane.yaml", "istio/eastwest-gateway.yaml"],
  },
  "1.7": { main0: ["istio/istio.yaml"], remote0: ["istio/istio.yaml"] },
} as const;

/** As the object lives in a cluster that has worked on it. */
function alive(object: Resource, mesh: Mesh, cluster: Mesh["primary"], root: string): Resource {
  const { kind, spec } = object;
  if (kind === "Deployment") {
    const replicas = spec.replicas ?? 1;
    const status = { updatedReplicas: replicas, replicas, availableReplicas: replicas };
    return { ...object, spec: { ...spec, replicas }, status };
  }
  if (kind === "DaemonSet") {
    const nodes = { desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2 };
    return { ...object, status: { ...nodes, numberAvailable: 2 } };
  }
  if (kind === "Service" && spec.type === "LoadBalancer") {
    return { ...object, status: { loadBalancer: { ingress: [{ ip: gatewayAddress(mesh, cluster) }] } } };
  }
  if (kind === "MutatingWebhookConfiguration") {
    const caBundle = Buffer.from(root).toString("base64");
    const webhooks = object.webhooks.map((webhook: Resource) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle },
    }));
    return { ...object, webhooks };
  }
  return object;
}

describe.each(["current", "1.7"] as const)("on line %s", (line) => {
  describeWithIstioctl(line, (rendered) => {
    const mesh = lines[line];

    async function withRendered() {
      const composed = await compose(mesh);
      const addresses = { main0: gatewayAddress(mesh, mesh.primary) };
      for (const cluster of mesh.clusters) {
        const objects = files[line][cluster.name as "main0"]
          .flatMap((file) => rendered(mesh, cluster.name, file, { addresses }))
          .map((object) => alive(object, mesh, cluster, composed.ca.root.pem));
        const own = composed.clusters[cluster.name]!;
        const ofKind = (...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind));
        const inPlace = ofKind("Deployment", "DaemonSet", "Service", "EndpointSlice", "Endpoints");
        own.istioSystem = [
          // istioctl renders no pods nor their endpoints, and the addons are the bundle's.
          ...own.istioSystem.filter(
            ({ kind, metadata }) =>
              kind === "Pod" ||
              metadata.labels?.["kubernetes.io/service-name"] ||
              /prometheus|kiali/.test(metadata.name),
          ),
          ...inPlace,
        ];
        own.webhooks = ofKind("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration");
        own.networking = [...own.networking, ...ofKind("Gateway", "VirtualService", "DestinationRule")];
        own.crds = ofKind("CustomResourceDefinition").map(({ metadata }) => metadata.name);
        own.networkPolicies = ofKind("NetworkPolicy");
        const meshConfig = ofKind("ConfigMap").find(({ metadata }) => metadata.name === "istio");
        own.meshConfig = meshConfig;
      }
      return composed;
    }

    test("verify passes on what istioctl renders", async () => {
      const { results } = await verifyComposed(await withRendered());
      expect(
        results
          .filter(({ status }) => status !== "pass")
          .map(({ id, cluster, evidence }) => [id, cluster, evidence].join(" ")),
      ).toEqual([]);
    });

    test("and finds the fault when the remote was rendered for another address", async () => {
      const composed = await withRendered();
      const service = composed.clusters.main0!.istioSystem.find(
        ({ kind, metadata }) => kind === "Service" && metadata.name === mesh.istio.line.gateway.name,
      );
      service.status.loadBalancer.ingress[0].ip = "203.0.113.77";
      const { results } = await verifyComposed(composed);
      expect(results.find(({ status }) => status === "fail")).toMatchObject({
        id: "control-plane.address",
        cluster: "remote0",
        evidence: [expect.stringMatching(/leads to 203\.0\.113\.100; .* is at 203\.0\.113\.77$/)],
      });
    });
  });
});
