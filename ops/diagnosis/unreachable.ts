import { DeadlinePassed, shortMessage } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { kubeletConnectionFailure, kubeletConnectionFix } from "./kubelet-connection";

/** What kubectl says when it gets nowhere, and what helps. The first that fits counts. */
const failures: readonly { readonly words: RegExp; readonly fix: string }[] = [
  { words: kubeletConnectionFailure, fix: kubeletConnectionFix },
  {
    words: /context .* does not exist/i,
    fix: "no kubeconfig has this context: fetch it, point KUBECONFIG to the file that has it, or name another in mesh.yaml",
  },
  {
    words: /login waits for a person/,
    fix: "log in first, in a terminal where the plugin can ask; or, with kubelogin on AKS, let it use the login of az",
  },
  {
    // kubectl has its own timeout for the server. It did not report one, so its plugin still runs.
    words: /request-timeout=.*: not done within/,
    fix: "kubectl does not end by itself: its credential plugin waits, most likely for a person to log in; run it in a terminal and see",
  },
  {
    // net/http gives the proxy's status alone, without `from server`.
    words:
      /proxyconnect|Unable to connect to the server: (Forbidden|Proxy Authentication Required|Bad Gateway|Service Unavailable)/,
    fix: "the proxy between here and the cluster (HTTPS_PROXY, or proxy-url in the kubeconfig) does not let the connection through: add the API server to NO_PROXY, or have the proxy allow it",
  },
  {
    words: /executable .* (not found|failed)|exec plugin|getting credentials/i,
    fix: "the context logs in through a program of its own: install it (kubelogin on AKS), or log in again",
  },
  {
    words: /Unauthorized|must be logged in|provide credentials/i,
    fix: "the cluster does not know these credentials, or no longer: log in again, or fetch the context anew",
  },
  {
    words: /x509|certificate/i,
    fix: "the kubeconfig trusts another certificate than the server's: was the cluster made again under this name? fetch the context anew",
  },
  {
    words: /no such host|server misbehaving|lookup /i,
    fix: "nobody knows the server's name: does the cluster still exist, and are you in a network that knows it?",
  },
  {
    words: /refused/i,
    fix: "nothing listens at that address, or at the proxy that HTTPS_PROXY names: is the cluster running, and is the address still its own?",
  },
  {
    words: /timeout|timed out|deadline|not done within|no route|unreachable/i,
    fix: "no answer: a firewall, authorized IP ranges, a VPN that is off, or a cluster that is stopped",
  },
];

/** What to do about a cluster that kubectl does not get at, by its words; undefined: nothing is known to help. */
export const fixForUnreachable = (words: string): string | undefined =>
  failures.find((failure) => failure.words.test(words))?.fix;

/** Why a step failed, a line each. */
export type Explain = (signal: AbortSignal, cause: Error) => Promise<readonly string[]>;

/** Seconds within which an API server that is there says its version. */
const answerSeconds = 5;

/**
 * How a step that waited in vain is explained: an API server that does not answer is the whole explanation, and nothing
 * else could be asked; else by `explain`.
 */
export function explainTimeout(kubectl: Kubectl, explain?: Explain): Explain {
  return async (signal, cause) => {
    const failure = cause instanceof DeadlinePassed ? await apiServerFailure(kubectl, signal) : [];
    return failure.length > 0 ? failure : ((await explain?.(signal, cause)) ?? []);
  };
}

async function apiServerFailure(kubectl: Kubectl, signal: AbortSignal): Promise<readonly string[]> {
  const ask = [`--request-timeout=${answerSeconds}s`, "get", "--raw", "/version"];
  try {
    await kubectl.run(ask, { signal, deadlineSeconds: 2 * answerSeconds });
    return [];
  } catch (error) {
    return [`the API server behind the context ${kubectl.context} does not answer: ${shortMessage(error)}`];
  }
}
