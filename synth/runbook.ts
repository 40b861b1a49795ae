import { istioNamespace } from "../k8s/bundle";
import { bundleFiles } from "../k8s/bundle-files";
import { terraformStackName } from "../mesh/azure-names";
import type { Cluster, Mesh } from "../mesh/mesh";
import type { Inputs } from "./inputs";
import { type Commands, commands, formatSteps, type Step, shellQuote } from "./markdown";

/**
 * `dist/RUNBOOK.md`: every command from nothing to a working mesh and back, in order, with this mesh's names filled
 * in. `mesh apply` does the same; the runbook is for those who want to see or do it by hand.
 */
export function runbook({ mesh, paths }: Pick<Inputs, "mesh" | "paths">): string {
  const book = new Runbook(mesh, paths.mesh, paths.addresses);
  return `${[book.introduction(), formatSteps(book.steps())].join("\n\n")}\n`;
}

class Runbook {
  private readonly gateway: string;
  /** `istioctl x create-remote-secret` until it left the experimental commands. */
  private readonly createRemoteSecret: string;

  constructor(
    private readonly mesh: Mesh,
    private readonly meshFile: string,
    private readonly addressesFile: string,
  ) {
    const { line } = mesh.istio;
    this.gateway = line.gateway.name;
    this.createRemoteSecret =
      line.installation === "shared-control-plane" ? "x create-remote-secret" : "create-remote-secret";
  }

  introduction(): string {
    const { name, istio, clusters } = this.mesh;
    const table = clusters.map(
      ({ name, role, network, context }) => `| ${name} | ${role} | ${network} | \`${context}\` |`,
    );
    return [
      `# Runbook of the mesh ${name}`,
      `Istio ${istio.version} over ${clusters.length} ${clusters.length === 1 ? "cluster" : "clusters"}. Every command below can be pasted as it is, from top to bottom, in the folder that holds \`dist\`. \`npx mesh apply\` does steps ${this.firstApplyStep} and following on its own.`,
      ["| cluster | role | network | context |", "|---|---|---|---|", ...table].join("\n"),
    ].join("\n\n");
  }

  private get firstApplyStep(): number {
    return this.mesh.azure ? 4 : 3;
  }

  steps(): Step[] {
    const { azure, remotes, sample } = this.mesh;
    return [
      this.programs(),
      ...(azure ? [this.aksClusters()] : []),
      this.certificateAuthority(),
      this.beforeIstio(),
      this.primary(),
      ...(remotes.length > 0 ? [this.address(), ...remotes.map((remote) => this.remote(remote))] : []),
      ...(remotes.length > 0 ? [this.lookAtTheControlPlane()] : []),
      ...(sample ? [this.sampleAnswers(), this.endpoints(), ...this.split()] : []),
      ...this.dashboards(),
      this.teardown(),
    ];
  }

  private programs(): Step {
    const { version, line } = this.mesh.istio;
    return {
      title: "Programs",
      body: [
        `istioctl must be ${version}; kubectl within one minor version of the clusters (${line.kubernetes.min} to ${line.kubernetes.max}).`,
        commands("istioctl version --remote=false", "kubectl version --client"),
      ],
    };
  }

  private aksClusters(): Step {
    const { clusters, azure } = this.mesh;
    const chdir = `-chdir=${shellQuote(`cdktf.out/stacks/${terraformStackName(azure!)}`)}`;
    const group = shellQuote(azure!.resourceGroup);
    return {
      title: "Resource group and AKS clusters",
      body: [
        "Terraform shows what it is going to make and asks. Its state holds the clusters' kubeconfigs: docs/azure.md shows an encrypted backend.",
        commands(
          ...(azure!.subscription
            ? []
            : ["export ARM_SUBSCRIPTION_ID=$(az account show --query id --output tsv)"]),
          `terraform ${chdir} init`,
          `terraform ${chdir} apply`,
          ...clusters
            .filter(({ aks }) => aks)
            .map(({ aks }) => `az aks get-credentials --resource-group ${group} --name ${aks!.name}`),
        ),
      ],
    };
  }

  private certificateAuthority(): Step {
    return {
      title: "Certificate authority",
      body: [
        this.mesh.ca.from === "files"
          ? "Your own certificates are checked and put into `dist`."
          : "Makes a root for the mesh and an intermediate per cluster where there are none. Back up the folder: README.md says how.",
        commands(
          ...(this.mesh.ca.from === "files" ? [] : [this.meshCommand("ca")]),
          this.meshCommand("synth"),
        ),
      ],
    };
  }

