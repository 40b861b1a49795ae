import { istioNamespace, networkLabel } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { type KubernetesObject, serviceAddresses } from "../../ops/exec/kubernetes-object";
import { certificatesOf, haveOneInCommon, shortFingerprints } from "../certificates";
import { type Check, faulty, sound, unjudged } from "../check";
import { kubectlIn, restartIstiod } from "../commands";
import { istioService, runsIstiod } from "../istiod";
import { isRemote, readsNetworkLabels } from "./applies";
import { objectNamed, unready } from "./readiness";
import { isEndpointsOf, readyAddresses } from "./service-endpoints";
import type { VerifyWorld } from "./world";

const primaryAnnotation = "topology.istio.io/controlPlaneClusters";

async function namespaceOf({ probes }: VerifyWorld, cluster: Cluster): Promise<KubernetesObject> {
  return (await probes(cluster).namespaces()).find(({ metadata }) => metadata.name === istioNamespace)!;
}

/**
 * Where a remote looks for the primary's istiod.
 * @param objects of its istio-system
 * @returns undefined: there is no Service for it
 */
export function wayToIstiod({ istio }: Mesh, objects: readonly KubernetesObject[]): string[] | undefined {
  const name = istio.line.remoteIstiodService;
  const service = objectNamed(objects, "Service", name);
  if (!service) return undefined;
  const { externalName } = service.spec;
  const endpoints = objects.filter((object) => isEndpointsOf(object, name));
  return externalName ? [externalName] : endpoints.flatMap(readyAddresses);
}

