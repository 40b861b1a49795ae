import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import { DeadlinePassed, ProgramFailed } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { pause } from "../exec/timing";

/**
 * Seconds for a command that does nothing. It takes 0.2 s; an API server whose packets to the kubelet are dropped gives
 * up after 30.
 */
const answerSeconds = 12;

/** A question that has no answer after so many seconds may never get one. */
const doubtSeconds = 2;

/**
 * What the API server says when it gets no connection to a kubelet (k8s.io/apimachinery/pkg/util/proxy,
 * `error dialing backend`; of Kubernetes 1.34, where the node refuses the connection: `error sending request: Post
 * "https://<node>:10250/exec/...": dial tcp ...`; read on 2026-11-27). exec, logs and port-forward go that way, gets and lists do not.
 */
const dialing = /error dialing backend|error sending request: \w+ "https:\/\/\S+:10250\/\S*": dial tcp/i;
const noConnection = "the API server gets no connection to its nodes (exec, port-forward)";

export const kubeletConnectionFailure = new RegExp(`${dialing.source}|no connection to its nodes`, "i");
export const kubeletConnectionFix =
  "let the API server connect to port 10250 of its nodes (firewall, network security group); on AKS the pods of konnectivity-agent in kube-system carry this traffic: see that they run, and that the nodes reach the API server";

export interface PodOf {
  readonly namespace: string;
  /** Name of the Deployment. */
  readonly name: string;
  /** @default - the pod's default container */
  readonly container?: string;
}

/** A pod that every cluster has: the client of the sample or, without a sample, the gateway. */
export function podToTry({ istio, sample }: Mesh): PodOf {
  const { name } = istio.line.sample.client;
  return sample
    ? { namespace: sample.namespace, name, container: name }
    : { namespace: istioNamespace, name: istio.line.gateway.name, container: "istio-proxy" };
}

/** A command that needs the way from the API server to a node, and nothing else. */
export const probeArgs = ({ namespace, name, container }: PodOf): readonly string[] => [
  "-n",
  namespace,
  "exec",
  // A pod that does not run is not waited for.
  "--pod-running-timeout=1s",
  `deployment/${name}`,
  ...(container ? ["-c", container] : []),
  "--",
  "true",
];

/**
 * Why exec and port-forward fail in this cluster, whatever they are used for.
 * @returns undefined where the kubelet answers, and where there is no pod to try it with
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
      // A server that says nothing at all, and a login that waits, are no fault of the nodes.
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
  // The address of an exec has the whole script in it.
  return line ? `${noConnection}: ${line.replace(/(:10250\/)[^"\s]*/, "$1...")}` : undefined;
}

/**
 * Asks something that goes through exec or port-forward. Where the API server gets no connection to its nodes, this is
 * the error, and the question is not waited for.
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
