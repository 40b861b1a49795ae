import { certificatesIn } from "../../ca/certificate";
import { cniName, istioNamespace, networkLabel } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { istioSystemIn, networkOf } from "../../ops/clusters/owner";
import { type KubernetesObject, podCounts, serviceAddresses } from "../../ops/exec/kubernetes-object";
import { isRemote, readsNetworkLabels, runsIstiod } from "../applies-to";
import { type Check, notJudged, pass, passIfNone, problem } from "../check";
import { istioService } from "../cluster-probes";
import { haveOneInCommon, shortFingerprints } from "../compare-certificates";
import { kubectlIn, restartIstiod } from "../suggested-commands";
import { objectNamed, readyAddresses, unready } from "./readiness";
import type { VerifyWorld } from "./world";

const primaryAnnotation = "topology.istio.io/controlPlaneClusters";

async function namespaceOf({ probes }: VerifyWorld, cluster: Cluster): Promise<KubernetesObject> {
  return istioSystemIn(await probes(cluster).namespaces())!;
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
  return externalName ? [externalName] : readyAddresses(objects, name);
}

export const controlPlaneChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "control-plane.istiod",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "istiod is ready",
    looksAt: "the Deployment istiod in istio-system, and why its pods are not ready",
    why: "Proxies keep their last configuration. New pods get no proxy, or do not start.",
    fix: "see why its pods are not ready; apply restores what was scaled down or deleted",
    needs: ["installed.mesh", "trust.secret"],
    async look(world, cluster) {
      const { mesh, meshProbes } = world;
      const objects = await meshProbes(cluster).istioSystem();
      const verdict = await unready(world, cluster, istioNamespace, objects, ["istiod"]);
      if (!verdict) return pass("rolled out");
      const { metadata } = await namespaceOf(world, cluster);
      const other = metadata.annotations?.[primaryAnnotation];
      if (cluster !== mesh.primary || !other) return verdict;
      return problem([
        ...verdict.evidence,
        `the context ${cluster.context} leads to a remote of ${other}: are contexts swapped in mesh.yaml?`,
      ]);
    },
  },
  {
    id: "control-plane.cni",
    of: "cluster",
    severity: "fail",
    applies: ({ istio }) => istio.cni,
    title: "the node agent istio-cni is ready on every node",
    looksAt: `the DaemonSet ${cniName} in istio-system, its pods, and events`,
    why: "On a node without it new pods fail: their init container istio-validation finds no redirection of traffic. Running pods are not affected.",
    fix: "see why its pods are not ready: it needs a place on every Linux node, the capability NET_ADMIN and hostPath volumes, so policies must exempt istio-system; apply restores what was deleted",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const objects = await world.meshProbes(cluster).istioSystem();
      const verdict = await unready(world, cluster, istioNamespace, objects, [cniName], "DaemonSet");
      if (verdict) return verdict;
      const { wanted } = podCounts(objectNamed(objects, "DaemonSet", cniName)!);
      return pass(`${wanted} of ${wanted} nodes`);
    },
  },
  {
    id: "control-plane.primary",
    of: "cluster",
    severity: "fail",
    applies: (mesh, cluster) => !runsIstiod(mesh, cluster),
    title: "the remote names its primary",
    looksAt: `the annotation ${primaryAnnotation} of the remote's namespace istio-system`,
    why: "Without it the primary's istiod writes neither the root into the remote's namespaces nor its certificate into the remote's webhook: pods get no proxy, or proxies without a root CA.",
    fix: "apply; it sets the annotation",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const { primary } = world.mesh;
      const value = (await namespaceOf(world, cluster)).metadata.annotations?.[primaryAnnotation];
      if (value?.split(",").some((name) => [primary.name, "*"].includes(name.trim()))) return pass(value);
      const said = value === undefined ? "is missing" : `is ${value}`;
      return problem(`the annotation ${said}; expected ${primary.name}`, world.byApply);
    },
  },
  {
    id: "control-plane.network",
    of: "cluster",
    severity: "fail",
    applies: readsNetworkLabels,
    title: "istio-system has the network label",
    looksAt: `the label ${networkLabel} of the namespace istio-system, in every cluster`,
    why: "Without a network, or with the same one, istiod treats another cluster's pods as directly reachable. It sends clients to their pod addresses, which are unreachable or belong to other pods.",
    fix: "set the label to the network that mesh.yaml names",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const { mesh } = world;
      const networkIn = async (one: Cluster) => {
        const namespace = istioSystemIn(await world.probes(one).namespaces());
        return namespace && networkOf(namespace);
      };
      const network = await networkIn(cluster);
      if (network === cluster.network) return pass(network);
      const others = mesh.clusters.filter((other) => other !== cluster);
      const theirs = await Promise.all(others.map((other) => networkIn(other).catch(() => undefined)));
      const same = network === undefined ? undefined : others[theirs.indexOf(network)];
      const setLabel = [
        "label",
        "namespace",
        istioNamespace,
        `${networkLabel}=${cluster.network}`,
        "--overwrite",
      ];
      return problem(
        [
          network === undefined
            ? `the label is missing; expected ${cluster.network}`
            : `the label is ${network}; expected ${cluster.network}`,
          ...(same
            ? [`${network} is the network of ${same.name} too; each treats the other's pods as local`]
            : []),
        ],
        { commands: [kubectlIn(cluster, ...setLabel)] },
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
    why: "On this line istiod's configuration lists the networks. istiod treats a missing network as directly reachable.",
    fix: "apply; it installs the control plane with every network of mesh.yaml",
    needs: ["installed.mesh"],
    async look({ mesh, byApply, meshProbes }) {
      const text: string | undefined = (await meshProbes(mesh.primary).meshConfig())?.data?.meshNetworks;
      const missing = mesh.clusters.filter(
        ({ name, network }) => !text?.includes(`${network}:`) || !text.includes(`fromRegistry: ${name}`),
      );
      return passIfNone(
        missing.map(({ name, network }) => `${network} with the registry ${name} is missing`),
        byApply,
        mesh.clusters.map(({ network }) => network).join(", "),
      );
    },
  },
  {
    id: "control-plane.address",
    of: "cluster",
    severity: "fail",
    applies: isRemote,
    title: "the remote has the address of the primary's gateway",
    looksAt:
      "the remote's Service for istiod and its endpoints, against the address of the primary's gateway",
    why: "Proxies of the remote dial that address for certificates and configuration. If the gateway's Service is recreated, its address changes and the remote keeps the old one.",
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
      if (!found) return problem(`there is no Service ${name}`, byApply);
      // The gateways' own check says so, with the reasons.
      if (addresses.length === 0) return notJudged(`the gateway of ${primary.name} has no address`);
      if (found.length === 1 && addresses.includes(found[0]!)) return pass(found[0]!);
      const said = found.join(", ") || "no address";
      return problem(
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
    looksAt: "caBundle of Istio's mutating webhook configurations, against the root in istio-ca-root-cert",
    why: "The API server calls istiod for every new pod and verifies its certificate with this bundle. With an empty or old bundle every injected pod is rejected: `x509: certificate signed by unknown authority`.",
    fix: "restart istiod; it writes the bundle",
    needs: ["trust.live-root", "primary/control-plane.istiod", "control-plane.primary"],
    async look({ mesh, byApply, probes }, cluster) {
      const wanted = certificatesIn((await probes(cluster).trustedRoot()) ?? "");
      const ours = (await probes(cluster).webhooks()).filter(
        (configuration) =>
          configuration.kind === "MutatingWebhookConfiguration" &&
          istioService(configuration)?.namespace === istioNamespace,
      );
      if (ours.length === 0) return problem("there is no mutating webhook configuration of Istio", byApply);
      const wrong = ours.flatMap(({ metadata, webhooks }) => {
        const bundles: string[] = webhooks.map((webhook: KubernetesObject) =>
          Buffer.from(webhook.clientConfig?.caBundle ?? "", "base64").toString("utf8"),
        );
        const bad = bundles.find((bundle) => !haveOneInCommon(certificatesIn(bundle), wanted));
        if (bad === undefined) return [];
        return [
          `${metadata.name}: caBundle has ${shortFingerprints(certificatesIn(bad))}; expected ${shortFingerprints(wanted)}`,
        ];
      });
      const signer = runsIstiod(mesh, cluster) ? cluster : mesh.primary;
      return passIfNone(
        wrong,
        { commands: restartIstiod(signer) },
        ours.map(({ metadata }) => metadata.name).join(", "),
      );
    },
  },
];
