import { caFileNames, certManagerFileNames } from "../../ca/material";
import { type CaSecret, caInSecret, caSecretName } from "../../ca/secret";
import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import type { Kubectl } from "../exec/kubectl";
import type { KubernetesObject } from "../exec/kubernetes-object";
import type { RunOptions } from "../exec/programs";

/** Certificates of a cluster's CA, as PEM texts. */
export type PublicCa = Omit<CaSecret["ca"], "caKey">;

const certificateFiles = [
  caFileNames.rootCert,
  caFileNames.caCert,
  caFileNames.certChain,
  certManagerFileNames.rootCert,
  certManagerFileNames.caCert,
];

/** The certificates in the Secret `cacerts`, without its keys; undefined if it does not exist. */
export async function readPublicCa(
  kubectl: Kubectl,
  mesh: Mesh,
  options: RunOptions = {},
): Promise<PublicCa | undefined> {
  const data = certificateFiles.map((file) => `{.data.${file.replace(".", "\\.")}}`);
  const output = `jsonpath={.metadata.name} ${data.join(" ")}`;
  const args = ["-n", istioNamespace, "get", "secret", caSecretName, "--ignore-not-found", "-o", output];
  const { stdout } = await kubectl.run(args, { ...options, secretOutput: true });
  const [name, ...values] = stdout.split(" ");
  if (!name) return undefined;
  const found = Object.fromEntries(certificateFiles.map((file, index) => [file, values[index] ?? ""]));
  return caInSecret(found, mesh.istio.line.readsTlsSecret).ca;
}

/** The CA in the Secret `cacerts`, key included; undefined: it is not among these Secrets. */
export function caAmong(secrets: readonly KubernetesObject[], { istio }: Mesh): CaSecret | undefined {
  const found = secrets.find(({ metadata }) => metadata.name === caSecretName);
  return found && caInSecret(found.data ?? {}, istio.line.readsTlsSecret);
}

/** Secrets of other names that hold a CA: istiod does not read them. */
export const misnamedCas = (secrets: readonly KubernetesObject[]): string[] =>
  secrets
    .filter(({ data }) => Object.values(caFileNames).every((file) => data?.[file]))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== caSecretName);
