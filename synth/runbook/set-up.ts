import { manifestFiles, operatorFiles } from "../../k8s/bundle";
import { cniName, istioNamespace } from "../../k8s/istio-names";
import { getCredentials, terraformStackName, useLoginOfAz } from "../../mesh/azure-names";
import { imagesOf } from "../../mesh/images";
import { istioctlCommand } from "../../mesh/istio-lines";
import type { Cluster } from "../../mesh/mesh";
import { faultByRemoteSecret } from "../../mesh/releases";
import { commandLine, shellQuote } from "../../mesh/shell-quote";
import { at, type Book, commands, kubectl, meshCommand, type Step } from "./step";

/** From programs and clusters to the last remote. */
export function setUp(book: Book): Step[] {
  const { azure, remotes } = book.mesh;
  return [
    programs(book),
    ...(azure ? [aksClusters(book)] : []),
    ...images(book),
    certificateAuthority(book),
    beforeIstio(book),
    primary(book),
    ...(remotes.length > 0 ? [address(book), ...remotes.map((cluster) => remote(book, cluster))] : []),
  ];
}

function programs(book: Book): Step {
  const { version, line } = book.mesh.istio;
  return {
    title: "Programs",
    body: [
      `istioctl must be ${version}; kubectl must be within one minor version of the clusters (${line.kubernetes.min} to ${line.kubernetes.max}). \`KUBERC=off\` restores kubectl's defaults, on which the commands rely.`,
      commands("istioctl version --remote=false", "kubectl version --client", "export KUBERC=off"),
    ],
  };
}

function aksClusters(book: Book): Step {
  const { clusters, azure } = book.mesh;
  const chdir = `-chdir=${shellQuote(`cdktf.out/stacks/${terraformStackName(azure!)}`)}`;
  return {
    title: "Resource group and AKS clusters",
    body: [
      `Terraform shows its plan and asks for approval. Its state contains ${clusters.every(({ aks }) => !aks || aks.localAccountDisabled) ? "the clusters' settings" : "the clusters' kubeconfigs"}, so the file is private; for an encrypted backend, see docs/azure.md.`,
      commands(
        ...(azure!.subscription
          ? []
          : ["export ARM_SUBSCRIPTION_ID=$(az account show --query id --output tsv)"]),
        `terraform ${chdir} init`,
        `(umask 077 && terraform ${chdir} apply)`,
      ),
      // A separate block: Terraform would read pasted lines as its answer.
      "When Terraform has finished, add the clusters' credentials to your kubeconfig. If KUBECONFIG lists several files, this uses the last: az would take the list for one file.",
      commands(
        'KUBECONFIG_FILE="${KUBECONFIG:-$HOME/.kube/config}"',
        ...clusters
          .filter(({ aks }) => aks)
          .map((cluster) => `${commandLine("az", getCredentials(cluster))} --file "\${KUBECONFIG_FILE##*:}"`),
        ...clusters
          .filter(({ aks }) => aks?.localAccountDisabled)
          .map(
            ({ context }) =>
              `${commandLine("kubelogin", useLoginOfAz(context))} --kubeconfig "\${KUBECONFIG_FILE##*:}"`,
          ),
      ),
    ],
  };
}

/** If the clusters do not pull from upstream's registries. */
function images({ mesh }: Book): Step[] {
  const toCopy = imagesOf(mesh).filter(({ source, target }) => source !== target);
  if (toCopy.length === 0) return [];
  return [
    {
      title: "Images",
      body: [
        "The clusters pull these images from your registry. Copy them with skopeo, or as in docs/images.md; existing images are not copied again.",
        commands(
          ...toCopy.map(({ source, target }) => `skopeo copy --all docker://${source} docker://${target}`),
        ),
      ],
    },
  ];
}

function certificateAuthority(book: Book): Step {
  return {
    title: "Certificate authority",
    body: [
      book.mesh.ca.from === "files"
        ? "This checks your certificates and writes them to `dist`."
        : "This creates a root for the mesh and an intermediate CA for each cluster, unless they exist. Back up the folder: see README.md.",
      commands(
        ...(book.mesh.ca.from === "files" ? [] : [meshCommand(book, "ca")]),
        meshCommand(book, "synth"),
      ),
    ],
  };
}

