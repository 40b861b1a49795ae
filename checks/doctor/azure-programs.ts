import type { Mesh } from "../../mesh/mesh";
import { onPath } from "../basics/programs";
import { type Check, unjudged, type Verdict } from "../check";
import type { DoctorWorld } from "./world";

/** Terraform and az are for the clusters that Terraform makes. */
export const hasAzureClusters = ({ clusters }: Mesh) => clusters.some(({ aks }) => aks !== undefined);

/** Nobody needs az for the mesh itself. */
const orUnjudged = (verdict: Verdict): Verdict =>
  verdict.kind === "faulty" ? unjudged("az is not on the PATH: what Azure thinks is not asked") : verdict;

export const azureProgramChecks: readonly Check<DoctorWorld>[] = [
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
