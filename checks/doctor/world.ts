import { withParallelLimit } from "../../ops/exec/limits";
import type { Context } from "../../ops/run/context";
import { rightsToRead } from "../basics/rights";
import { type CheckInputs, type World, worldOf } from "../basics/world";
import { type AzureAccount, azureProbes } from "./azure-probes";
import { rightsToChange } from "./rights";

export interface DoctorWorld extends World {
  readonly now: () => Date;
  /** The subscription that `az` works with; undefined: not logged in. */
  readonly azureAccount: () => Promise<AzureAccount | undefined>;
  /** Whether the subscription may hold AKS clusters, in Azure's words: `Registered`. */
  readonly aksRegistration: () => Promise<string>;
}

export function doctorWorld(context: Context, inputs: CheckInputs): DoctorWorld {
  const { mesh } = inputs;
  const programs = withParallelLimit(context.programs);
  return {
    ...worldOf(context, programs, inputs, [...rightsToRead(mesh), ...rightsToChange(mesh)]),
    now: context.now,
    ...azureProbes(programs, mesh.azure?.subscription),
  };
}
