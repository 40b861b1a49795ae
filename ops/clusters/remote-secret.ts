import { dump } from "js-yaml";
import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import { commandLine } from "../../mesh/shell-quote";
import { type Istioctl, remoteSecretArgs } from "../programs/istioctl";
import { type Kubectl, noValidation } from "../programs/kubectl";
import type { KubernetesObject } from "../programs/kubernetes-object";
import type { StepOutcome } from "../runs/steps";

/** Between which clusters, and through what. */
export interface RemoteSecretProps {
  readonly cluster: string;
  readonly primary: Kubectl;
  readonly remote: Kubectl;
  readonly istioctl: Istioctl;
}

/**
 * Gives the primary its access to a remote. One that says the same already is left alone: istiod loses endpoints for a
 * while when an unchanged Secret is written again (istio/istio#61043).
 */
export async function ensureRemoteSecret(
  { cluster, primary, remote, istioctl }: RemoteSecretProps,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const [wanted, [found]] = await Promise.all([
    istioctl.remoteSecret(cluster, { signal }),
    primary.get(["-n", istioNamespace, "secret", remoteSecretName(cluster)], { signal }),
  ]);
  if (found && saysTheSame(wanted, found)) return "unchanged";
  await primary.run(["apply", noValidation, "-f", "-"], {
    signal,
    input: dump(wanted),
    inputFrom: commandLine("istioctl", remoteSecretArgs(remote.context, cluster)),
  });
  return "changed";
}

function saysTheSame(wanted: KubernetesObject, found: KubernetesObject): boolean {
  const contents = ({ data = {}, stringData = {} }: KubernetesObject) => ({
    ...Object.fromEntries(Object.entries<string>(data).map(([key, value]) => [key, decode(value)])),
    ...stringData,
  });
  const marks = ({ metadata }: KubernetesObject) => [
    metadata.labels?.["istio/multiCluster"],
    metadata.annotations?.["networking.istio.io/cluster"],
  ];
  return (
    JSON.stringify([contents(wanted), marks(wanted)]) === JSON.stringify([contents(found), marks(found)])
  );
}

const decode = (base64: string) => Buffer.from(base64, "base64").toString("utf8");