function beforeIstio(book: Book): Step {
  return {
    title: "Namespaces and CA secrets, in every cluster",
    body: [
      "These come first: istiod reads the Secret `cacerts` when it starts, and without it signs with a self-signed root.",
      commands(
        ...book.mesh.clusters.map((cluster) => {
          const files = manifestFiles(book.mesh, cluster)
            .filter(({ beforeIstio }) => beforeIstio)
            .map(({ file }) => `-f dist/${cluster.name}/${file}`);
          return `${kubectl(cluster)} apply ${files.join(" ")}`;
        }),
      ),
    ],
  };
}

function primary(book: Book): Step {
  const { primary } = book.mesh;
  return {
    title: `Control plane and gateways on ${primary.name}`,
    body: [
      commands(
        ...install(book, primary),
        ...nodeAgentReady(book, primary),
        `${kubectl(primary)} rollout status --namespace ${istioNamespace} deployment/istiod --timeout=5m`,
        `${kubectl(primary)} apply -f dist/${primary.name}`,
      ),
    ],
  };
}

function address(book: Book): Step {
  const { primary } = book.mesh;
  const address = "{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}";
  return {
    title: `Address of ${primary.name}'s ${book.mesh.istio.line.gateway.name}`,
    body: [
      "This checks the load balancer every five seconds, for at most ten minutes. With the address, `mesh synth` writes the control planes of the remotes.",
      commands(
        `for i in $(seq 120); do ADDRESS=$(${kubectl(primary)} get service ${book.mesh.istio.line.gateway.name} --namespace ${istioNamespace} --output jsonpath='${address}'); [ -n "$ADDRESS" ] && break; sleep 5; done`,
        `if [ -n "$ADDRESS" ]; then printf '${primary.name}: %s\\n' "$ADDRESS" > ${shellQuote(book.paths.addresses)} && ${meshCommand(book, "synth")}; else echo 'no address after ten minutes: kubectl describe service shows why' >&2; fi`,
      ),
    ],
  };
}

function remote(book: Book, remote: Cluster): Step {
  const { primary, istio } = book.mesh;
  const create = istioctlCommand(istio.line, "create-remote-secret");
  const secret = `istioctl ${create.join(" ")} ${at(remote)} --name ${remote.name} | ${kubectl(primary)} apply -f -`;
  const [controlPlane, ...gateway] = install(book, remote);
  const { version } = book.mesh.istio;
  const fault = faultByRemoteSecret(version);
  return {
    title: `The remote ${remote.name}`,
    body: [
      `The remote secret gives ${primary.name}'s istiod access to the API server of ${remote.name}. It must exist before pods with a sidecar start there.`,
      commands(
        controlPlane!,
        ...nodeAgentReady(book, remote),
        secret,
        ...gateway,
        `${kubectl(remote)} apply -f dist/${remote.name}`,
        `${kubectl(remote)} rollout status --namespace ${istioNamespace} deployment/${book.mesh.istio.line.gateway.name} --timeout=5m`,
      ),
      ...(fault
        ? [
            `Istio ${version} ${fault.what} (${fault.issue}). If kubectl printed "configured" for the Secret, restart istiod:`,
            commands(
              `${kubectl(primary)} rollout restart --namespace ${istioNamespace} deployment/istiod`,
              `${kubectl(primary)} rollout status --namespace ${istioNamespace} deployment/istiod --timeout=5m`,
            ),
          ]
        : []),
    ],
  };
}

/** Pods of the mesh start only on nodes that have it. */
function nodeAgentReady({ mesh }: Book, cluster: Cluster): string[] {
  const status = `rollout status --namespace ${istioNamespace} daemonset/${cniName} --timeout=5m`;
  return mesh.istio.cni ? [`${kubectl(cluster)} ${status}`] : [];
}

function install(book: Book, cluster: Cluster): string[] {
  return operatorFiles(book.mesh, cluster).map(
    ({ file }) => `istioctl install ${at(cluster)} -y -f dist/${cluster.name}/${file}`,
  );
}
