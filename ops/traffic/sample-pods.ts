import type { Cluster, Mesh, Sample } from "../../mesh/mesh";
import { kubectlFor } from "../exec/kubectl";
import type { Programs } from "../exec/programs";

/** The clusters of the sample's pods. Deleted pods stay known, because their answers are counted. */
export interface SamplePods {
  /** Undefined for an unknown pod, which is then looked up in the background. */
  clusterOf(pod: string): string | undefined;
  /** Queries all clusters; those that do not answer are skipped. */
  look(): Promise<void>;
}

/** Lookups after which a pod counts as foreign. */
const patience = 3;
/** A rollout starts pods one after the other: they are looked up together. */
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
