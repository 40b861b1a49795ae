import { type ClusterCa, caFileNames } from "../../ca/material";
import type { KubernetesObject } from "../../ops/programs/kubernetes-object";

/** The Secret that istiod takes its CA from, and no other. */
export const caSecret = "cacerts";

/** The CA as a cluster holds it. Its key is compared with its certificate, and goes nowhere else. */
export interface LiveCa {
  readonly ca: ClusterCa;
  /** Files that the Secret lacks. */
  readonly missing: readonly string[];
}

/** Undefined: there is no Secret `cacerts`. */
export function liveCa(secrets: readonly KubernetesObject[]): LiveCa | undefined {
  const found = secrets.find(({ metadata }) => metadata.name === caSecret);
  if (!found) return undefined;
  const data: Readonly<Record<string, string>> = found.data ?? {};
  const read = (key: keyof ClusterCa) => Buffer.from(data[caFileNames[key]] ?? "", "base64").toString("utf8");
  return {
    ca: {
      caCert: read("caCert"),
      caKey: read("caKey"),
      rootCert: read("rootCert"),
      certChain: read("certChain"),
    },
    missing: Object.values(caFileNames).filter((file) => !data[file]),
  };
}

/** Secrets of other names that hold a CA: somebody made it and istiod does not look there. */
export const misnamedCas = (secrets: readonly KubernetesObject[]): string[] =>
  secrets
    .filter(({ data }) => Object.values(caFileNames).every((file) => data?.[file]))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== caSecret);
