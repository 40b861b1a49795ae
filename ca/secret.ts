import { type ClusterCa, caFileNames } from "./material";

/** The Secret that istiod takes its CA from, and no other. */
export const caSecretName = "cacerts";

/** Keys of a Secret, base64-encoded, as the API server gives it. */
type SecretData = Readonly<Record<string, string>>;

/** The CA in a Secret `cacerts`. Its key is compared with its certificate, and goes nowhere else. */
export interface CaSecret {
  readonly ca: ClusterCa;
  /** Names of the files from which the parts were read. */
  readonly files: Readonly<Record<keyof ClusterCa, string>>;
  /** Files that the Secret lacks. */
  readonly missing: readonly string[];
}

/** Names in a Secret of type kubernetes.io/tls, as cert-manager writes it. */
export const tlsFileNames = { caCert: "tls.crt", caKey: "tls.key", rootCert: "ca.crt" } as const;

/**
 * Reads a CA as istiod does: from `tls.crt`, `tls.key` and `ca.crt` where there is a `tls.crt`, even beside the other
 * four files (`detectSigningCABundle` in pilot/pkg/bootstrap/istio_ca.go of istio/istio, since 1.14; read 2026-11-27).
 *
 * @param readsTls istiod is of such a version
 */
export function caInSecret(data: SecretData, readsTls: boolean): CaSecret {
  const read = (file: string) => Buffer.from(data[file] ?? "", "base64").toString("utf8");
  const lacking = (files: readonly string[]) => files.filter((file) => !data[file]);
  if (!readsTls || !data[tlsFileNames.caCert]) {
    const { caCert, caKey, rootCert, certChain } = caFileNames;
    return {
      ca: { caCert: read(caCert), caKey: read(caKey), rootCert: read(rootCert), certChain: read(certChain) },
      files: caFileNames,
      missing: lacking(Object.values(caFileNames)),
    };
  }
  const { caCert, caKey, rootCert } = tlsFileNames;
  const signing = read(caCert);
  return {
    ca: {
      caCert: firstCertificate(signing),
      caKey: read(caKey),
      rootCert: read(rootCert),
      certChain: `${signing.trimEnd()}\n${read(rootCert)}`,
    },
    files: { ...tlsFileNames, certChain: caCert },
    missing: lacking(Object.values(tlsFileNames)),
  };
}

/** cert-manager puts what is above the signing certificate behind it. */
const firstCertificate = (pem: string) => /^[\s\S]*?-----END CERTIFICATE-----\r?\n?/.exec(pem)?.[0] ?? pem;
