/** Certificates of a proxy, from Envoy's config dump, which has no private keys. */
export interface ProxyCertificates {
  /** PEM text: the workload's certificate and what leads to the root. */
  readonly certificateChain: string;
  /** PEM text: what the workload trusts. */
  readonly root: string;
}

/** As `config_dump?resource=dynamic_active_secrets` prints it. */
interface SecretsDump {
  readonly configs?: readonly {
    readonly secret?: {
      readonly name?: string;
      readonly tls_certificate?: { readonly certificate_chain?: DataSource };
      readonly validation_context?: { readonly trusted_ca?: DataSource };
    };
  }[];
}
interface DataSource {
  readonly inline_bytes?: string;
  readonly inline_string?: string;
}

/** Undefined: the pod has no proxy, or the proxy has no certificates yet. */
export function readProxyCertificates(dump: string): ProxyCertificates | undefined {
  if (dump.trim() === "") return undefined;
  const secrets = ((JSON.parse(dump) as SecretsDump).configs ?? []).flatMap(({ secret }) => secret ?? []);
  const chain = secrets.find(({ tls_certificate }) => tls_certificate)?.tls_certificate?.certificate_chain;
  const root = secrets.find(({ name }) => name === "ROOTCA")?.validation_context?.trusted_ca;
  return chain && root ? { certificateChain: text(chain), root: text(root) } : undefined;
}

const text = ({ inline_bytes: bytes, inline_string: string = "" }: DataSource) =>
  bytes === undefined ? string : Buffer.from(bytes, "base64").toString("utf8");
