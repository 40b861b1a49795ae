import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import { DeadlinePassed, ProgramFailed } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { pause } from "../exec/timing";

/**
 * Seconds for a command that does nothing. It takes 0.2 s; an API server whose packets to the kubelet are dropped times
 * out after 30 s.
 */
const answerSeconds = 12;

/** A query that takes longer may never get an answer. */
const doubtSeconds = 2;

/**
 * Messages of an API server that cannot connect to a kubelet (k8s.io/apimachinery/pkg/util/proxy, `error dialing
 * backend`; Kubernetes 1.34 if the node refuses the connection: `error sending request: Post
 * "https://<node>:10250/exec/...": dial tcp ...`; read on 2026-11-27). exec, logs and port-forward use this connection,
 * gets and lists do not.
 */
const dialing = /error dialing backend|error sending request: \w+ "https:\/\/\S+:10250\/\S*": dial tcp/i;
const noConnection = "the API server cannot connect to its nodes (exec, port-forward)";

export const kubeletConnectionFailure = new RegExp(`${dialing.source}|cannot connect to its nodes`, "i");
export const kubeletConnectionFix =
  "allow the API server to connect to port 10250 of its nodes (firewall, network security group); on AKS the konnectivity-agent pods in kube-system carry this traffic: check that they run and that the nodes can reach the API server";

export interface PodOf {
  readonly namespace: string;
  /** Name of the Deployment. */
  readonly name: string;
  /** @default - the pod's default container */
  readonly container?: string;
}

/** A pod that every cluster has: the sample's client or, without a sample, the gateway. */
export function podToTry({ istio, sample }: Mesh): PodOf {
  const { name } = istio.line.sample.client;
  return sample
    ? { namespace: sample.namespace, name, container: name }
    : { namespace: istioNamespace, name: istio.line.gateway.name, container: "istio-proxy" };
}

/** A command that only needs the connection from the API server to a node. */
export const probeArgs = ({ namespace, name, container }: PodOf): readonly string[] => [
  "-n",
  namespace,
  "exec",
  // Does not wait for a pod that is not running.
  "--pod-running-timeout=1s",
  `deployment/${name}`,
  ...(container ? ["-c", container] : []),
  "--",
  "true",
];

/**
 * Why exec and port-forward fail in this cluster.
 * @returns undefined if the kubelet answers, or without a pod to try
 * @throws MissingProgram, Interrupted
 */
export async function whyKubeletUnreachable(
  kubectl: Kubectl,
  pod: PodOf,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    await kubectl.run(probeArgs(pod), { deadlineSeconds: answerSeconds, signal });
    return undefined;
  } catch (error) {
    if (error instanceof DeadlinePassed) {
      // An API server that does not answer at all, or a login prompt, is another problem.
      const answers = await kubectl
        .run(["get", "--raw", "/version"], { deadlineSeconds: answerSeconds, signal })
        .then(
          () => true,
          () => false,
        );
      return answers ? `${noConnection}: kubectl exec: no answer within ${answerSeconds} s` : undefined;
    }
    if (!(error instanceof ProgramFailed)) throw error;
    return noConnectionIn(error);
  }
}

function noConnectionIn(error: unknown): string | undefined {
  const line = error instanceof ProgramFailed && error.stderr.split("\n").find((one) => dialing.test(one));
  // The URL of an exec contains the whole script.
  return line ? `${noConnection}: ${line.replace(/(:10250\/)[^"\s]*/, "$1...")}` : undefined;
}

/**
 * Runs a query that uses exec or port-forward. If the API server cannot connect to its nodes, fails with that error
 * without waiting for the query.
 */
export async function askThroughPod<T>(
  kubectl: Kubectl,
  pod: PodOf,
  signal: AbortSignal,
  question: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const asking = AbortSignal.any([signal, over.signal]);
  const answer = question(asking);
  const doubt = async () => {
    await pause(asking, doubtSeconds * 1000);
    if (asking.aborted) return answer;
    const words = await whyKubeletUnreachable(kubectl, pod, asking);
    if (words !== undefined) throw new Error(words);
    return answer;
  };
  try {
    return await Promise.race([answer, doubt()]);
  } catch (error) {
    const words = noConnectionIn(error);
    throw words === undefined ? error : new Error(words);
  } finally {
    over.abort();
  }
}
