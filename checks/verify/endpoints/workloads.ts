import { helloworldPort } from "../../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { ProgramFailed } from "../../../ops/exec/errors";
import { objectTitle } from "../../../ops/exec/kubernetes-object";
import { hasSample } from "../../applies-to";
import { explained } from "../../causes/find-causes";
import { type Check, pass, passIfNone, problem, type Verdict } from "../../check";
import { restart } from "../../suggested-commands";
import { hasProxy, isLive, objectNamed, podsOf, remedyFor, unready } from "../readiness";
import type { VerifyWorld } from "../world";
import { isServing } from "./endpoint-set";

const clientName = ({ istio }: Mesh) => istio.line.sample.client.name;

/** Deployments of the versions in this cluster. */
const versionsIn = ({ sample }: Mesh, { name }: Cluster): string[] =>
  sample!.versions
    .filter(({ clusters }) => clusters.includes(name))
    .map((version) => `helloworld-${version.name}`);

/** Deployments of the sample in this cluster. */
const deploymentsIn = (mesh: Mesh, cluster: Cluster) => [clientName(mesh), ...versionsIn(mesh, cluster)];

/** Whether Deployments of the sample serve. */
async function serves(world: VerifyWorld, cluster: Cluster, names: readonly string[]): Promise<Verdict> {
  const objects = await world.meshProbes(cluster).sample();
  const { namespace } = world.mesh.sample!;
  return (await unready(world, cluster, namespace, objects, names)) ?? pass(names.join(", ") || "none here");
}