  private beforeIstio(): Step {
    return {
      title: "Namespaces and CA secrets, in every cluster",
      body: [
        "First, because istiod reads the secret `cacerts` when it starts, and signs with a root of its own where there is none.",
        commands(
          ...this.mesh.clusters.map((cluster) => {
            const files = bundleFiles(this.mesh, cluster)
              .manifests.filter(({ beforeIstio }) => beforeIstio)
              .map(({ file }) => `-f dist/${cluster.name}/${file}`);
            return `${kubectl(cluster)} apply ${files.join(" ")}`;
          }),
        ),
      ],
    };
  }

  private primary(): Step {
    const { primary } = this.mesh;
    return {
      title: `Control plane and gateways on ${primary.name}`,
      body: [
        commands(
          ...this.install(primary),
          `${kubectl(primary)} rollout status --namespace ${istioNamespace} deployment/istiod --timeout=5m`,
          `${kubectl(primary)} apply -f dist/${primary.name}`,
        ),
      ],
    };
  }

  private address(): Step {
    const { primary } = this.mesh;
    const address = "{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}";
    return {
      title: `Address of ${primary.name}'s ${this.gateway}`,
      body: [
        "The load balancer takes a while: this looks every five seconds, for ten minutes at most. With the address known, `dist` gets the remotes' control planes.",
        commands(
          `for i in $(seq 120); do ADDRESS=$(${kubectl(primary)} get service ${this.gateway} --namespace ${istioNamespace} --output jsonpath='${address}'); [ -n "$ADDRESS" ] && break; sleep 5; done`,
          `printf '${primary.name}: %s\\n' "$ADDRESS" > ${shellQuote(this.addressesFile)}`,
          this.meshCommand("synth"),
        ),
      ],
    };
  }

  private remote(remote: Cluster): Step {
    const { primary } = this.mesh;
    const secret = `istioctl ${this.createRemoteSecret} --context ${remote.context} --name ${remote.name} | ${kubectl(primary)} apply -f -`;
    const [controlPlane, ...gateway] = this.install(remote);
    return {
      title: `The remote ${remote.name}`,
      body: [
        `The remote secret gives ${primary.name}'s istiod access to the API server of ${remote.name}. It goes before anything with a sidecar starts there.`,
        commands(
          controlPlane!,
          secret,
          ...gateway,
          `${kubectl(remote)} apply -f dist/${remote.name}`,
          `${kubectl(remote)} rollout status --namespace ${istioNamespace} deployment/${this.gateway} --timeout=5m`,
        ),
      ],
    };
  }

  private lookAtTheControlPlane(): Step {
    const { primary, istio } = this.mesh;
    return {
      title: "The control plane reads every cluster",
      body:
        istio.line.installation === "primary-remote"
          ? [
              "Every cluster must say `synced`.",
              commands(`istioctl remote-clusters --context ${primary.context}`),
            ]
          : [
              "Proxies of every cluster must say `SYNCED`.",
              commands(`istioctl proxy-status --context ${primary.context}`),
            ],
    };
  }

  private sampleAnswers(): Step {
    const { clusters, sample, istio } = this.mesh;
    const versions = sample!.versions;
    const rollouts = clusters.flatMap((cluster) =>
      [
        ...versions
          .filter((version) => version.clusters.includes(cluster.name))
          .map((version) => `helloworld-${version.name}`),
        istio.line.sample.client.name,
      ].map(
        (deployment) =>
          `${kubectl(cluster)} rollout status --namespace ${sample!.namespace} deployment/${deployment} --timeout=5m`,
      ),
    );
    return {
      title: "The sample app answers from every cluster",
      body: [
        `Both sides must see ${versions.map(({ name }) => name).join(" and ")}.`,
        commands(...rollouts),
        commands(...clusters.map((cluster) => this.requests(cluster, 20))),
      ],
    };
  }

  private requests(cluster: Cluster, count: number): string {
    const { sample, istio } = this.mesh;
    const { name } = istio.line.sample.client;
    const url = `http://helloworld.${sample!.namespace}:5000/hello`;
    return `${kubectl(cluster)} exec --namespace ${sample!.namespace} deployment/${name} --container ${name} -- sh -c 'for i in $(seq ${count}); do curl -sS -m 5 ${url}; done'`;
  }

  private endpoints(): Step {
    const { clusters, sample } = this.mesh;
    return {
      title: "What each cluster sees",
      body: [
        "The addresses are the cluster's own pods, and one per other cluster: that of its gateway, however many pods are behind it.",
        commands(
          ...clusters.flatMap((cluster) => [
            this.proxyEndpoints(cluster),
            `${kubectl(cluster)} get pods --namespace ${sample!.namespace} --selector app=helloworld --output wide`,
            `${kubectl(cluster)} get service ${this.gateway} --namespace ${istioNamespace}`,
          ]),
        ),
        ...this.scaling(),
      ],
    };
  }

