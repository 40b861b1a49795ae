import type { Requests } from "../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { holdsMesh } from "../../ops/clusters/owner";
import { quantity } from "../../ops/clusters/quantity";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { runsIstiod } from "../applies-to";
import { type Check, pass, problem } from "../check";
import type { PodRequest } from "../cluster-probes";
import { kubectlIn } from "../suggested-commands";
import type { DoctorWorld } from "./world";

interface Taint {
  readonly key: string;
  readonly effect: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

const architectureOf = ({ status }: KubernetesObject): string => status.nodeInfo?.architecture ?? "unknown";

/** Why a node takes no pod that tolerates nothing; empty: it takes them. */
function whyClosed({ spec, status }: KubernetesObject): string[] {
  const ready = (status.conditions ?? []).find(({ type }: Condition) => type === "Ready");
  const taints = ((spec.taints ?? []) as readonly Taint[]).filter(
    // kubectl cordon adds a taint of its own.
    ({ effect, key }) => effect !== "PreferNoSchedule" && key !== "node.kubernetes.io/unschedulable",
  );
  return [
    ...(ready?.status === "True"
      ? []
      : [`is not Ready: ${ready?.message ?? ready?.reason ?? "no reason given"}`]),
    ...(spec.unschedulable ? ["is cordoned"] : []),
    ...taints.map(({ key, effect }) => `has the taint ${key}:${effect}`),
  ];
}

const isOpen = (node: KubernetesObject) => whyClosed(node).length === 0;

/** More nodes than this are not told one by one. */
const named = 5;

/** CPUs and bytes. */
interface Amount {
  readonly cpu: number;
  readonly memory: number;
}

const amountIn = (text: string) => quantity(text) ?? 0;
const amountOf = ({ cpu, memory }: Requests): Amount => ({ cpu: amountIn(cpu), memory: amountIn(memory) });
const sum = (quantities: readonly string[]) => quantities.reduce((total, one) => total + amountIn(one), 0);
const describe = ({ cpu, memory }: Amount) =>
  `${Math.round(cpu * 1000)}m CPU and ${Math.floor(memory / 2 ** 20)}Mi memory`;

/** Istio's own pods and the sample's proxies, at least one of each, the largest first. */
function podsOf(mesh: Mesh, cluster: Cluster): { name: string; requests: Requests }[] {
  const { line } = mesh.istio;
  const versions = mesh.sample?.versions.filter(({ clusters }) => clusters.includes(cluster.name)) ?? [];
  const proxies = [
    line.gateway.name,
    ...(mesh.gateways.ingress && cluster.role === "primary" ? ["istio-ingressgateway"] : []),
    ...(mesh.sample ? [line.sample.client.name, ...versions.map(({ name }) => `helloworld-${name}`)] : []),
  ];
  return [
    ...(runsIstiod(mesh, cluster) ? [{ name: "istiod", requests: line.requests.istiod }] : []),
    ...[...new Set(proxies)].map((name) => ({ name, requests: line.requests.proxy })),
  ];
}

/** Free amounts of the nodes, once what runs, and what every node has to run, has its place. */
function freeOf({ istio }: Mesh, nodes: readonly KubernetesObject[], pods: readonly PodRequest[]): Amount[] {
  const agent = istio.cni ? amountOf(istio.line.requests.cni) : { cpu: 0, memory: 0 };
  return nodes.map(({ metadata, status }) => {
    const here = pods.filter(({ node }) => node === metadata.name);
    return {
      cpu: amountIn(status.allocatable.cpu) - sum(here.flatMap(({ cpu }) => cpu)) - agent.cpu,
      memory: amountIn(status.allocatable.memory) - sum(here.flatMap(({ memory }) => memory)) - agent.memory,
    };
  });
}

/** Gives each pod the first node that has room; the first that finds none, what has its place by then, and what is left. */
function place(wanted: ReturnType<typeof podsOf>, free: readonly Amount[]) {
  const left = free.map((amount) => ({ ...amount }));
  const homeless = wanted.findIndex(({ requests }) => {
    const { cpu, memory } = amountOf(requests);
    const node = left.find((amount) => amount.cpu >= cpu && amount.memory >= memory);
    if (!node) return true;
    node.cpu -= cpu;
    node.memory -= memory;
    return false;
  });
  return { homeless: wanted[homeless], placed: wanted.slice(0, Math.max(homeless, 0)), left };
}

export const capacityChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "capacity.nodes",
    of: "cluster",
    severity: "fail",
    title: "nodes are Ready",
    looksAt: "the nodes' condition Ready, taints and cordons",
    why: "Without a node no pod starts, and every later step times out.",
    fix: "see why the nodes are not Ready; start the cluster or its node pool if it is stopped",
    needs: ["rights.read"],
    async look({ probes }, cluster) {
      const nodes = await probes(cluster).nodes();
      const open = nodes.filter(isOpen);
      if (open.length > 0) return pass(`${open.length} of ${nodes.length} nodes`);
      const command = kubectlIn(cluster, "get", "nodes");
      const reasons = nodes
        .slice(0, named)
        .map((node) => `${node.metadata.name} ${whyClosed(node).join(", ")}`);
      return problem([`none of ${nodes.length} nodes is Ready and schedulable`, ...reasons], {
        commands: [command],
      });
    },
  },
  {
    id: "capacity.architecture",
    of: "cluster",
    severity: "warn",
    title: "Istio has images for the nodes' architecture",
    looksAt: "the architecture that each node reports, and those that the Istio line is built for",
    why: "An image of another architecture fails with `exec format error`, and the pod ends in CrashLoopBackOff.",
    fix: "add nodes of an architecture that the line is built for, or choose a newer istio.line",
    needs: ["capacity.nodes"],
    async look({ mesh, probes }, cluster) {
      const { id, architectures } = mesh.istio.line;
      const nodes = (await probes(cluster).nodes()).filter(isOpen);
      const others = nodes.filter((node) => !architectures.includes(architectureOf(node)));
      if (others.length === 0) return pass([...new Set(nodes.map(architectureOf))].join(", "));
      const names = others.slice(0, named).map((node) => `${node.metadata.name} (${architectureOf(node)})`);
      const evidence = `${others.length} of ${nodes.length} nodes: ${names.join(", ")}`;
      return problem(`${evidence}; Istio ${id} is built for ${architectures.join(", ")}`);
    },
  },
  {
    id: "capacity.room",
    of: "cluster",
    severity: "warn",
    title: "the nodes have capacity for Istio's pods",
    looksAt:
      "the nodes' allocatable resources minus their pods' requests, against the requests of istiod and the proxies",
    why: "An unschedulable pod stays Pending. istiod alone requests 2 GiB, more than small nodes have free.",
    fix: "add a node or use a larger size; with the cluster autoscaler it may only take longer",
    needs: ["capacity.nodes"],
    async look({ mesh, probes }, cluster) {
      if (holdsMesh(await probes(cluster).namespaces(), mesh))
        return pass(`${mesh.name} is already installed`);
      const nodes = (await probes(cluster).nodes()).filter(isOpen);
      const free = freeOf(mesh, nodes, await probes(cluster).podRequests());
      const wanted = podsOf(mesh, cluster);
      const { homeless, placed, left } = place(wanted, free);
      if (!homeless) return pass(`for ${wanted.map(({ name }) => name).join(", ")}`);
      const beside = placed.length > 0 ? ` beside ${placed.map(({ name }) => name).join(", ")}` : "";
      const freest = [...left].sort((one, other) => other.memory - one.memory)[0]!;
      return problem(
        `no node has capacity for ${homeless.name}${beside}: it requests ${describe(amountOf(homeless.requests))}; the node with most memory left has ${describe(freest)}`,
      );
    },
  },
];
