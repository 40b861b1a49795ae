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
