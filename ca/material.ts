/**
 * One cluster's plug-in CA as PEM texts: what the Secret `cacerts` holds.
 * https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/
 */
export interface ClusterCa {
  /** The cluster's intermediate certificate. */
  readonly caCert: string;
  /** Its private key. Never printed, logged or compared in a message. */
  readonly caKey: string;
  /** The root, the same in every cluster of the mesh. */
  readonly rootCert: string;
  /** The intermediate, then the root. */
  readonly certChain: string;
}

/** Every cluster's CA, by cluster name. */
export type CaMaterial = Readonly<Record<string, ClusterCa>>;

/** Names of the files in a cluster's folder, and of the keys in `cacerts`. */
export const caFileNames: Readonly<Record<keyof ClusterCa, string>> = {
  caCert: "ca-cert.pem",
  caKey: "ca-key.pem",
  rootCert: "root-cert.pem",
  certChain: "cert-chain.pem",
};

/** Names of the root's own files, at the top of a generated CA's folder. The key never goes into a cluster. */
export const rootFileNames = { cert: "root-cert.pem", key: "root-key.pem" } as const;
