import { istioNamespace } from "../../k8s/istio-names";
import { tagOf } from "../../mesh/images";
import type { Cluster } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { minorsApart, parseVersion, type Version } from "../../mesh/versions";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { type Check, faulty, sound } from "../check";
import { kubectlIn } from "../commands";
import { istioService, runsIstiod } from "../istiod";
import { isOfMesh } from "../owner";
import type { DoctorWorld } from "./world";

const defaultRevision = "default";
const revisionOf = ({ metadata }: KubernetesObject) => metadata.labels?.["istio.io/rev"] ?? defaultRevision;

/** Of the tag of its image, or as its label says where the image is named by digest. */
function istioVersionOf({ metadata, spec }: KubernetesObject): Version | undefined {
  const image: string = spec.template.spec.containers[0]?.image ?? "";
  const tag = tagOf(image) ?? metadata.labels?.["app.kubernetes.io/version"];
  return tag ? parseVersion(tag) : undefined;
}

/** How to take an Istio away, whoever installed it. */
function removal({ context }: Cluster, { metadata }: KubernetesObject, revision: string): string {
  if (metadata.namespace === "aks-istio-system") {
    return "az aks mesh disable --resource-group GROUP --name CLUSTER";
  }
  const what = revision === defaultRevision ? ["--purge"] : ["--revision", revision];
  return commandLine("istioctl", ["uninstall", "--context", context, ...what]);
}

export const installedChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "installed.foreign-istio",
    of: "cluster",
    severity: "fail",
    title: "no other Istio is in the way",
    looksAt:
      "Deployments with the label app=istiod in every namespace, their revision, and whether the namespace istio-system carries this mesh's ownership labels",
    why: "Two control planes in one cluster fight for webhooks, CRDs and the injection of the same pods. One that another tool installed, such as the AKS add-on or an operator, comes back when it is overwritten.",
    fix: "take the other Istio away when nobody uses it any more, or choose another cluster",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const isOurs = isOfMesh(await probes(cluster).namespaces(), mesh);
      const found = await probes(cluster).controlPlanes();
      const foreign = found.filter(
        (deployment) =>
          !isOurs ||
          !runsIstiod(mesh, cluster) ||
          deployment.metadata.namespace !== istioNamespace ||
          revisionOf(deployment) !== defaultRevision,
      );
      if (foreign.length === 0) return sound(found.length > 0 ? `the istiod of ${mesh.name}` : "no istiod");
      return faulty(
        foreign.map((deployment) => {
          const { namespace, name } = deployment.metadata;
          const version = istioVersionOf(deployment)?.text ?? "of an unknown version";
          return `Deployment ${namespace}/${name}: Istio ${version}, revision ${revisionOf(deployment)}, not of ${mesh.name}`;
        }),
        {
          commands: [
            ...new Set(foreign.map((deployment) => removal(cluster, deployment, revisionOf(deployment)))),
          ],
        },
      );
    },
  },
  {
    id: "installed.foreign-webhooks",
    of: "cluster",
    severity: "fail",
    title: "no webhook of another Istio is left",
    looksAt: "mutating and validating webhook configurations whose webhooks are named *.istio.io",
    why: "A webhook of an Istio that is gone keeps answering for it: pods are refused, or injected by a control plane that nobody knows.",
    fix: "delete the webhook configurations, unless the Istio that they belong to is to stay",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const isOurs = isOfMesh(await probes(cluster).namespaces(), mesh);
      const istiods = await probes(cluster).controlPlanes();
      const foreign = (await probes(cluster).webhooks()).filter((configuration) => {
        const service = istioService(configuration);
        if (!service) return false;
        return (
          !isOurs || service.namespace !== istioNamespace || revisionOf(configuration) !== defaultRevision
        );
      });
      if (foreign.length === 0) return sound(isOurs ? `those of ${mesh.name}` : "none of Istio");
      return faulty(
        foreign.map((configuration) => {
          const { namespace, name } = istioService(configuration)!;
          const isServed = istiods.some(({ metadata }) => metadata.namespace === namespace);
          const dead = isServed ? "" : ", where no istiod runs";
          return `${configuration.kind} ${configuration.metadata.name} asks ${name}.${namespace}${dead}`;
        }),
        {
          commands: foreign.map(({ kind, metadata }) =>
            kubectlIn(cluster, "delete", kind.toLowerCase(), metadata.name),
          ),
        },
      );
    },
  },
  {
    id: "installed.version",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "what is installed can become the version that mesh.yaml names",
    looksAt: "the image of istiod in istio-system",
    why: "Istio goes up one minor version at a time, and never down: configuration that the newer one has written the older one may not read.",
    fix: "choose an istio.line at most one minor version above what is installed, and none below",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const istiod = (await probes(cluster).controlPlanes()).find(
        ({ metadata }) => metadata.namespace === istioNamespace && metadata.name === "istiod",
      );
      const installed = istiod && istioVersionOf(istiod);
      if (!istiod) return sound("no istiod in istio-system yet");
      if (!installed) return faulty("istiod runs an image that tells no version");
      const apart = minorsApart(parseVersion(mesh.istio.version)!, installed);
      const evidence = `Istio ${installed.text} is installed, mesh.yaml asks for ${mesh.istio.version}`;
      return apart < 0 || apart > 1 ? faulty(evidence) : sound(evidence);
    },
  },
];
