import { type LoadedCa, loadCa } from "../../ca/load";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Version } from "../../mesh/versions";
import type { Context } from "../../ops/context";
import type { ProgramName } from "../../ops/programs";
import { sideBySide } from "../../ops/side-by-side";
import { programVersion } from "../../ops/versions";
import { type ClusterProbes, probesOf } from "../cluster-probes";
import { once } from "../once";
import { type AzureAccount, azureProbes } from "./azure-probes";
import { type Kubeconfig, readKubeconfig } from "./kubeconfig";
import { rightsToChange, rightsToRead } from "./rights";

export interface DoctorInputs {
  readonly mesh: Mesh;
  /** `mesh.yaml` as the user named it, beside which the CA lies. */
  readonly meshFile: string;
}

/** What doctor's checks look at. Everything is asked once, and only when a check wants to know. */
export interface DoctorWorld {
  readonly mesh: Mesh;
  /** @throws InputError with every problem at once */
  readonly ca: () => LoadedCa;
  /** Undefined: the program is there and says something else. @throws MissingProgram */
  readonly program: (name: ProgramName) => Promise<Version | undefined>;
  readonly kubeconfig: () => Promise<Kubeconfig>;
  readonly probes: (cluster: Cluster) => ClusterProbes;
  /** The subscription that `az` works with; undefined: nobody is logged in. */
  readonly azureAccount: () => Promise<AzureAccount | undefined>;
  /** Whether the subscription may hold AKS clusters, in Azure's words: `Registered`. */
  readonly aksRegistration: () => Promise<string>;
}

export function worldOf(context: Context, { mesh, meshFile }: DoctorInputs): DoctorWorld {
  const programs = sideBySide(context.programs);
  const rights = [...rightsToRead(mesh), ...rightsToChange(mesh)];
  const asking = { programs, now: context.now };
  const clusters = new Map(mesh.clusters.map((cluster) => [cluster, probesOf(asking, cluster, rights)]));
  const version = (name: ProgramName) => once(() => programVersion(programs, name));
  const versions = {
    kubectl: version("kubectl"),
    istioctl: version("istioctl"),
    terraform: version("terraform"),
    az: version("az"),
  };
  return {
    mesh,
    ca: () => loadCa(mesh, meshFile, context.now()),
    program: (name) => versions[name](),
    kubeconfig: once(() => readKubeconfig(programs)),
    probes: (cluster) => clusters.get(cluster)!,
    ...azureProbes(programs, mesh.azure?.subscription),
  };
}
