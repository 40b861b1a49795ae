import { type ClusterCa, caFileNames, certManagerFileNames } from "./material";
import { firstBlock } from "./pem";

/** The Secret from which istiod reads its CA. */
export const caSecretName = "cacerts";

/** Data of a Secret, base64-encoded as in the API. */
type SecretData = Readonly<Record<string, string>>;

/** The CA in a Secret `cacerts`. The private key is compared with the certificate only. */
export interface CaSecret {
  readonly ca: ClusterCa;
  /** Files of the parts. */
  readonly files: Readonly<Record<keyof ClusterCa, string>>;
  /** Files that the Secret lacks. */
  readonly missing: readonly string[];
}

/**
 * Reads a CA as istiod does: from `tls.crt`, `tls.key` and `ca.crt` where there is a `tls.crt`, even beside the other
 * four files (`detectSigningCABundle` in pilot/pkg/bootstrap/istio_ca.go of istio/istio, since 1.14; read 2026-11-27).
 *
 * @param readsTls istiod is of such a version
 */
export function caInSecret(data: SecretData, readsTls: boolean): CaSecret {
  const read = (file: string) => Buffer.from(data[file] ?? "", "base64").toString("utf8");
  const lacking = (files: readonly string[]) => files.filter((file) => !data[file]);
  if (!readsTls || !data[certManagerFileNames.caCert]) {
    const { caCert, caKey, rootCert, certChain } = caFileNames;
    return {
      ca: { caCert: read(caCert), caKey: read(caKey), rootCert: read(rootCert), certChain: read(certChain) },
      files: caFileNames,
      missing: lacking(Object.values(caFileNames)),
    };
  }
  const { caCert, caKey, rootCert } = certManagerFileNames;
  const signing = read(caCert);
  return {
    ca: {
      caCert: firstBlock(signing),
      caKey: read(caKey),
      rootCert: read(rootCert),
      certChain: `${signing.trimEnd()}\n${read(rootCert)}`,
    },
    files: certManagerFileNames,
    missing: lacking([caCert, caKey, rootCert]),
  };
}
