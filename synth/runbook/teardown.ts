import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import { ownerSelector } from "../../k8s/mesh-chart";
import { terraformStackName } from "../../mesh/azure-names";
import { shellQuote } from "../../mesh/shell-quote";
import { at, type Book, istioctlCommand, kubectl } from "./book";
import { commands, type Step } from "./markdown";

/** The way down. */
export function teardown(book: Book): Step {
  const { clusters, primary, remotes, sample, azure } = book.mesh;
  const chdir = azure && `-chdir=${shellQuote(`cdktf.out/stacks/${terraformStackName(azure)}`)}`;
  return {
    title: "Taking it down",
    body: [
      "Remote secrets first, so that no endpoints of a dead cluster stay behind; load balancers before the clusters, or Azure keeps their addresses. `--purge` takes Istio's CRDs too, and with them every resource of their kinds, other people's included.",
      commands(
        ...remotes.map(
          (remote) =>
            `${kubectl(primary)} delete secret ${remoteSecretName(remote.name)} --namespace ${istioNamespace} --ignore-not-found`,
        ),
        ...clusters.flatMap((cluster) => [
          ...(sample ? [`${kubectl(cluster)} delete namespace ${sample.namespace} --ignore-not-found`] : []),
          `${istioctlCommand(book, "uninstall")} ${at(cluster)} --purge -y`,
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
