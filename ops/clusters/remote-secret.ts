import { dump } from "js-yaml";
import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import { tagOf } from "../../mesh/images";
import { faultByRemoteSecret } from "../../mesh/releases";
import { commandLine } from "../../mesh/shell-quote";
import { parseVersion } from "../../mesh/versions";
import type { Istioctl } from "../exec/istioctl";
import { type Kubectl, noValidation } from "../exec/kubectl";
import { isRolledOut, type KubernetesObject } from "../exec/kubernetes-object";
import type { StepOutcome } from "../run/steps";

export interface RemoteSecretProps {
  readonly cluster: string;
  readonly primary: Kubectl;
  readonly istioctl: Istioctl;
  /** Reports a restart of istiod. */
  readonly say: (text: string) => void;
}

/**
 * Gives the primary access to a remote. An equal Secret is not written again: istiod rereads the whole cluster after
 * every write, and some releases then lose its endpoints.
 */
export async function ensureRemoteSecret(
  props: RemoteSecretProps,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { cluster, primary, istioctl } = props;
  const [wanted, [found]] = await Promise.all([
    istioctl.remoteSecret(cluster, { signal }),
    primary.get(["-n", istioNamespace, "secret", remoteSecretName(cluster)], { signal }),
  ]);
  if (found && isEqual(wanted, found)) return "unchanged";
  const losesEndpoints = found !== undefined && (await losesEndpointsOnChange(props, signal));
  await primary.run(["apply", noValidation, "-f", "-"], {
    signal,
    input: dump(wanted),
    inputFrom: commandLine("istioctl", istioctl.remoteSecretArgs(cluster)),
  });
  if (losesEndpoints) await restartIstiod(primary, signal);
  return "changed";
}

/** Whether the running istiod loses the remote's endpoints when the Secret changes; reports it if so. */
async function losesEndpointsOnChange(
  { cluster, primary, say }: RemoteSecretProps,
  signal: AbortSignal,
): Promise<boolean> {
  const [deployment] = await primary.get(["-n", istioNamespace, "deployment", istiod], { signal });
  const version = versionOfIstiod(deployment);
  const fault = version === undefined ? undefined : faultByRemoteSecret(version);
  if (!fault) return false;
  say(
    `the remote secret of ${cluster} changes, and Istio ${version} ${fault.what} (${fault.issue}): istiod restarts`,
  );
  return true;
}

const istiod = "istiod";

/** By the tag of its image. */
function versionOfIstiod(deployment: KubernetesObject | undefined): string | undefined {
  const [container] = deployment?.spec?.template?.spec?.containers ?? [];
  return parseVersion(tagOf(container?.image ?? "") ?? "")?.text;
}

async function restartIstiod(primary: Kubectl, signal: AbortSignal): Promise<void> {
  await primary.run(["-n", istioNamespace, "rollout", "restart", "deployment", istiod], { signal });
  await primary.until(
    { resource: "deployments", namespace: istioNamespace, name: istiod, ready: isRolledOut },
    signal,
  );
}

function isEqual(wanted: KubernetesObject, found: KubernetesObject): boolean {
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