export const workloadChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "endpoints.service",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the sample's Service exists",
    looksAt: "the Service helloworld: whether it exists, its port, the port's name and its selector",
    why: "A client resolves the name in its own cluster; without the Service there the lookup fails, even if pods run in other clusters. Istio derives the protocol from the port's name, and the Services of all clusters must agree.",
    fix: "apply; it creates the Service in every cluster",
    needs: ["installed.mesh"],
    async look({ mesh, byApply, meshProbes }, cluster) {
      const service = objectNamed(await meshProbes(cluster).sample(), "Service", "helloworld");
      if (!service) return problem(`there is no Service helloworld in ${mesh.sample!.namespace}`, byApply);
      const { ports = [], selector = {} } = service.spec;
      const port = ports.find(
        ({ name, port: number }: { name?: string; port: number }) =>
          name === "http" && number === helloworldPort,
      );
      const wrong = [
        ...(port ? [] : [`no port ${helloworldPort} named http`]),
        ...(JSON.stringify(selector) === JSON.stringify({ app: "helloworld" })
          ? []
          : [`selector is ${JSON.stringify(selector)}; expected {"app":"helloworld"}`]),
      ];
      return passIfNone(wrong, byApply);
    },
  },
  {
    id: "endpoints.client",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the sample's client is ready",
    looksAt: "the Deployment of the client, its conditions and those of its pods, and events",
    why: "The client sends verify's requests and shows what a workload sees: endpoints and certificates of its proxy, and the gateways of the other clusters.",
    fix: "see why its pods are not ready; apply restores what was scaled down or deleted",
    needs: ["installed.mesh"],
    look: (world, cluster) => serves(world, cluster, [clientName(world.mesh)]),
  },
  {
    id: "endpoints.pods",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the sample's versions are ready",
    looksAt: "the Deployments of the versions, their conditions and those of their pods, and events",
    why: "Versions that are not ready do not answer.",
    fix: "see why the pods are not ready; apply restores what was scaled down or deleted",
    needs: ["installed.mesh"],
    look: (world, cluster) => serves(world, cluster, versionsIn(world.mesh, cluster)),
  },
  {
    id: "endpoints.injection",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "new pods are injected",
    looksAt:
      "a pod of the sample's client, created as a dry run: the API server applies Istio's webhook, quotas and admission policies",
    why: "Without the injection label, pods start without a proxy and are not in the mesh. If the webhook's istiod is unreachable, or a quota, Pod Security or an admission policy rejects them, they do not start. Running pods are not affected until they are replaced.",
    fix: "apply; it labels the namespace. If the webhook is unreachable: the API server must reach istiod, on a remote through the primary's gateway. Otherwise see the API server's message",
    needs: [
      "control-plane.webhook",
      "primary/control-plane.istiod",
      "control-plane.address",
      "gateways.dial",
      "gateways.istiod",
      "primary/gateways.ready",
    ],
    async look(world, cluster) {
      const { mesh, byApply, probes, meshProbes } = world;
      const { namespace } = mesh.sample!;
      try {
        const containers = await meshProbes(cluster).injected();
        if (containers.includes("istio-proxy")) return pass();
      } catch (error) {
        if (!(error instanceof ProgramFailed)) throw error;
        const words = error.stderr.split("\n");
        const isIstios = /failed calling webhook "[^"]*sidecar-injector\.istio\.io"/.test(error.stderr);
        const remedy = isIstios ? undefined : remedyFor(words, world, cluster, namespace);
        return problem(words, remedy ?? byApply);
      }
      const found = (await probes(cluster).namespaces()).find(({ metadata }) => metadata.name === namespace);
      const label = found?.metadata.labels?.["istio-injection"];
      return problem(
        [
          `a pod of ${namespace} would have no proxy`,
          label === "enabled"
            ? "the namespace has the label istio-injection=enabled"
            : `the namespace's label istio-injection is ${label ?? "missing"}; expected enabled`,
        ],
        byApply,
      );
    },
  },
  {
    id: "endpoints.sidecars",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "every pod of the sample has a proxy",
    looksAt: "containers of the pods in the sample's namespace",
    why: "A pod that was created before injection worked has no proxy: requests from other clusters do not reach it, and its own requests leave the mesh.",
    fix: "restart the Deployments",
    needs: ["endpoints.injection", "endpoints.client", "endpoints.pods"],
    look: explained("sidecars", async ({ mesh, meshProbes }, cluster: Cluster) => {
      const { sample } = mesh;
      const objects = await meshProbes(cluster).sample();
      const bare = deploymentsIn(mesh, cluster).flatMap((name) => {
        const deployment = objectNamed(objects, "Deployment", name)!;
        const pods = podsOf(objects, deployment.spec.selector.matchLabels).filter(isLive);
        return pods.filter((pod) => !hasProxy(pod)).map((pod) => ({ name, pod }));
      });
      return passIfNone(
        bare.map(({ pod }) => `${objectTitle(pod)} has no istio-proxy`),
        { commands: [restart(cluster, sample!.namespace, ...new Set(bare.map(({ name }) => name)))] },
      );
    }),
  },
  {
    id: "endpoints.proxies",
    of: "cluster",
    severity: "fail",
    applies: ({ istio }) => istio.line.istiodTellsJson,
    title: "the proxies are connected to istiod and in sync",
    looksAt: "`istioctl proxy-status`, against the pods that have a proxy",
    why: "A disconnected proxy keeps old endpoints and weights, and finally expired certificates.",
    fix: "restart the Deployments of these proxies",
    needs: [
      "versions.istioctl",
      "primary/reachable.nodes",
      "primary/control-plane.istiod",
      "control-plane.address",
      "gateways.dial",
      "gateways.istiod",
      "primary/gateways.ready",
      "gateways.ready",
      "trust.live-root",
      "endpoints.injection",
      // istiod disconnects the proxies of a cluster that it does not know.
      "control-plane.remote-secret",
    ],
    async look(world, cluster) {
      const { mesh, meshProbes, connectedProxies } = world;
      const objects = [
        ...(await meshProbes(cluster).istioSystem()),
        ...(mesh.sample ? await meshProbes(cluster).sample() : []),
      ];
      const pods = objects.filter((object) => object.kind === "Pod" && hasProxy(object) && isServing(object));
      const connected = new Map(
        (await connectedProxies())
          .filter((proxy) => proxy.cluster === cluster.name)
          .map((proxy) => [proxy.name, proxy]),
      );
      const troubles = pods.flatMap((pod) => {
        const id = `${pod.metadata.name}.${pod.metadata.namespace}`;
        const proxy = connected.get(id);
        if (!proxy) return [{ pod, text: `${id} is not connected` }];
        return proxy.stale.length > 0
          ? [{ pod, text: `${id} has stale configuration: ${proxy.stale.join(", ")}` }]
          : [];
      });
      // The old pod goes only when the new one is ready.
      const restarts = objects
        .filter(({ kind }) => kind === "Deployment")
        .filter(({ spec }) => {
          const own = podsOf(objects, spec.selector.matchLabels);
          return troubles.some(({ pod }) => own.includes(pod));
        })
        .map(({ metadata: { name, namespace } }) => restart(cluster, namespace!, name));
      return passIfNone(
        troubles.map(({ text }) => text),
        { commands: restarts },
        `${pods.length} proxies`,
      );
    },
  },
];
