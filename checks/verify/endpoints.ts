import { helloworldPort } from "../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { ProgramFailed } from "../../ops/exec/errors";
import { type KubernetesObject, objectTitle } from "../../ops/exec/kubernetes-object";
import { explained } from "../causes/find-causes";
import { type Check, faulty, sound, type Verdict } from "../check";
import { kubectlIn, restart } from "../commands";
import { hasSample } from "./applies";
import { endpointSet, isServing, nameOf, viewOf } from "./endpoint-set";
import { hasProxy, isLive, objectNamed, podsOf, remedyFor, unready } from "./readiness";
import type { VerifyWorld } from "./world";

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
  return (await unready(world, cluster, namespace, objects, names)) ?? sound(names.join(", ") || "none here");
}

export const endpointChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "endpoints.service",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the sample's Service is in every cluster",
    looksAt: "the Service helloworld: whether it is there, its port, the port's name and its selector",
    why: "A client resolves the name in its own cluster: where the Service is missing it does not exist, even if its pods run next door. Istio takes the protocol from the port's name, and configuration only from Services that agree.",
    fix: "apply; it puts the Service into every cluster",
    needs: ["installed.mesh"],
    async look({ mesh, byApply, meshProbes }, cluster) {
      const service = objectNamed(await meshProbes(cluster).sample(), "Service", "helloworld");
      if (!service) return faulty(`there is no Service helloworld in ${mesh.sample!.namespace}`, byApply);
      const { ports = [], selector = {} } = service.spec;
      const port = ports.find(
        ({ name, port: number }: { name?: string; port: number }) =>
          name === "http" && number === helloworldPort,
      );
      const wrong = [
        ...(port ? [] : [`no port ${helloworldPort} named http`]),
        ...(JSON.stringify(selector) === JSON.stringify({ app: "helloworld" })
          ? []
          : [`its selector is ${JSON.stringify(selector)}; wanted is {"app":"helloworld"}`]),
      ];
      return wrong.length > 0 ? faulty(wrong, byApply) : sound();
    },
  },
  {
    id: "endpoints.client",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the sample's client runs",
    looksAt:
      "the Deployment of the client, its conditions and those of its pods; where these say nothing, events",
    why: "The client sends the requests, and through it verify sees what a workload of the mesh sees: its proxy's endpoints and certificates, the gateways of the other clusters.",
    fix: "see what its pods wait for; apply brings back what was scaled down or deleted",
    needs: ["installed.mesh"],
    look: (world, cluster) => serves(world, cluster, [clientName(world.mesh)]),
  },
  {
    id: "endpoints.pods",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the sample's versions run",
    looksAt:
      "the Deployments of the versions, their conditions and those of their pods; where these say nothing, events",
    why: "What does not run does not answer.",
    fix: "see what the pods wait for; apply brings back what was scaled down or deleted",
    needs: ["installed.mesh"],
    look: (world, cluster) => serves(world, cluster, versionsIn(world.mesh, cluster)),
  },
  {
    id: "endpoints.injection",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "a pod that starts now gets a proxy",
    looksAt:
      "a pod of the sample's client, created as a dry run: the API server asks Istio's webhook, quotas and admission policies",
    why: "Pods start without a proxy, and are no part of the mesh, where the namespace has no injection label; they do not start at all where the webhook's istiod cannot be reached, or where a quota, Pod Security or an admission policy refuses them. Pods that run go on until they are replaced.",
    fix: "apply; it labels the namespace. What refuses the pod is named in the words of the API server. Where the webhook is not reached: the API server must get through to istiod, on a remote through the primary's gateway",
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
        if (containers.includes("istio-proxy")) return sound();
      } catch (error) {
        if (!(error instanceof ProgramFailed)) throw error;
        const words = error.stderr.split("\n");
        const isIstios = /failed calling webhook "[^"]*sidecar-injector\.istio\.io"/.test(error.stderr);
        const remedy = isIstios ? undefined : remedyFor(words, world, cluster, namespace);
        return faulty(words, remedy ?? byApply);
      }
      const found = (await probes(cluster).namespaces()).find(({ metadata }) => metadata.name === namespace);
      const label = found?.metadata.labels?.["istio-injection"];
      return faulty(
        [
          `a pod of ${namespace} would have no proxy`,
          label === "enabled"
            ? "the namespace has the label istio-injection=enabled"
            : `the namespace's label istio-injection is ${label ?? "not there"}; wanted is enabled`,
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
    why: "A pod that started before injection worked stays without a proxy: other clusters' requests cannot come in, its own do not find the mesh.",
    fix: "have the pods start anew",
    needs: ["endpoints.injection", "endpoints.client", "endpoints.pods"],
    look: explained("sidecars", async ({ mesh, meshProbes }, cluster: Cluster) => {
      const { sample } = mesh;
      const objects = await meshProbes(cluster).sample();
      const bare = deploymentsIn(mesh, cluster).flatMap((name) => {
        const deployment = objectNamed(objects, "Deployment", name)!;
        const pods = podsOf(objects, deployment.spec.selector.matchLabels).filter(isLive);
        return pods.filter((pod) => !hasProxy(pod)).map((pod) => ({ name, pod }));
      });
      return bare.length > 0
        ? faulty(
            bare.map(({ pod }) => `${objectTitle(pod)} has no istio-proxy`),
            { commands: [restart(cluster, sample!.namespace, ...new Set(bare.map(({ name }) => name)))] },
          )
        : sound();
    }),
  },
  {
    id: "endpoints.proxies",
    of: "cluster",
    severity: "fail",
    applies: ({ istio }) => istio.line.istiodTellsJson,
    title: "the proxies are connected to istiod and up to date",
    looksAt: "`istioctl proxy-status`, against the pods that have a proxy",
    why: "A proxy that lost istiod, or hangs, goes on with what it had: old endpoints, old weights, in the end expired certificates.",
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
          ? [{ pod, text: `${id} has not taken over: ${proxy.stale.join(", ")}` }]
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
      return troubles.length > 0
        ? faulty(
            troubles.map(({ text }) => text),
            { commands: restarts },
          )
        : sound(`${pods.length} proxies`);
    },
  },
  {
    id: "endpoints.routing",
    of: "mesh",
    severity: "fail",
    applies: hasSample,
    title: "what routes the sample stands on the primary, and nowhere else",
    looksAt: "DestinationRules and VirtualServices for helloworld in every cluster",
    why: "istiod reads configuration from the primary alone. In a remote it is accepted, shown by kubectl, and without effect.",
    fix: "apply what is missing; delete what stands in a remote, and a VirtualService without weights in mesh.yaml (or write them there, with `mesh split`)",
    needs: ["installed.crds"],
    async look({ mesh, byApply, meshProbes }) {
      const { namespace, versions, weights } = mesh.sample!;
      const host = `helloworld.${namespace}.svc.cluster.local`;
      const isOfSample = ({ metadata, spec }: KubernetesObject) =>
        metadata.namespace === namespace &&
        [spec.host, ...(spec.hosts ?? [])].some((one) => one === host || one === "helloworld");
      const found = await Promise.all(
        mesh.clusters.map(async (cluster) => ({
          cluster,
          objects: (await meshProbes(cluster).networking()).filter(isOfSample),
        })),
      );
      const here = found.find(({ cluster }) => cluster === mesh.primary)!.objects;
      const subsets = here.flatMap(({ spec }) =>
        (spec.subsets ?? []).map(({ name }: { name: string }) => name),
      );
      const lacking = versions.map(({ name }) => name).filter((name) => !subsets.includes(name));
      const virtualServices = here.filter(({ kind }) => kind === "VirtualService");
      const elsewhere = found
        .filter(({ cluster }) => cluster !== mesh.primary)
        .flatMap(({ cluster, objects }) => objects.map((object) => ({ cluster, object })));
      // Deleted by name: an apply removes it only with --yes, and never what somebody else has made.
      const surplus = weights ? [] : virtualServices;
      const missing = [
        ...(lacking.length > 0
          ? [`no DestinationRule of ${mesh.primary.name} has the subsets ${lacking.join(", ")}`]
          : []),
        ...(weights && virtualServices.length === 0
          ? [`${mesh.primary.name} has no VirtualService for ${host}`]
          : []),
      ];
      const wrong = [
        ...missing,
        ...surplus.map(
          (object) =>
            `${mesh.primary.name} has a VirtualService for ${host} (${object.metadata.name}); mesh.yaml names no weights`,
        ),
        ...elsewhere.map(
          ({ cluster, object }) => `${objectTitle(object)} stands in ${cluster.name}, where nothing reads it`,
        ),
      ];
      const tooMuch = [...surplus.map((object) => ({ cluster: mesh.primary, object })), ...elsewhere];
      const remove = tooMuch.map(({ cluster, object: { kind, metadata } }) =>
        kubectlIn(
          cluster,
          "-n",
          namespace,
          "delete",
          `${kind.toLowerCase()}.networking.istio.io`,
          metadata.name,
        ),
      );
      return wrong.length > 0
        ? faulty(wrong, {
            commands: [...(missing.length > 0 ? byApply.commands : []), ...remove],
          })
        : sound(here.map(objectTitle).join(", "));
    },
  },
  {
    id: "endpoints.set",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the client sees local pods, and one gateway for each other cluster",
    looksAt:
      "the endpoints of helloworld that the Envoy beside the client holds, by version, against the pods that serve and the gateways' addresses; weights against the number of pods",
    why: "Addresses of another cluster's pods lead nowhere; a gateway that is missing is a cluster that gets no requests. Endpoints that are lost although istiod has read the cluster are known after a remote secret was written again (istio/istio#61043).",
    fix: "have istiod start anew: it reads every cluster again",
    needs: [
      "reachable.nodes",
      "endpoints.service",
      "endpoints.sidecars",
      "endpoints.proxies",
      "endpoints.routing",
      "control-plane.network",
      "control-plane.synced",
      "gateways.network",
    ],
    look: endpointSet,
  },
  {
    id: "endpoints.healthy",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "the client's proxy takes none of them for sick",
    looksAt: "health of the same endpoints: Envoy's flags",
    why: "Envoy sends nothing to what it holds for unhealthy or has ejected for its failures.",
    fix: "see what the endpoint answers; Envoy takes it back when it recovers",
    needs: ["endpoints.set"],
    look: explained("endpoints", async (world, cluster: Cluster) => {
      const { endpoints: seen } = await viewOf(world, cluster);
      const sick = seen.filter(({ healthy }) => !healthy);
      return sick.length > 0
        ? faulty(sick.map((endpoint) => `${endpoint.address} (${nameOf(endpoint)}): ${endpoint.health}`))
        : sound(`${seen.length} endpoints`);
    }),
  },
];
