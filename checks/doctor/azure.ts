import type { Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { terraformSubscription } from "../../ops/exec/environment";
import { onPath } from "../basics/programs";
import { type Check, notJudged, pass, problem, type Verdict } from "../check";
import type { DoctorWorld } from "./world";

/** Terraform and az are for the clusters that Terraform makes. */
export const hasAzureClusters = ({ clusters }: Mesh) => clusters.some(({ aks }) => aks !== undefined);

/** The mesh itself does not need az. */
const orUnjudged = (verdict: Verdict): Verdict =>
  verdict.kind === "problem" ? notJudged("az is not on the PATH; Azure is not checked") : verdict;

export const azureProgramChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "programs.terraform",
    of: "mesh",
    severity: "fail",
    applies: hasAzureClusters,
    title: "terraform is on the PATH",
    looksAt: "`terraform version`; `terraform init` checks the version",
    why: "Terraform creates the AKS clusters of mesh.yaml. Clusters with `context` instead of `aks` need no Terraform.",
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
    why: "Terraform works without az, and `terraform output` has the kubeconfigs. With az, doctor checks login, subscription and resource provider beforehand.",
    fix: "install it, or continue without it: https://learn.microsoft.com/cli/azure/install-azure-cli",
    needs: [],
    look: async (world) => orUnjudged(await onPath("az")(world)),
  },
];

export const azureChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "azure.login",
    of: "mesh",
    severity: "warn",
    applies: hasAzureClusters,
    title: "az is logged in",
    looksAt: "`az account show`",
    why: "Terraform uses the login of az unless it has a service principal or a managed identity.",
    fix: "log in, unless Terraform has other credentials",
    needs: ["programs.az"],
    async look({ azureAccount }) {
      const account = await azureAccount();
      return account ? pass(account.name) : problem("not logged in", { commands: ["az login"] });
    },
  },
  {
    id: "azure.subscription",
    of: "mesh",
    severity: "warn",
    applies: hasAzureClusters,
    title: "az uses the subscription of Terraform",
    looksAt: "`az account show`, and azure.subscription in mesh.yaml or ARM_SUBSCRIPTION_ID",
    why: "Commands without a subscription, for example `az aks get-credentials`, use az's current subscription and find no cluster there.",
    fix: "switch az to the subscription of Terraform",
    needs: ["azure.login"],
    async look({ mesh, azureAccount }) {
      const { id } = (await azureAccount())!;
      const named = mesh.azure?.subscription;
      const wanted = named ?? terraformSubscription();
      if (wanted?.toLowerCase() === id.toLowerCase()) return pass(id);
      if (wanted === undefined) {
        return problem(`mesh.yaml names none: Terraform takes ARM_SUBSCRIPTION_ID; az works with ${id}`, {
          fix: "set azure.subscription in mesh.yaml, or the variable in the shell that runs terraform",
          commands: [`export ARM_SUBSCRIPTION_ID=${id}`],
        });
      }
      const source = named === undefined ? "ARM_SUBSCRIPTION_ID is" : "mesh.yaml names";
      return problem(`az works with ${id}, ${source} ${wanted}`, {
        commands: [commandLine("az", ["account", "set", "--subscription", wanted])],
      });
    },
  },
  {
    id: "azure.provider",
    of: "mesh",
    severity: "warn",
    applies: hasAzureClusters,
    title: "the AKS resource provider is registered",
    looksAt: "the registration of the resource provider Microsoft.ContainerService",
    why: "A subscription that never had an AKS cluster has not registered the service. azurerm registers it if it has permission; otherwise `terraform apply` fails with MissingSubscriptionRegistration.",
    fix: "register the resource provider; it takes some minutes",
    needs: ["azure.login"],
    async look({ mesh, aksRegistration }) {
      const state = await aksRegistration();
      if (state === "Registered") return pass(state);
      const subscription = mesh.azure?.subscription;
      const where = subscription === undefined ? [] : ["--subscription", subscription];
      const args = ["provider", "register", "--namespace", "Microsoft.ContainerService", "--wait", ...where];
      return problem(`Microsoft.ContainerService is ${state || "unknown"}`, {
        commands: [commandLine("az", args)],
      });
    },
  },
];