export const controlPlaneChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "control-plane.istiod",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "istiod runs",
    looksAt: "the Deployment istiod in istio-system, and what its pods wait for",
    why: "Proxies keep what they have and learn nothing new; pods that start get no proxy, or do not start at all.",
    fix: "see what its pods wait for; apply brings back what was scaled down or deleted",
    needs: ["installed.mesh", "trust.secret"],
    async look(world, cluster) {
      const { mesh, probes, meshProbes } = world;
      const objects = await meshProbes(cluster).istioSystem();
      const verdict = await unready(world, cluster, istioNamespace, objects, ["istiod"]);
      if (!verdict) return sound("rolled out");
      const { metadata } = (await probes(cluster).namespaces()).find(
        (namespace) => namespace.metadata.name === istioNamespace,
      )!;
      const other = metadata.annotations?.[primaryAnnotation];
      if (cluster !== mesh.primary || !other) return verdict;
      return faulty([
        ...verdict.evidence,
        `the context ${cluster.context} leads to a remote of ${other}: are contexts swapped in mesh.yaml?`,
      ]);
    },
  },
  {
    id: "control-plane.primary",
    of: "cluster",
    severity: "fail",
    applies: (mesh, cluster) => !runsIstiod(mesh, cluster),
    title: "the remote names its primary",
    looksAt: `the annotation ${primaryAnnotation} of the remote's namespace istio-system`,
    why: "Without it the primary's istiod writes neither the root into the remote's namespaces nor its certificate into the remote's webhook: pods get no proxy, or proxies that trust nobody.",
    fix: "apply; it sets the annotation",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const { primary } = world.mesh;
      const value = (await namespaceOf(world, cluster)).metadata.annotations?.[primaryAnnotation];
      if (value?.split(",").some((name) => [primary.name, "*"].includes(name.trim()))) return sound(value);
      const said = value === undefined ? "it is not there" : `it says ${value}`;
      return faulty(`${said}; wanted is ${primary.name}`, world.byApply);
    },
  },
  {
    id: "control-plane.network",
    of: "cluster",
    severity: "fail",
    applies: readsNetworkLabels,
    title: "istio-system names the cluster's network",
    looksAt: `the label ${networkLabel} of the namespace istio-system, in every cluster`,
    why: "istiod takes what has no network, or the same one, for directly reachable: it hands out pod addresses of another cluster, which lead nowhere, or, where pod networks are alike, to somebody else's pod.",
    fix: "set the label to the network that mesh.yaml names",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const { mesh } = world;
      const networkOf = async (one: Cluster) =>
        (await namespaceOf(world, one))?.metadata.labels?.[networkLabel] as string | undefined;
      const network = await networkOf(cluster);
      if (network === cluster.network) return sound(network);
      const others = mesh.clusters.filter((other) => other !== cluster);
      const theirs = await Promise.all(others.map((other) => networkOf(other).catch(() => undefined)));
      const same = network === undefined ? undefined : others[theirs.indexOf(network)];
      return faulty(
        [
          network === undefined
            ? `it is not there; wanted is ${cluster.network}`
            : `it says ${network}; wanted is ${cluster.network}`,
          ...(same
            ? [`${network} is the network of ${same.name} too: each would take the other's pods for its own`]
            : []),
        ],
        {
          commands: [
            kubectlIn(
              cluster,
              "label",
              "namespace",
              istioNamespace,
              `${networkLabel}=${cluster.network}`,
              "--overwrite",
            ),
          ],
        },
      );
    },
  },
  {
    id: "control-plane.mesh-networks",
    of: "mesh",
    severity: "fail",
    applies: (mesh) => !readsNetworkLabels(mesh),
    title: "the primary knows every network and its gateway",
    looksAt: "meshNetworks in the ConfigMap istio of the primary",
    why: "On this line the networks stand in istiod's own configuration. One that is missing there is taken for directly reachable, and its pods for neighbours.",
    fix: "apply; it installs the control plane with every network of mesh.yaml",
    needs: ["installed.mesh"],
    async look({ mesh, byApply, meshProbes }) {
      const text: string | undefined = (await meshProbes(mesh.primary).meshConfig())?.data?.meshNetworks;
      const missing = mesh.clusters.filter(
        ({ name, network }) => !text?.includes(`${network}:`) || !text.includes(`fromRegistry: ${name}`),
      );
      return missing.length > 0
        ? faulty(
            missing.map(({ name, network }) => `${network} with the registry ${name} is not there`),
            byApply,
          )
        : sound(mesh.clusters.map(({ network }) => network).join(", "));
    },
  },
  {
    id: "control-plane.address",
    of: "cluster",
    severity: "fail",
    applies: isRemote,
    title: "the remote looks for istiod at the primary's gateway",
    looksAt:
      "the Service in the remote that stands for istiod and its endpoints, against the address of the primary's gateway",
    why: "Proxies of the remote dial that address for certificates and configuration. When the gateway's Service was made anew its address changed, and nobody told the remote.",
    fix: "apply; it finds the address and installs the remote with it",
    needs: ["installed.mesh", "primary/installed.mesh"],
    async look({ mesh, byApply, meshProbes }, cluster) {
      const { primary, istio } = mesh;
      const name = istio.line.remoteIstiodService;
      const [here, there] = await Promise.all([
        meshProbes(cluster).istioSystem(),
        meshProbes(primary).istioSystem(),
      ]);
      const gateway = objectNamed(there, "Service", istio.line.gateway.name);
      const addresses = gateway ? serviceAddresses(gateway) : [];
      const found = wayToIstiod(mesh, here);
      if (!found) return faulty(`there is no Service ${name}`, byApply);
      // The gateways' own check says so, with the reasons.
      if (addresses.length === 0) return unjudged(`the gateway of ${primary.name} has no address`);
      if (found.length === 1 && addresses.includes(found[0]!)) return sound(found[0]!);
      const said = found.join(", ") || "no address";
      return faulty(
        `${name} leads to ${said}; ${istio.line.gateway.name} of ${primary.name} is at ${addresses.join(", ")}`,
        byApply,
      );
    },
  },
  {
    id: "control-plane.webhook",
    of: "cluster",
    severity: "fail",
    title: "the injection webhook trusts the mesh's root",
    looksAt:
      "caBundle of Istio's mutating webhook configurations, against the root that workloads are told to trust",
    why: "The API server asks istiod about every new pod, and checks its certificate with this bundle. With an empty or an old one every injected pod is refused: `x509: certificate signed by unknown authority`.",
    fix: "have istiod start anew; it writes the bundle",
    needs: ["trust.live-root", "primary/control-plane.istiod", "control-plane.primary"],
    async look({ mesh, byApply, probes }, cluster) {
      const wanted = certificatesOf((await probes(cluster).trustedRoot()) ?? "");
      const ours = (await probes(cluster).webhooks()).filter(
        (configuration) =>
          configuration.kind === "MutatingWebhookConfiguration" &&
          istioService(configuration)?.namespace === istioNamespace,
      );
      if (ours.length === 0) return faulty("there is no mutating webhook configuration of Istio", byApply);
      const wrong = ours.flatMap(({ metadata, webhooks }) => {
        const bundles: string[] = webhooks.map((webhook: KubernetesObject) =>
          Buffer.from(webhook.clientConfig?.caBundle ?? "", "base64").toString("utf8"),
        );
        const bad = bundles.find((bundle) => !haveOneInCommon(certificatesOf(bundle), wanted));
        if (bad === undefined) return [];
        return [
          `${metadata.name}: caBundle has ${shortFingerprints(certificatesOf(bad))}; wanted is ${shortFingerprints(wanted)}`,
        ];
      });
      const signer = runsIstiod(mesh, cluster) ? cluster : mesh.primary;
      return wrong.length > 0
        ? faulty(wrong, { commands: restartIstiod(signer) })
        : sound(ours.map(({ metadata }) => metadata.name).join(", "));
    },
  },
];
