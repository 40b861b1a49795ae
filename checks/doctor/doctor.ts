import type { Context } from "../../ops/context";
import type { Check } from "../check";
import type { CheckReport } from "../report";
import { runChecks } from "../run-checks";
import { azureChecks } from "./azure";
import { capacityChecks } from "./capacity";
import { clusterChecks } from "./clusters";
import { exposureChecks } from "./exposure";
import { installedChecks } from "./installed";
import { programChecks } from "./programs";
import { reachableChecks } from "./reachable";
import { rightsChecks } from "./rights-checks";
import { trustChecks } from "./trust";
import { versionChecks } from "./versions";
import { type DoctorInputs, type DoctorWorld, worldOf } from "./world";

export type { DoctorInputs } from "./world";

/** Everything that doctor looks at, each after what it stands on. */
export const doctorChecks: readonly Check<DoctorWorld>[] = [
  ...programChecks,
  ...reachableChecks,
  ...versionChecks,
  ...rightsChecks,
  ...clusterChecks,
  ...installedChecks,
  ...trustChecks,
  ...capacityChecks,
  ...exposureChecks,
  ...azureChecks,
];

/**
 * Looks whether a mesh could be applied, before anything is changed; it changes nothing itself. On a mesh that is
 * there already it says whether it could be applied again.
 *
 * @throws Interrupted on Ctrl-C; whatever else goes wrong is in the report
 */
export function doctor(context: Context, inputs: DoctorInputs): Promise<CheckReport> {
  return runChecks(doctorChecks, inputs.mesh, worldOf(context, inputs), context);
}
