import type { Cluster, Mesh, Sample } from "../../mesh/mesh";
import { kubectlFor } from "../exec/kubectl";
import type { Programs } from "../exec/programs";

/** Which cluster a pod of the sample runs in. Pods that have gone stay known: what they answered is counted. */
export interface SamplePods {
  /** Undefined: it is not known, or not yet. A pod that is not known is looked for in the background. */
  clusterOf(pod: string): string | undefined;
  /** Asks all clusters; those that do not answer are passed over. */
  look(): Promise<void>;
}

/** A pod that was not found so often is somebody else's. */
const patience = 3;
/** A rollout brings new pods one after the other: they are looked for together. */
const pauseMilliseconds = 3000;

export function samplePods(programs: Programs, mesh: Mesh, sample: Sample, signal: AbortSignal): SamplePods {
  const clusters = new Map<string, string>();
  const looks = new Map<string, number>();
  let resting = false;

  const ask = async ({ name, context }: Cluster) => {
    const pods = await kubectlFor(programs, context)
      .get(["-n", sample.namespace, "pods", "-l", "app=helloworld"], { signal })
      .catch(() => []);
    for (const { metadata } of pods) clusters.set(metadata.name, name);
  };
  const look = async () => {
    await Promise.all(mesh.clusters.map(ask));
  };
  const lookFor = (pod: string) => {
    const before = looks.get(pod) ?? 0;
    if (resting || before >= patience || signal.aborted) return;
    looks.set(pod, before + 1);
    resting = true;
    look().finally(() => {
      setTimeout(() => {
        resting = false;
      }, pauseMilliseconds).unref();
    });
  };
  return {
    look,
    clusterOf(pod) {
      const cluster = clusters.get(pod);
      if (cluster === undefined) lookFor(pod);
      return cluster;
    },
  };
}
