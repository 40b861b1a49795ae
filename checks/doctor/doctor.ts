import type { Context } from "../../ops/run/context";
import { clusterChecks } from "../basics/clusters";
import { placeChecks } from "../basics/place";
import { programChecks } from "../basics/programs";
import { reachableChecks } from "../basics/reachable";
import { readingChecks } from "../basics/rights";
import { versionChecks } from "../basics/versions";
import type { CheckInputs } from "../basics/world";
import type { Check } from "../check";
import type { CheckReport } from "../report";
import { runChecks } from "../run-checks";
import { azureChecks, azureProgramChecks } from "./azure";
import { capacityChecks } from "./capacity";
import { exposureChecks } from "./exposure";
import { installedChecks } from "./installed";
import { releaseChecks } from "./release";
import { rightsChecks } from "./rights";
import { trustChecks } from "./trust";
import { type DoctorWorld, doctorWorld } from "./world";

/** Everything that doctor looks at, each after what it stands on. */
export const doctorChecks: readonly Check<DoctorWorld>[] = [
  ...programChecks,
  ...azureProgramChecks,
  ...reachableChecks,
  ...versionChecks,
  ...releaseChecks,
  ...readingChecks,
  ...rightsChecks,
  ...clusterChecks,
  ...placeChecks,
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
export function doctor(context: Context, inputs: CheckInputs): Promise<CheckReport> {
  return runChecks(doctorChecks, inputs.mesh, (given) => doctorWorld(given, inputs), context);
}
