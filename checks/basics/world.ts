import { type LoadedCa, loadCa } from "../../ca/load";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { meshCommand } from "../../mesh/paths";
import type { Version } from "../../mesh/versions";
import { memoize } from "../../ops/exec/memoize";
import type { ProgramName, Programs } from "../../ops/exec/programs";
import { programVersion } from "../../ops/exec/versions";
import type { Context } from "../../ops/run/context";
import type { Right } from "../access-review";
import { type ClusterProbes, probesOf } from "../cluster-probes";
import { type Kubeconfig, readKubeconfig } from "./kubeconfig";

export interface CheckInputs {
  readonly mesh: Mesh;
  /** `mesh.yaml` as the user named it, beside which the CA lies. */
  readonly meshFile: string;
}

/** What every command's checks look at. Everything is asked once, and only when a check wants to know. */
export interface World {
  readonly mesh: Mesh;
  /** `mesh.yaml` as the user named it. */
  readonly meshFile: string;
  /** Where apply puts it right. */
  readonly byApply: { readonly commands: readonly string[] };
  /** @throws InputError with every problem at once */
  readonly ca: () => LoadedCa;
  /** Undefined: the program is there and says something else. @throws MissingProgram */
  readonly program: (name: ProgramName) => Promise<Version | undefined>;
  readonly kubeconfig: () => Promise<Kubeconfig>;
  readonly probes: (cluster: Cluster) => ClusterProbes;
}

/** @param rights to ask every cluster about */
export function worldOf(
  { now }: Pick<Context, "now">,
  programs: Programs,
  { mesh, meshFile }: CheckInputs,
  rights: readonly Right[],
): World {
  const clusters = new Map(
    mesh.clusters.map((cluster) => [cluster, probesOf({ programs, now }, mesh, cluster, rights)]),
  );
  const version = (name: ProgramName) => memoize(() => programVersion(programs, name));
  const versions = {
    kubectl: version("kubectl"),
    istioctl: version("istioctl"),
    terraform: version("terraform"),
    az: version("az"),
  };
  return {
    mesh,
    meshFile,
    byApply: { commands: [meshCommand(meshFile, "apply")] },
    ca: () => loadCa(mesh, meshFile, now()),
    program: (name) => versions[name](),
    kubeconfig: memoize(() => readKubeconfig(programs)),
    probes: (cluster) => clusters.get(cluster)!,
  };
}
