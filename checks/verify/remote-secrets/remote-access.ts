import { load } from "js-yaml";

/** What the check needs of a kubeconfig; undefined where it is none. */
export interface Access {
  readonly server: string;
  /** PEM text. */
  readonly authority: string;
  readonly token: string | undefined;
  /** What istiod refuses to run or to read (pkg/kube, `sanitizeKubeConfig`). */
  readonly refused: string | undefined;
}

/** Undefined: it is no kubeconfig. */
export function accessIn(kubeconfig: string): Access | undefined {
  try {
    const { clusters, users } = load(kubeconfig) as KubeconfigFile;
    const { server, "certificate-authority-data": authority = "" } = clusters[0]!.cluster;
    const { token, ...credentials } = users[0]?.user ?? {};
    const refused = ["exec", "auth-provider", "tokenFile", "client-certificate", "client-key"].find(
      (name) => name in credentials,
    );
    return { server, authority: Buffer.from(authority, "base64").toString("utf8"), token, refused };
  } catch {
    return undefined;
  }
}

interface KubeconfigFile {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly "certificate-authority-data"?: string };
  }[];
  readonly users: readonly { readonly user: { readonly token?: string; readonly [key: string]: unknown } }[];
}

/** Seconds for the remote's API server to answer the primary. */
const dialSeconds = 5;

/**
 * Asks the remote's API server from inside the primary for one object of each kind, as istiod does. Everything secret
 * comes by the script's input: arguments can be read by others.
 */
export function askScript(
  { server, authority, token }: Access,
  kinds: readonly string[],
): { script: string; input: string } {
  // The container's file system is read-only: both reach curl by file descriptors. These can be read once, so one
  // connection must do, and the API server ends one of HTTP/2 with a 401.
  const trust = authority ? "--cacert /dev/stdin " : "";
  const urls = kinds.map((kind) => `-o /dev/null "$server/api/v1/${kind}?limit=1"`).join(" ");
  const script = [
    "read -r server; read -r token",
    `curl -sS --http1.1 --fail-early -m ${dialSeconds} ${trust}-K /dev/fd/3 -w '%{http_code}\\n' ${urls} 2>&1 3<<EOF`,
    'header = "Authorization: Bearer $token"',
    "EOF",
    "true",
  ].join("\n");
  return { script, input: `${server}\n${token ?? ""}\n${authority}` };
}

/**
 * Kinds that the token may not list, where it may list some.
 * @param said a status code a line, in the order of `kinds`
 */
export function kindsRefused(said: string, kinds: readonly string[]): string[] {
  const codes = said.split("\n");
  return codes.includes("200") ? kinds.filter((_, index) => codes[index] === "403") : [];
}

/** What the primary's request for a pod of the remote comes back with, and what it means. */
export const answers: readonly { readonly said: RegExp; readonly means: string; readonly again: boolean }[] =
  [
    { said: /^401\b/, means: "the API server does not know the token of the remote secret", again: true },
    {
      said: /^403\b/,
      means:
        "the token of the remote secret may not list pods: the reader's ClusterRole or its binding is gone",
      again: true,
    },
    {
      said: /\((35|60)\)/,
      means: "the certificate of the API server is not of the authority in the remote secret",
      again: true,
    },
    { said: /\(6\)/, means: "DNS lookup of the server's name failed in the primary", again: false },
    {
      said: /\((7|28|52|56)\)/,
      means:
        "the API server does not answer the primary: a firewall, authorized IP ranges, or a private address",
      again: false,
    },
  ];
