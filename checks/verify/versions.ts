import type { Cluster } from "../../mesh/mesh";
import { minorsApart, type Version } from "../../mesh/versions";
import { istioVersionOfPod } from "../../ops/clusters/istio-version";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { runsIstiod } from "../applies-to";
import { type Check, notJudged, passIfNone } from "../check";
import { onceInjected, restart } from "../suggested-commands";
import { isLive } from "./readiness";
import type { VerifyWorld } from "./world";

interface Running {
  readonly pod: string;
  readonly version: Version;
}

function versionsOf(pods: readonly KubernetesObject[], container: "discovery" | "istio-proxy"): Running[] {
  return pods
    .filter((object) => object.kind === "Pod" && isLive(object))
    .flatMap((pod) => {
      const version = istioVersionOfPod(pod, container);
      return version ? [{ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, version }] : [];
    });
}

async function proxiesIn({ mesh, meshProbes }: VerifyWorld, cluster: Cluster) {
  const probes = meshProbes(cluster);
  const pods = [...(await probes.istioSystem()), ...(mesh.sample ? await probes.sample() : [])];
  return versionsOf(pods, "istio-proxy");
}

/** Brings istiod, then the proxies that lag, to the version of mesh.yaml: each gets a new one when its pod starts. */
const upgrade = (world: VerifyWorld, cluster: Cluster, proxies: readonly Running[]) => [
  ...world.byApply.commands,
  ...onceInjected(
    world,
    [...new Set(proxies.map(({ pod }) => pod.split("/")[0]!))].map((namespace) =>
      restart(cluster, namespace),
    ),
  ),
];

export const versionChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "versions.skew",
    of: "cluster",
    severity: "fail",
    title: "no proxy is newer than its istiod, and none more than one minor version older",
    looksAt: "the image tags of istiod's pods and of the proxies in istio-system and the sample's namespace",
    why: "istiod may be at most one minor version newer than its proxies, and never older. https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew",
    fix: "bring both to the version of mesh.yaml: apply, then restart the Deployments whose pods have old proxies",
    needs: ["installed.mesh", "primary/installed.mesh"],
    async look(world, cluster) {
      const { mesh, meshProbes } = world;
      const server = runsIstiod(mesh, cluster) ? cluster : mesh.primary;
      const istiods = versionsOf(await meshProbes(server).istioSystem(), "discovery");
      const oldest = istiods.sort((one, other) => minorsApart(one.version, other.version))[0];
      if (!oldest) return notJudged(`no istiod of ${server.name} has a version in its image tag`);
      const proxies = await proxiesIn(world, cluster);
      const wrong = proxies.filter(({ version }) => {
        const ahead = minorsApart(version, oldest.version);
        return ahead > 0 || ahead < -1;
      });
      return passIfNone(
        wrong.map(
          ({ pod, version }) =>
            `the proxy of ${pod} is ${version.text}, istiod of ${server.name} ${oldest.version.text}`,
        ),
        { commands: upgrade(world, cluster, wrong) },
        `istiod ${oldest.version.text}, ${proxies.length} proxies`,
      );
    },
  },
  {
    id: "versions.istio",
    of: "cluster",
    severity: "warn",
    title: "the running Istio version is that of mesh.yaml",
    looksAt: "the image tags of istiod's pods and of the proxies, against istio.version in mesh.yaml",
    why: "The running version differs from the reviewed one. After an upgrade, pods keep their old proxy until they restart.",
    fix: "apply, then restart the Deployments whose pods have old proxies",
    needs: ["versions.skew"],
    async look(world, cluster) {
      const { mesh, meshProbes } = world;
      const istiods = versionsOf(await meshProbes(cluster).istioSystem(), "discovery");
      const isOther = ({ version }: Running) => version.text !== mesh.istio.version;
      const proxies = (await proxiesIn(world, cluster)).filter(isOther);
      const others = [...istiods.filter(isOther), ...proxies];
      return passIfNone(
        others.map(
          ({ pod, version }) => `${pod} runs ${version.text}; mesh.yaml asks for ${mesh.istio.version}`,
        ),
        { commands: upgrade(world, cluster, proxies) },
        mesh.istio.version,
      );
    },
  },
];
