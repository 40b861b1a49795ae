import { manifestFiles } from "../../k8s/bundle";
import { istioNamespace } from "../../k8s/istio-names";
import { helloworldPort } from "../../mesh/istio-lines";
import type { Cluster } from "../../mesh/mesh";
import { at, type Book, type Commands, commands, kubectl, meshCommand, type Step } from "./step";

/** Shows that the mesh works, and shifts its traffic. */
export function look(book: Book): Step[] {
  const { remotes, sample } = book.mesh;
  return [
    ...(remotes.length > 0 ? [lookAtTheControlPlane(book)] : []),
    ...(sample ? [sampleAnswers(book), endpoints(book), ...split(book)] : []),
    ...dashboards(book),
  ];
}

function lookAtTheControlPlane(book: Book): Step {
  const { primary, istio } = book.mesh;
  return {
    title: "The control plane reads every cluster",
    body: istio.line.istiodTellsJson
      ? ["Every cluster must be `synced`.", commands(`istioctl remote-clusters ${at(primary)}`)]
      : ["The proxies of every cluster must be `SYNCED`.", commands(`istioctl proxy-status ${at(primary)}`)],
  };
}

function sampleAnswers(book: Book): Step {
  const { clusters, sample, istio } = book.mesh;
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
      `Every cluster must get replies from ${versions.map(({ name }) => name).join(" and ")}.`,
      commands(...rollouts),
      commands(...clusters.map((cluster) => requests(book, cluster, 20))),
    ],
  };
}

function requests(book: Book, cluster: Cluster, count: number): string {
  const { sample, istio } = book.mesh;
  const { name } = istio.line.sample.client;
  const url = `http://helloworld.${sample!.namespace}:${helloworldPort}/hello`;
  return `${kubectl(cluster)} exec --namespace ${sample!.namespace} deployment/${name} --container ${name} -- sh -c 'for i in $(seq ${count}); do curl -sS -m 5 ${url}; done'`;
}

function endpoints(book: Book): Step {
  const { clusters, sample } = book.mesh;
  return {
    title: "Endpoints in each cluster",
    body: [
      "The endpoints are the cluster's own pods and, for each other cluster, the address of its gateway, however many pods it leads to.",
      commands(
        ...clusters.flatMap((cluster) => [
          proxyEndpoints(book, cluster),
          `${kubectl(cluster)} get pods --namespace ${sample!.namespace} --selector app=helloworld --output wide`,
          `${kubectl(cluster)} get service ${book.mesh.istio.line.gateway.name} --namespace ${istioNamespace}`,
        ]),
      ),
      ...scaling(book),
    ],
  };
}

function scaling(book: Book): (string | Commands)[] {
  const { clusters, sample } = book.mesh;
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
    "With two replicas, every version has two local endpoints, and still one for each other cluster:",
    commands(
      ...scale(2),
      ...places.map(
        ({ cluster, deployment }) =>
          `${kubectl(cluster)} rollout status --namespace ${namespace} ${deployment} --timeout=5m`,
      ),
      ...clusters.map((cluster) => proxyEndpoints(book, cluster)),
      ...scale(1),
    ),
  ];
}

function proxyEndpoints(book: Book, cluster: Cluster): string {
  const { namespace } = book.mesh.sample!;
  const { name } = book.mesh.istio.line.sample.client;
  return `istioctl proxy-config endpoints deployment/${name} ${at(cluster)} --namespace ${namespace} --cluster 'outbound|${helloworldPort}||helloworld.${namespace}.svc.cluster.local'`;
}

function split(book: Book): Step[] {
  const { primary, sample } = book.mesh;
  if (!sample!.weights) return [];
  const routing = manifestFiles(book.mesh, primary).find(({ id }) => id === "routing")!;
  return [
    {
      title: "The split",
      body: [
        `To shift traffic, edit \`sample.weights\` in \`${book.paths.mesh}\`, then run:`,
        commands(
          meshCommand(book, "synth"),
          `${kubectl(primary)} apply -f dist/${primary.name}/${routing.file}`,
        ),
        "Count the replies:",
        commands(`${requests(book, primary, 200)} | cut -d, -f1 | sort | uniq -c`),
      ],
    },
  ];
}

function dashboards(book: Book): Step[] {
  const { addons, primary, sample } = book.mesh;
  if (!addons.kiali) return [];
  return [
    {
      title: "Kiali",
      body: [
        `This opens the browser. In the graph, choose the namespace ${sample?.namespace ?? "of your app"}, the versioned app graph, and request percentages as edge labels.`,
        commands(`istioctl dashboard kiali ${at(primary)}`),
      ],
    },
  ];
}
