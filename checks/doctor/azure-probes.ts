import { ProgramFailed } from "../../ops/exec/errors";
import { memoize } from "../../ops/exec/memoize";
import type { Programs } from "../../ops/exec/programs";

export interface AzureAccount {
  /** Subscription UUID. */
  readonly id: string;
  /** Name of the subscription. */
  readonly name: string;
}

/** az starts slowly, and asks Azure over the network. */
const azSeconds = 30;

/** What is asked of Azure; `az` answers with the login that Terraform uses as well. */
export function azureProbes(programs: Programs, subscription: string | undefined) {
  const az = async (...args: string[]) =>
    (await programs.run("az", args, { deadlineSeconds: azSeconds })).stdout;
  return {
    azureAccount: memoize(async (): Promise<AzureAccount | undefined> => {
      try {
        const { id, name } = JSON.parse(await az("account", "show", "-o", "json"));
        return { id, name };
      } catch (error) {
        if (error instanceof ProgramFailed && /az login/.test(error.stderr)) return undefined;
        throw error;
      }
    }),
    aksRegistration: memoize(async () => {
      const where = subscription === undefined ? [] : ["--subscription", subscription];
      const query = ["--query", "registrationState", "-o", "tsv"];
      const args = ["provider", "show", "--namespace", "Microsoft.ContainerService"];
      return (await az(...args, ...where, ...query)).trim();
    }),
  };
}
