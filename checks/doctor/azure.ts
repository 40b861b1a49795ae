import { commandLine } from "../../mesh/shell-quote";
import { type Check, faulty, sound } from "../check";
import { hasAzureClusters } from "./azure-programs";
import type { DoctorWorld } from "./world";

export const azureChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "azure.login",
    of: "mesh",
    severity: "warn",
    applies: hasAzureClusters,
    title: "az is logged in",
    looksAt: "`az account show`",
    why: "Terraform uses the login of az, unless a service principal or a managed identity is given to it.",
    fix: "log in, unless Terraform has credentials of its own",
    needs: ["programs.az"],
    async look({ azureAccount }) {
      const account = await azureAccount();
      return account ? sound(account.name) : faulty("nobody is logged in", { commands: ["az login"] });
    },
  },
  {
    id: "azure.subscription",
    of: "mesh",
    severity: "warn",
    applies: hasAzureClusters,
    title: "az works with the subscription that mesh.yaml names",
    looksAt: "`az account show` and azure.subscription in mesh.yaml",
    why: "Commands that name no subscription, `az aks get-credentials` among them, look into the one that az works with, and find no cluster there.",
    fix: "switch az to the subscription of mesh.yaml",
    needs: ["azure.login"],
    async look({ mesh, azureAccount }) {
      const { id } = (await azureAccount())!;
      const wanted = mesh.azure?.subscription;
      if (wanted?.toLowerCase() === id.toLowerCase()) return sound(id);
      if (wanted === undefined) {
        return faulty(`mesh.yaml names none: Terraform takes ARM_SUBSCRIPTION_ID; az works with ${id}`, {
          fix: "set azure.subscription in mesh.yaml, or the variable in the shell that runs terraform",
          commands: [`export ARM_SUBSCRIPTION_ID=${id}`],
        });
      }
      return faulty(`az works with ${id}, mesh.yaml names ${wanted}`, {
        commands: [commandLine("az", ["account", "set", "--subscription", wanted])],
      });
    },
  },
  {
    id: "azure.provider",
    of: "mesh",
    severity: "warn",
    applies: hasAzureClusters,
    title: "the subscription may hold AKS clusters",
    looksAt: "the registration of the resource provider Microsoft.ContainerService",
    why: "A subscription that never had an AKS cluster does not know the service. azurerm registers it where it may; without that right `terraform apply` fails with MissingSubscriptionRegistration.",
    fix: "register the resource provider; it takes some minutes",
    needs: ["azure.login"],
    async look({ mesh, aksRegistration }) {
      const state = await aksRegistration();
      if (state === "Registered") return sound(state);
      const subscription = mesh.azure?.subscription;
      const where = subscription === undefined ? [] : ["--subscription", subscription];
      const args = ["provider", "register", "--namespace", "Microsoft.ContainerService", "--wait", ...where];
      return faulty(`Microsoft.ContainerService is ${state || "not known"}`, {
        commands: [commandLine("az", args)],
      });
    },
  },
];
