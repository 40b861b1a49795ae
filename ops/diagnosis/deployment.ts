import type { Cluster } from "../../mesh/mesh";
import { meshCommand } from "../../mesh/paths";
import { bounded, inShort } from "../exec/bounded";
import { kubectlFor } from "../exec/kubectl";
import { Interrupted, MissingProgram, type Programs } from "../exec/programs";
import { adviceOn } from "./advice";
import { fixOfNoConnection, whyNoWayToPods } from "./kubelet-connection";
import { explainNotReady } from "./not-ready";
import { fixOfSilence } from "./unreachable";

/**
 * Why a Deployment of the mesh cannot be used, with what to do about it.
 * @param meshFile `mesh.yaml` as the user named it
 * @returns undefined when it has a pod that serves and that can be reached
 * @throws MissingProgram, Interrupted
 */
export async function whyUnavailable(
  { programs, signal }: { readonly programs: Programs; readonly signal: AbortSignal },
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  meshFile: string,
): Promise<string | undefined> {
  const kubectl = kubectlFor(bounded(programs), cluster.context);
  const title = `Deployment ${namespace}/${name}`;
  try {
    const [found] = await kubectl.get(["-n", namespace, "deployments", name], { signal });
    if (!found) return `${cluster.name} has no ${title}: run ${meshCommand(meshFile, "apply")}`;
    if ((found.status?.availableReplicas ?? 0) > 0) {
      const words = await whyNoWayToPods(kubectl, { namespace, name }, signal);
      return words && `${cluster.name}: ${words}\nfix: ${fixOfNoConnection}`;
    }
    const reasons = await explainNotReady(kubectl, { namespace, name }, signal);
    return [
      `${title} of ${cluster.name} has no pod that is ready:`,
      ...reasons.map((line) => `    ${line}`),
      ...adviceOn(reasons.join("\n")),
    ].join("\n");
  } catch (error) {
    if (error instanceof MissingProgram || error instanceof Interrupted) throw error;
    const words = inShort(error);
    const fix = fixOfSilence(words);
    return [
      `${cluster.name} does not answer through the context ${cluster.context}: ${words}`,
      ...(fix ? [`fix: ${fix}`] : []),
    ].join("\n");
  }
}
