import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh, Sample } from "../../mesh/mesh";
import { containersOfNewPod } from "../../ops/clusters/injection";
import { podToTry, whyKubeletUnreachable } from "../../ops/diagnosis/kubelet-connection";
import { ProgramFailed } from "../../ops/exec/errors";
import type { Kubectl } from "../../ops/exec/kubectl";
import { type KubernetesObject, objectNamed } from "../../ops/exec/kubernetes-object";
import { memoize } from "../../ops/exec/memoize";
import { inClient } from "../../ops/traffic/requests";
import type { ClusterProbes } from "../cluster-probes";
import { type ProxyCertificates, readProxyCertificates } from "./proxy-certificates";

/** What verify asks of one cluster beside what every command asks, each question once and only when a check wants to know. */
export interface MeshProbes {
  /** Deployments, Services, pods and endpoints of istio-system, and istio-cni's DaemonSet. */
  istioSystem(): Promise<readonly KubernetesObject[]>;
  /** Secrets of istio-system, keys and tokens included: nothing of them goes anywhere but into comparisons. */
  secrets(): Promise<readonly KubernetesObject[]>;
  /** Deployments, Services and pods of the sample's namespace. */
  sample(): Promise<readonly KubernetesObject[]>;
  /** Istio's Gateways, VirtualServices and DestinationRules, in every namespace. */
  networking(): Promise<readonly KubernetesObject[]>;
  /** Names of the CRDs that the API server serves. */
  crds(): Promise<readonly string[]>;
  /** The ConfigMap with istiod's mesh configuration; undefined: there is none. */
  meshConfig(): Promise<KubernetesObject | undefined>;
  /** Every resource of Istio that configures proxies, in every namespace. */
  istioConfig(): Promise<readonly KubernetesObject[]>;
  /** In every namespace. */
  networkPolicies(): Promise<readonly KubernetesObject[]>;
  /** Names of the containers that a pod of the sample's namespace would have if it were made now. */
  injected(): Promise<readonly string[]>;
  /** What the client's proxy holds; undefined: the client has no proxy. */
  proxyCertificates(): Promise<ProxyCertificates | undefined>;
  /** Why exec and port-forward fail, whatever they are used for; undefined: they work, or no pod runs to try it. */
  whyKubeletUnreachable(): Promise<string | undefined>;
  /** Runs a shell script in the client of the sample. */
  inClient(script: string, options?: ClientOptions): Promise<string>;
  /**
   * The same beside the client, whose connections do not go through its proxy: in the proxy's own container. A client
   * that has no proxy runs it itself.
   */
  besideProxy(script: string): Promise<string>;
}

export interface ClientOptions {
  /** Read by the script; it may hold a secret. */
  readonly input?: string;
  readonly deadlineSeconds?: number;
}

/** Scripts that send one request, or some side by side. */
const scriptSeconds = 30;

/** Questions to one cluster; each is asked once, and none before a check needs its answer. */
export function meshProbesOf(mesh: Mesh, { kubectl, version }: ClusterProbes): MeshProbes {
  const ask = <T>(question: () => Promise<T>) =>
    memoize(async () => {
      // Of a cluster that does not answer nothing more is asked.
      await version();
      return question();
    });
  const get = (...args: string[]) => ask(() => kubectl.get(args));
  const { endpoints } = mesh.istio.line.kubernetes;
  const ofSample = <T>(question: (sample: Sample) => Promise<T>) =>
    ask(() =>
      mesh.sample ? question(mesh.sample) : Promise.reject(new Error("the sample is switched off")),
    );
  const crds = ask(() => readCrds(kubectl));
  const runInClient = async (
    script: string,
    { input, deadlineSeconds = scriptSeconds }: ClientOptions = {},
  ) => {
    const args = inClient(mesh, mesh.sample!, script, { input: input !== undefined });
    const { stdout } = await kubectl.run(args, { input, deadlineSeconds, secretOutput: true });
    return stdout;
  };
  const sample = ofSample(({ namespace }) => kubectl.get(["-n", namespace, "deployments,services,pods"]));
  return {
    istioSystem: get(
      "-n",
      istioNamespace,
      `deployments,${mesh.istio.cni ? "daemonsets," : ""}services,pods,${endpoints}`,
    ),
    secrets: get("-n", istioNamespace, "secrets"),
    sample,
    networking: get(networkingKinds, "--all-namespaces"),
    crds,
    meshConfig: ask(async () => (await kubectl.get(["-n", istioNamespace, "configmap", "istio"]))[0]),
    istioConfig: ask(async () => {
      const served = (await crds()).filter((name) => isIstioConfig.test(name));
      return served.length > 0 ? kubectl.get([served.join(","), "--all-namespaces"]) : [];
    }),
    networkPolicies: get("networkpolicies.networking.k8s.io", "--all-namespaces"),
    injected: ofSample(async ({ namespace }) => {
      const client = objectNamed(await sample(), "Deployment", mesh.istio.line.sample.client.name);
      const { metadata, spec }: PodTemplate = client?.spec.template ?? barePod;
      // One of the mesh's own pods: policies may refuse any other, for its image or for requests that it lacks.
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { ...metadata, name: "mesh-verify", namespace },
        spec,
      };
      // The webhook has ten seconds by itself.
      return containersOfNewPod(kubectl, pod, { deadlineSeconds: 25 });
    }),
    proxyCertificates: ofSample(async () =>
      readProxyCertificates(await runInClient(proxyCertificatesScript)),
    ),
    whyKubeletUnreachable: ask(() => whyKubeletUnreachable(kubectl, podToTry(mesh))),
    inClient: async (script, options) => {
      await version();
      return runInClient(script, options);
    },
    besideProxy: async (script) => {
      await version();
      try {
        const args = inClient(mesh, mesh.sample!, script, { container: "istio-proxy" });
        return (await kubectl.run(args, { deadlineSeconds: scriptSeconds })).stdout;
      } catch (error) {
        if (!(error instanceof ProgramFailed) || !/container .*istio-proxy/.test(error.stderr)) throw error;
        return runInClient(script);
      }
    },
  };
}

/** By their full names: Kubernetes' own Gateway API has a kind of that name too. */
const networkingKinds = ["gateways", "virtualservices", "destinationrules"]
  .map((kind) => `${kind}.networking.istio.io`)
  .join(",");

/** CRDs of what istiod reads to configure proxies. */
const isIstioConfig = /\.(networking|security|telemetry|extensions)\.istio\.io$/;

/** Envoy's administration port, on loopback in the pod. It prints no private keys. */
const proxyCertificatesScript =
  "curl -s -m 10 'localhost:15000/config_dump?resource=dynamic_active_secrets' || true";

async function readCrds(kubectl: Kubectl): Promise<string[]> {
  const established = '{.status.conditions[?(@.type=="Established")].status}';
  const lines = `jsonpath={range .items[*]}{.metadata.name} ${established}{"\\n"}{end}`;
  const { stdout } = await kubectl.run(["get", "customresourcedefinitions", "-o", lines], {
    // The log has no use for hundreds of them.
    secretOutput: true,
  });
  return stdout
    .split("\n")
    .filter((line) => line.endsWith(" True"))
    .map((line) => line.split(" ")[0]!);
}

interface PodTemplate {
  readonly metadata?: object;
  readonly spec: object;
}
const barePod: PodTemplate = { spec: { containers: [{ name: "verify", image: "verify" }] } };
