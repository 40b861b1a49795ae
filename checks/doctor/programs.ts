import type { Mesh } from "../../mesh/mesh";
import { MissingProgram, type ProgramName } from "../../ops/programs";
import { type Check, faulty, sound, unjudged, type Verdict } from "../check";
import type { DoctorWorld } from "./world";

/** Terraform and az are for the clusters that Terraform makes. */
export const hasAzureClusters = ({ clusters }: Mesh) => clusters.some(({ aks }) => aks !== undefined);

const onPath = (program: ProgramName) => async (world: DoctorWorld) => {
  try {
    const version = await world.program(program);
    return version ? sound(version.text) : faulty(`${program} is there, and tells no version`);
  } catch (error) {
    if (error instanceof MissingProgram) return faulty(error.message);
    throw error;
  }
};

/** Nobody needs az for the mesh itself. */
const orUnjudged = (verdict: Verdict): Verdict =>
  verdict.kind === "faulty" ? unjudged("az is not on the PATH: what Azure thinks is not asked") : verdict;

export const programChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "programs.kubectl",
    of: "mesh",
    severity: "fail",
    title: "kubectl is on the PATH",
    looksAt: "`kubectl version --client`",
    why: "Everything that is asked of a cluster, or put into it, goes through kubectl.",
    fix: "install kubectl, no more than one minor version from your clusters: https://kubernetes.io/docs/tasks/tools/",
    needs: [],
    look: onPath("kubectl"),
  },
  {
    id: "programs.istioctl",
    of: "mesh",
    severity: "fail",
    title: "istioctl is on the PATH",
    looksAt: "`istioctl version --remote=false`",
    why: "Istio itself is installed by istioctl, which carries the charts of its release.",
    fix: "install the release that mesh.yaml names: https://github.com/istio/istio/releases",
    needs: [],
    look: onPath("istioctl"),
  },
  {
    id: "programs.terraform",
    of: "mesh",
    severity: "fail",
    applies: hasAzureClusters,
    title: "terraform is on the PATH",
    looksAt: "`terraform version`; which versions fit, the stack itself says to `terraform init`",
    why: "mesh.yaml names AKS clusters for Terraform to make. With `context` instead of `aks` a cluster is yours, and Terraform is not needed.",
    fix: "install it: https://developer.hashicorp.com/terraform/install",
    needs: [],
    look: onPath("terraform"),
  },
  {
    id: "programs.az",
    of: "mesh",
    severity: "info",
    applies: hasAzureClusters,
    title: "az is on the PATH",
    looksAt: "`az version`",
    why: "Terraform can log in without az, and `terraform output` has the kubeconfigs as well. With az the login, the subscription and the resource provider are looked at before Terraform runs into them.",
    fix: "install it, or do without: https://learn.microsoft.com/cli/azure/install-azure-cli",
    needs: [],
    look: async (world) => orUnjudged(await onPath("az")(world)),
  },
];
