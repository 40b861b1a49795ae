import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import { ownerSelector } from "../../k8s/mesh-chart";
import { terraformStackName } from "../../mesh/azure-names";
import { istioctlCommand } from "../../mesh/istio-lines";
import { shellQuote } from "../../mesh/shell-quote";
import { at, type Book, commands, kubectl, type Step } from "./step";

export function teardown(book: Book): Step {
  const { clusters, primary, remotes, sample, azure } = book.mesh;
  const chdir = azure && `-chdir=${shellQuote(`cdktf.out/stacks/${terraformStackName(azure)}`)}`;
  const uninstall = istioctlCommand(book.mesh.istio.line, "uninstall");
  return {
    title: "Uninstall the mesh",
    body: [
      "Remote secrets come first, so that no endpoints of a deleted cluster remain; load balancers before clusters, or Azure keeps their addresses. `--purge` also deletes Istio's CRDs, and with them all resources of these kinds, including those of other owners.",
      commands(
        ...remotes.map(
          (remote) =>
            `${kubectl(primary)} delete secret ${remoteSecretName(remote.name)} --namespace ${istioNamespace} --ignore-not-found`,
        ),
        ...clusters.flatMap((cluster) => [
          ...(sample ? [`${kubectl(cluster)} delete namespace ${sample.namespace} --ignore-not-found`] : []),
          `istioctl ${uninstall.join(" ")} ${at(cluster)} --purge -y`,
          `${kubectl(cluster)} delete namespace ${istioNamespace} --ignore-not-found`,
          `${kubectl(cluster)} delete clusterrolebindings,clusterroles --selector ${ownerSelector(book.mesh)}`,
        ]),
        // The next gateway has another address.
        `rm -f ${shellQuote(book.paths.addresses)}`,
        ...(chdir ? [`(umask 077 && terraform ${chdir} destroy)`] : []),
      ),
    ],
  };
}