  /** The walk-through's look at scaled versions: more local addresses, and still one per other cluster. */
  private scaling(): (string | Commands)[] {
    const { clusters, sample } = this.mesh;
    const { namespace } = sample!;
    const places = sample!.versions.flatMap((version) =>
      clusters
        .filter(({ name }) => version.clusters.includes(name))
        .map((cluster) => ({ cluster, deployment: `deployment/helloworld-${version.name}` })),
    );
    const scale = (replicas: number) =>
      places.map(
        ({ cluster, deployment }) =>
          `${kubectl(cluster)} scale --namespace ${namespace} ${deployment} --replicas=${replicas}`,
      );
    return [
      "Scaled to two, every version has two local addresses, and still one per other cluster:",
      commands(
        ...scale(2),
        ...places.map(
          ({ cluster, deployment }) =>
            `${kubectl(cluster)} rollout status --namespace ${namespace} ${deployment} --timeout=5m`,
        ),
        ...clusters.map((cluster) => this.proxyEndpoints(cluster)),
        ...scale(1),
      ),
    ];
  }

  private proxyEndpoints({ context }: Cluster): string {
    const { namespace } = this.mesh.sample!;
    const { name } = this.mesh.istio.line.sample.client;
    return `istioctl proxy-config endpoints deployment/${name} --context ${context} --namespace ${namespace} --cluster 'outbound|5000||helloworld.${namespace}.svc.cluster.local'`;
  }

  private split(): Step[] {
    const { primary, sample } = this.mesh;
    if (!sample!.weights) return [];
    const weights = Object.entries(sample!.weights).map(([name, weight]) => `${name} ${weight}`);
    const routing = bundleFiles(this.mesh, primary).manifests.find(({ id }) => id === "routing")!;
    return [
      {
        title: "The split",
        body: [
          `Now ${weights.join(", ")} percent. To move it, edit \`sample.weights\` in \`${this.meshFile}\`, then:`,
          commands(
            this.meshCommand("synth"),
            `${kubectl(primary)} apply -f dist/${primary.name}/${routing.file}`,
          ),
          "Count the answers:",
          commands(`${this.requests(primary, 200)} | cut -d, -f1 | sort | uniq -c`),
        ],
      },
    ];
  }

  private dashboards(): Step[] {
    const { addons, primary, sample } = this.mesh;
    if (!addons.kiali) return [];
    return [
      {
        title: "Kiali",
        body: [
          `Opens the browser. In the graph choose the namespace ${sample?.namespace ?? "of your app"}, the versioned app graph and the display of request percentages.`,
          commands(`istioctl dashboard kiali --context ${primary.context}`),
        ],
      },
    ];
  }

  private teardown(): Step {
    const { clusters, primary, remotes, sample, azure } = this.mesh;
    const chdir = azure && `-chdir=${shellQuote(`cdktf.out/stacks/${terraformStackName(azure)}`)}`;
    return {
      title: "Taking it down",
      body: [
        "Remote secrets first, so that no endpoints of a dead cluster stay behind; load balancers before the clusters, or Azure keeps their addresses. Istio's CRDs go too, and with them every resource of theirs, other people's included: leave out `--purge` to keep them.",
        commands(
          ...remotes.map(
            ({ name }) =>
              `${kubectl(primary)} delete secret istio-remote-secret-${name} --namespace ${istioNamespace} --ignore-not-found`,
          ),
          ...clusters.flatMap((cluster) => [
            ...(sample
              ? [`${kubectl(cluster)} delete namespace ${sample.namespace} --ignore-not-found`]
              : []),
            `istioctl ${this.mesh.istio.line.installation === "primary-remote" ? "uninstall" : "x uninstall"} --context ${cluster.context} --purge -y`,
            `${kubectl(cluster)} delete namespace ${istioNamespace} --ignore-not-found`,
          ]),
          ...(chdir ? [`terraform ${chdir} destroy`] : []),
        ),
      ],
    };
  }

  private install(cluster: Cluster): string[] {
    return bundleFiles(this.mesh, cluster).operators.map(
      ({ file }) => `istioctl install --context ${cluster.context} -y -f dist/${cluster.name}/${file}`,
    );
  }

  /** `npx mesh ca`, with `-f` where the mesh is not in `mesh.yaml`. */
  private meshCommand(name: string): string {
    return `npx mesh ${name}${this.meshFile === "mesh.yaml" ? "" : ` -f ${shellQuote(this.meshFile)}`}`;
  }
}

function kubectl({ context }: Cluster): string {
  return `kubectl --context ${context}`;
}
