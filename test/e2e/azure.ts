import type { Cluster } from "../../mesh/mesh";
import { Terraform } from "../infra/terraform";
import { describeInLab } from "./lab";
import { both, primary, remote } from "./tool";

// AKS clusters that Terraform creates. Terraform is the real one; the provider beside the project returns the lab's
// clusters as AKS clusters.

const terraform = Terraform.find();
/** Undefined: the test can run. With azurerm itself it would go to Azure. */
const whyNot =
  typeof terraform === "string"
    ? terraform
    : terraform.env.TF_CLI_CONFIG_FILE === undefined
      ? "no provider beside the project that stands in for azurerm"
      : undefined;

export function describeOnAzure(name: string, body: () => void): void {
  if (whyNot === undefined) describeInLab(name, body, both);
  else {
    console.warn(`SKIPPED: ${name}: ${whyNot}`);
    describe.skip(`${name} (${whyNot})`, body);
  }
}

/** For `mesh`: the AKS clusters main0 and remote0 are those of the lab. */
export function azureEnv(clusters: readonly Cluster[]): NodeJS.ProcessEnv {
  const labOf: Readonly<Record<string, string>> = { main0: primary, remote0: remote };
  return {
    ...(typeof terraform === "string" ? {} : terraform.env),
    ARM_SUBSCRIPTION_ID: "00000000-0000-0000-0000-000000000000",
    LAB_AKS: clusters.map(({ name, context }) => `${context}=${labOf[name]}`).join(" "),
  };
}
