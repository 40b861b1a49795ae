import { istioNamespace } from "../../k8s/istio-names";
import { istioctlCommand } from "../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { minorsApart, parseVersion } from "../../mesh/versions";
import { istioVersionOfDeployment } from "../../ops/clusters/istio-version";
import { holdsMesh } from "../../ops/clusters/owner";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { runsIstiod } from "../applies-to";
import { type Check, pass, problem } from "../check";
import { istioService } from "../cluster-probes";
import { kubectlIn } from "../suggested-commands";
import type { DoctorWorld } from "./world";

const defaultRevision = "default";
const revisionOf = ({ metadata }: KubernetesObject) => metadata.labels?.["istio.io/rev"] ?? defaultRevision;

/** How to uninstall an Istio of any installer. */
function removal(
  { istio }: Mesh,
  { context }: Cluster,
  { metadata }: KubernetesObject,
  revision: string,
): string {
  if (metadata.namespace === "aks-istio-system") {
    return "az aks mesh disable --resource-group GROUP --name CLUSTER";
  }
  const what = revision === defaultRevision ? ["--purge"] : ["--revision", revision];
  return commandLine("istioctl", [
    ...istioctlCommand(istio.line, "uninstall"),
    "--context",
    context,
    ...what,
  ]);
}

export const installedChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "installed.foreign-istio",
    of: "cluster",
    severity: "fail",
    title: "no other Istio is installed",
    looksAt:
      "Deployments with the label app=istiod in every namespace, their revision, and whether the namespace istio-system carries this mesh's ownership labels",
    why: "Two control planes in one cluster conflict over webhooks, CRDs and injection. One that another tool manages, such as the AKS add-on or an operator, is restored when it is overwritten.",
    fix: "uninstall the other Istio if it is unused, or choose another cluster",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const isOurs = holdsMesh(await probes(cluster).namespaces(), mesh);
      const found = await probes(cluster).controlPlanes();
      const foreign = found.filter(
        (deployment) =>
          !isOurs ||
          !runsIstiod(mesh, cluster) ||
          deployment.metadata.namespace !== istioNamespace ||
          revisionOf(deployment) !== defaultRevision,
      );
      if (foreign.length === 0) return pass(found.length > 0 ? `the istiod of ${mesh.name}` : "no istiod");
      return problem(
        foreign.map((deployment) => {
          const { namespace, name } = deployment.metadata;
          const version = istioVersionOfDeployment(deployment)?.text ?? "of an unknown version";
          return `Deployment ${namespace}/${name}: Istio ${version}, revision ${revisionOf(deployment)}, not of ${mesh.name}`;
        }),
        {
          commands: [
            ...new Set(
              foreign.map((deployment) => removal(mesh, cluster, deployment, revisionOf(deployment))),
            ),
          ],
        },
      );
    },
  },
  {
    id: "installed.foreign-webhooks",
    of: "cluster",
    severity: "fail",
    title: "no webhook of another Istio exists",
    looksAt: "mutating and validating webhook configurations whose webhooks are named *.istio.io",
    why: "The webhook of a removed Istio still applies: pods are rejected, or injected by an unknown control plane.",
    fix: "delete the webhook configurations, unless you keep the Istio that they belong to",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const isOurs = holdsMesh(await probes(cluster).namespaces(), mesh);
      const istiods = await probes(cluster).controlPlanes();
      const foreign = (await probes(cluster).webhooks()).filter((configuration) => {
        const service = istioService(configuration);
        if (!service) return false;
        return (
          !isOurs || service.namespace !== istioNamespace || revisionOf(configuration) !== defaultRevision
        );
      });
      if (foreign.length === 0) return pass(isOurs ? `those of ${mesh.name}` : "none of Istio");
      return problem(
        foreign.map((configuration) => {
          const { namespace, name } = istioService(configuration)!;
          const isServed = istiods.some(({ metadata }) => metadata.namespace === namespace);
          const dead = isServed ? "" : ", where no istiod runs";
          return `${configuration.kind} ${configuration.metadata.name} calls ${name}.${namespace}${dead}`;
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
    title: "the installed Istio can be upgraded to the version in mesh.yaml",
    looksAt: "the image of istiod in istio-system",
    why: "Istio supports upgrades by one minor version and no downgrades: an older istiod may not read what a newer one has written.",
    fix: "choose an istio.line that is equal to the installed minor version or one above",
    needs: ["rights.read"],
    async look({ mesh, probes }, cluster) {
      const istiod = (await probes(cluster).controlPlanes()).find(
        ({ metadata }) => metadata.namespace === istioNamespace && metadata.name === "istiod",
      );
      const installed = istiod && istioVersionOfDeployment(istiod);
      if (!istiod) return pass("no istiod in istio-system yet");
      if (!installed) return problem("the version of istiod's image is unknown");
      const apart = minorsApart(parseVersion(mesh.istio.version)!, installed);
      const evidence = `Istio ${installed.text} is installed, mesh.yaml asks for ${mesh.istio.version}`;
      return apart < 0 || apart > 1 ? problem(evidence) : pass(evidence);
    },
  },
];
