import type { Addresses, Mesh } from "../../mesh/mesh";
import { Refused } from "../exec/errors";
import type { Context } from "../run/context";
import { withLock } from "../run/lock";
import { runSteps, type StepResult } from "../run/steps";
import { keepAddress } from "./addresses";
import { discover } from "./discovery";
import { type Phase, phases } from "./phases";
import type { ApplyInputs, ApplyStep } from "./run";
import { applySteps, runOf } from "./steps";

export interface ApplyOptions {
  /**
   * Name of the only cluster to change; steps of others count as done. If it is a remote, the primary's inventory is also
   * written. @default - all
   */
  readonly only?: string;
  /** Last phase. @default - all of them */
  readonly until?: Phase;
}

export interface ApplyResult {
  readonly results: readonly StepResult[];
  /** No step failed; warnings are allowed. */
  readonly ok: boolean;
  /** Nothing in any cluster was changed. */
  readonly unchanged: boolean;
  /** Gateway addresses by cluster name, as far as they are known. */
  readonly addresses: Addresses;
}

/**
 * Applies mesh.yaml to the clusters, after the pre-flight checks; where a GitOps tool applies `dist`, only what cannot be in
 * it. Idempotent, also after an interruption.
 * @throws Refused if another run changes the mesh, or if `only` names a remote before the primary has an address;
 * nothing was changed then
 */
export function apply(
  context: Context,
  inputs: ApplyInputs,
  options: ApplyOptions = {},
): Promise<ApplyResult> {
  return withLock(context, inputs.mesh, "mesh apply", (locked) => applyAlone(locked, inputs, options));
}

async function applyAlone(
  context: Context,
  inputs: ApplyInputs,
  options: ApplyOptions,
): Promise<ApplyResult> {
  const { mesh } = inputs;
  const discovered = await discover(context, mesh);
  const run = runOf(context, { ...inputs, ...discovered });
  const steps = chosen(applySteps(run), mesh, options);
  if (leadsAlone(steps, mesh)) {
    // Without a mesh on the primary the file's address is of an earlier one.
    const address = discovered.primaryGateway && run.addresses[mesh.primary.name];
    if (address === undefined) throw withoutAddress(mesh, options.only!);
    keepAddress(run, mesh.primary.name, address);
  }
  const results = await runSteps(steps, context.reporter, context.signal);
  return {
    results,
    ok: results.every(
      ({ step, outcome }) => outcome !== "failed" && (outcome !== "not tried" || step.optional),
    ),
    unchanged: results.every(({ outcome }) => outcome === "unchanged" || outcome === "warning"),
    addresses: run.addresses,
  };
}

/** The steps of a run with these options. */
export function chosen(
  steps: readonly ApplyStep[],
  { primary, gitops }: Mesh,
  { only, until }: ApplyOptions,
): readonly ApplyStep[] {
  const last = until === undefined ? phases.length : phases.indexOf(until);
  // Without an inventory entry, a removed remote would not be noticed.
  const isMeant = ({ id, cluster }: ApplyStep) =>
    only === undefined || cluster === only || id === `${primary.name}/inventory`;
  // Argo CD and Flux would undo what is not in Git.
  const isOurs = ({ outsideDist }: ApplyStep) => gitops === undefined || outsideDist;
  const kept = steps.filter((step) => isOurs(step) && isMeant(step) && phases.indexOf(step.phase) <= last);
  const ids = new Set(kept.map(({ id }) => id));
  const known = (names: readonly string[]) => names.filter((id) => ids.has(id));
  return kept.map((step) => ({ ...step, needs: known(step.needs), after: known(step.after ?? []) }));
}

/** Whether a remote needs the primary's address in a run without the step that finds it. */
function leadsAlone(steps: readonly ApplyStep[], { primary, remotes }: Mesh): boolean {
  const has = (id: string) => steps.some((step) => step.id === id);
  return !has(`${primary.name}/address`) && remotes.some(({ name }) => has(`${name}/wayToPrimary`));
}

function withoutAddress({ primary, istio }: Mesh, remote: string): Refused {
  return new Refused([
    `${primary.name} has no address for its ${istio.line.gateway.name} yet, and ${remote} cannot join without it; ` +
      `apply ${primary.name} first (--only ${primary.name}), or leave --only out`,
  ]);
}
