/**
 * One cluster's plug-in CA as PEM texts: what the Secret `cacerts` holds.
 * https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/
 */
export interface ClusterCa {
  /** The cluster's intermediate certificate. */
  readonly caCert: string;
  /** Its private key. Never printed or logged. */
  readonly caKey: string;
  /** The root, the same in every cluster. */
  readonly rootCert: string;
  /** The intermediate, then the root. */
  readonly certChain: string;
}

/** Every cluster's CA, by cluster name. */
export type CaMaterial = Readonly<Record<string, ClusterCa>>;

export type CaFileNames = Readonly<Record<keyof ClusterCa, string>>;

/** Names of the files in a cluster's folder, and of the keys in `cacerts`. */
export const caFileNames: CaFileNames = {
  caCert: "ca-cert.pem",
  caKey: "ca-key.pem",
  rootCert: "root-cert.pem",
  certChain: "cert-chain.pem",
};

/**
 * The same in a Secret of cert-manager: tls.crt has the intermediate, then the certificates above it without the root.
 * https://cert-manager.io/docs/concepts/certificate/ (read 2026-11-27)
 */
export const certManagerFileNames: CaFileNames = {
  caCert: "tls.crt",
  caKey: "tls.key",
  rootCert: "ca.crt",
  certChain: "tls.crt",
};

/** Files of the root in a generated CA's folder. The key is never in a cluster. */
export const rootFileNames = { cert: "root-cert.pem", key: "root-key.pem" } as const;
