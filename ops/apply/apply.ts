import type { Addresses } from "../../mesh/mesh";
import { readInventory } from "../clusters/inventory";
import { kubectlFor } from "../programs/kubectl";
import type { Context } from "../runs/context";
import { withLock } from "../runs/lock";
import { preflight } from "../runs/preflight";
import { runSteps, type StepResult } from "../runs/steps";
import type { ApplyInputs } from "./apply-run";
import { applySteps, runOf } from "./apply-steps";
import { type Phase, phases } from "./phases";

export interface ApplyOptions {
  /** Name of the one cluster to work on; what others must have done is taken as done. @default - all */
  readonly only?: string;
  /** Last phase to go through. @default - all of them */
  readonly until?: Phase;
}

export interface ApplyResult {
  readonly results: readonly StepResult[];
  /** No step has failed; warnings are no failures. */
  readonly ok: boolean;
  /** Nothing in any cluster was changed. */
  readonly unchanged: boolean;
  /** Gateway addresses by cluster name, as far as they are known. */
  readonly addresses: Addresses;
}

/**
 * Brings the clusters to what mesh.yaml says. Whatever is true already is left alone, so it may be run again at any
 * time, also after it was killed.
 * @throws PreflightError when a program, a version or a cluster stands in the way; nothing was changed then
 */
export async function apply(
  context: Context,
  inputs: ApplyInputs,
  options: ApplyOptions = {},
): Promise<ApplyResult> {
  const { istioctl } = await preflight(context, inputs.mesh);
  return withLock(context, inputs.mesh, "mesh apply", (locked) =>
    applyAlone(locked, inputs, options, istioctl!.text),
  );
}

async function applyAlone(
  context: Context,
  inputs: ApplyInputs,
  options: ApplyOptions,
  istioctlVersion: string,
): Promise<ApplyResult> {
  let addresses = inputs.addresses;
  const keepAddresses = async (found: Addresses) => {
    addresses = found;
    await inputs.keepAddresses(found);
  };
  const primary = kubectlFor(context.programs, inputs.mesh.primary.context);
  const inventory = await readInventory(primary, context.signal);
  const run = runOf(context, { ...inputs, keepAddresses, istioctlVersion, inventory });
  const steps = chosen(applySteps(run), options);
  const results = await runSteps(steps, context.reporter, context.signal);
  return {
    results,
    ok: results.every(
      ({ step, outcome }) => outcome !== "failed" && (outcome !== "not tried" || step.optional),
    ),
    unchanged: results.every(({ outcome }) => outcome === "unchanged" || outcome === "warning"),
    addresses,
  };
}

function chosen<S extends ReturnType<typeof applySteps>[number]>(
  steps: readonly S[],
  { only, until }: ApplyOptions,
): S[] {
  const last = until === undefined ? phases.length : phases.indexOf(until);
  const kept = steps.filter(
    ({ cluster, phase }) => (only === undefined || cluster === only) && phases.indexOf(phase) <= last,
  );
  const ids = new Set(kept.map(({ id }) => id));
  const known = (names: readonly string[]) => names.filter((id) => ids.has(id));
  return kept.map((step) => ({ ...step, needs: known(step.needs), after: known(step.after ?? []) }));
}
