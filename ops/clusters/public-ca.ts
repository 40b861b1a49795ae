import { caFileNames, certManagerFileNames } from "../../ca/material";
import { caInSecret, caSecretName } from "../../ca/secret";
import { istioNamespace } from "../../k8s/istio-names";
import type { IstioLine } from "../../mesh/istio-lines";
import type { Kubectl } from "../exec/kubectl";
import type { RunOptions } from "../exec/programs";

/** Certificates of a cluster's CA, as PEM texts. */
export interface PublicCa {
  readonly rootCert: string;
  readonly caCert: string;
  readonly certChain: string;
}

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
  { readsTlsSecret }: IstioLine,
  options: RunOptions = {},
): Promise<PublicCa | undefined> {
  const data = certificateFiles.map((file) => `{.data.${file.replace(".", "\\.")}}`);
  const output = `jsonpath={.metadata.name} ${data.join(" ")}`;
  const args = ["-n", istioNamespace, "get", "secret", caSecretName, "--ignore-not-found", "-o", output];
  const { stdout } = await kubectl.run(args, { ...options, secretOutput: true });
  const [name, ...values] = stdout.split(" ");
  if (!name) return undefined;
  const found = Object.fromEntries(certificateFiles.map((file, index) => [file, values[index] ?? ""]));
  return caInSecret(found, readsTlsSecret).ca;
}
