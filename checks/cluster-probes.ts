import { istioNamespace } from "../k8s/istio-names";
import type { Cluster, Mesh } from "../mesh/mesh";
import type { Version } from "../mesh/versions";
import { readPublicCa } from "../ops/clusters/ca-secret";
import { type Inventory, inventoryName } from "../ops/clusters/inventory";
import { type Kubectl, kubectlFor } from "../ops/exec/kubectl";
import type { KubernetesObject } from "../ops/exec/kubernetes-object";
import { withRequestTimeout } from "../ops/exec/limits";
import { memoize } from "../ops/exec/memoize";
import { serverVersion } from "../ops/exec/versions";
import type { Context } from "../ops/run/context";
import { type AccessReview, type Right, reviewAccess } from "./access-review";

/**
 * What is asked of one cluster, each question once and only when a check wants to know. Every other question waits for
 * the first answer, so that a cluster that does not answer costs one deadline, not ten.
 */
export interface ClusterProbes {
  readonly kubectl: Kubectl;
  /** Kubernetes' version: the first question. */
  version(): Promise<Version | undefined>;
  /** The user, the server's clock, and the rights that are missing. */
  accessReview(): Promise<AccessReview>;
  namespaces(): Promise<readonly KubernetesObject[]>;
  nodes(): Promise<readonly KubernetesObject[]>;
  /** Deployments of a control plane, in any namespace. */
  controlPlanes(): Promise<readonly KubernetesObject[]>;
  /** Mutating and validating webhook configurations, Istio's and others. */
  webhooks(): Promise<readonly KubernetesObject[]>;
  /** What this project noted here; undefined: nothing. */
  inventory(): Promise<Inventory | undefined>;
  /** PEM text of the root in istio-ca-root-cert; undefined: none. */
  trustedRoot(): Promise<string | undefined>;
  /** PEM text of the root in the Secret `cacerts`; undefined: there is none. The Secret's keys are not read. */
  installedRoot(): Promise<string | undefined>;
  /** Of the pods that hold a place on a node. */
  podRequests(): Promise<readonly PodRequest[]>;
}

export interface PodRequest {
  readonly node: string;
  /** Kubernetes quantities, one for each container that asks for any. */
  readonly cpu: readonly string[];
  readonly memory: readonly string[];
}

/** @param rights to ask about, in one go */
export function probesOf(
  { programs, now }: Pick<Context, "programs" | "now">,
  mesh: Mesh,
  { context }: Cluster,
  rights: readonly Right[],
): ClusterProbes {
  const kubectl = kubectlFor(withRequestTimeout(programs), context);
  const version = memoize(() => serverVersion(kubectl));
  const ask = <T>(question: () => Promise<T>) =>
    memoize(async () => {
      await version();
      return question();
    });
  const get = (...args: string[]) => ask(() => kubectl.get(args));
  const istio = get("-n", istioNamespace, `configmap/${inventoryName}`, "configmap/istio-ca-root-cert");
  const configMap = async (name: string) => (await istio()).find(({ metadata }) => metadata.name === name);
  return {
    kubectl,
    version,
    accessReview: ask(() => reviewAccess(kubectl, rights, now)),
    namespaces: get("namespaces"),
    nodes: get("nodes"),
    controlPlanes: get("deployments", "--all-namespaces", "--selector=app=istiod"),
    webhooks: get("mutatingwebhookconfigurations,validatingwebhookconfigurations"),
    async inventory() {
      const found = await configMap(inventoryName);
      return found && JSON.parse(found.data["inventory.json"]);
    },
    async trustedRoot() {
      return (await configMap("istio-ca-root-cert"))?.data?.["root-cert.pem"];
    },
    installedRoot: ask(async () => (await readPublicCa(kubectl, mesh))?.rootCert),
    podRequests: ask(() => readPodRequests(kubectl)),
  };
}

const container = "{.resources.requests.cpu},{.resources.requests.memory}";
const podLines =
  `jsonpath={range .items[*]}{.spec.nodeName}{range .spec.containers[*]}{" "}${container}{end}` +
  '{range .spec.initContainers[?(@.restartPolicy=="Always")]}{" "}' +
  `${container}{end}{"\\n"}{end}`;

/** Pods may be many and long: kubectl prints what counts, a line each. */
async function readPodRequests(kubectl: Kubectl): Promise<PodRequest[]> {
  const running = "--field-selector=status.phase!=Succeeded,status.phase!=Failed,spec.nodeName!=";
  const { stdout } = await kubectl.run(["get", "pods", "--all-namespaces", running, "-o", podLines], {
    // The log has no use for thousands of them.
    secretOutput: true,
  });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [node, ...containers] = line.split(" ");
      const requests = containers.map((each) => each.split(","));
      return {
        node: node!,
        cpu: requests.flatMap(([cpu]) => cpu || []),
        memory: requests.flatMap(([, memory]) => memory || []),
      };
    });
}

/** The Service that a webhook configuration calls, if the webhooks are Istio's. */
export function istioService({
  webhooks = [],
}: KubernetesObject): { name: string; namespace: string } | undefined {
  const ours = webhooks.filter(({ name }: { name: string }) => /(^|\.)istio\.io$/.test(name));
  return ours.find((webhook: KubernetesObject) => webhook.clientConfig?.service)?.clientConfig.service;
}
