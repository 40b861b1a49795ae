import { caFileNames } from "../../ca/material";
import { type CaSecret, caInSecret, caSecretName } from "../../ca/secret";
import type { Mesh } from "../../mesh/mesh";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";

/** The CA as a cluster holds it; undefined: there is no Secret `cacerts`. */
export function liveCa({ istio }: Mesh, secrets: readonly KubernetesObject[]): CaSecret | undefined {
  const found = secrets.find(({ metadata }) => metadata.name === caSecretName);
  return found && caInSecret(found.data ?? {}, istio.line.readsTlsSecret);
}

/** Secrets of other names that hold a CA: istiod does not read them. */
export const misnamedCas = (secrets: readonly KubernetesObject[]): string[] =>
  secrets
    .filter(({ data }) => Object.values(caFileNames).every((file) => data?.[file]))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== caSecretName);
