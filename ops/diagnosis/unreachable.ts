import { DeadlinePassed, shortMessage } from "../exec/errors";
import type { Kubectl } from "../exec/kubectl";
import { kubeletConnectionFailure, kubeletConnectionFix } from "./kubelet-connection";

/** Error messages of kubectl, and their fixes. The first match counts. */
const failures: readonly { readonly words: RegExp; readonly fix: string }[] = [
  { words: kubeletConnectionFailure, fix: kubeletConnectionFix },
  {
    words: /context .* does not exist/i,
    fix: "no kubeconfig has this context: fetch it, set KUBECONFIG to the file that has it, or set another context in mesh.yaml",
  },
  {
    words: /login required/,
    fix: "log in first, in a terminal where the plugin can ask; or, with kubelogin on AKS, let it use the login of az",
  },
  {
    // kubectl has its own timeout for the server. It did not report a timeout, so its plugin still runs.
    words: /request-timeout=.*: not done within/,
    fix: "kubectl hangs: its credential plugin probably waits for a login; run the command in a terminal",
  },
  {
    // net/http only gives the proxy's status, without `from server`.
    words:
      /proxyconnect|Unable to connect to the server: (Forbidden|Proxy Authentication Required|Bad Gateway|Service Unavailable)/,
    fix: "the proxy (HTTPS_PROXY, or proxy-url in the kubeconfig) refuses the connection: add the API server to NO_PROXY, or allow it in the proxy",
  },
  {
    words: /executable .* (not found|failed)|exec plugin|getting credentials/i,
    fix: "the credential plugin failed: install it (kubelogin on AKS), or log in again",
  },
  {
    words: /Unauthorized|must be logged in|provide credentials/i,
    fix: "the cluster rejects these credentials: log in again, or fetch the context again",
  },
  {
    words: /x509|certificate/i,
    fix: "the kubeconfig does not trust the server's certificate: if the cluster was recreated under this name, fetch the context again",
  },
  {
    words: /no such host|server misbehaving|lookup /i,
    fix: "DNS lookup failed: does the cluster exist, and are you on the right network or VPN?",
  },
  {
    words: /refused/i,
    fix: "connection refused, by that address or by the proxy in HTTPS_PROXY: is the cluster running, and is the address still correct?",
  },
  {
    words: /timeout|timed out|deadline|not done within|no route|unreachable/i,
    fix: "no answer: a firewall, authorized IP ranges, a VPN that is off, or a cluster that is stopped",
  },
];

/** The fix for a cluster that kubectl cannot reach, by kubectl's message; undefined: none is known. */
export const fixForUnreachable = (words: string): string | undefined =>
  failures.find((failure) => failure.words.test(words))?.fix;

/** Why a step failed, as lines. */
export type Explain = (signal: AbortSignal, cause: Error) => Promise<readonly string[]>;

/** Seconds for an API server to report its version. */
const answerSeconds = 5;

/**
 * Explains a step's timeout: an API server that does not answer is the whole explanation, and nothing else can be asked;
 * otherwise `explain` does.
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
    return [`the API server of the context ${kubectl.context} does not answer: ${shortMessage(error)}`];
  }
}
