import type { Context } from "../../ops/run/context";
import { clusterChecks } from "../basics/clusters";
import { programChecks } from "../basics/programs";
import { reachableChecks } from "../basics/reachable";
import { readingChecks } from "../basics/rights";
import { versionChecks as skewChecks } from "../basics/versions";
import type { CheckInputs } from "../basics/world";
import type { Check } from "../check";
import { asProof, type CheckReport, obstaclesOf, reportOf } from "../report";
import { blocked, placeOf, type RunOptions, runChecks } from "../run-checks";
import { addonChecks } from "./addons";
import { controlPlaneChecks } from "./control-plane";
import { driftChecks } from "./drift";
import { endpointSetChecks } from "./endpoints/endpoint-set";
import { routingChecks } from "./endpoints/routing";
import { workloadChecks } from "./endpoints/workloads";
import { gatewayChecks } from "./gateways/gateways";
import { execRightsChecks, installedChecks, kubeletChecks } from "./prerequisites";
import { remoteSecretChecks } from "./remote-secrets/remote-secrets";
import { scaleChecks, verifyScaling } from "./scale";
import { splitChecks } from "./split/split";
import { trafficChecks } from "./traffic/traffic";
import { installedCaChecks } from "./trust/installed-ca";
import { workloadCertificateChecks } from "./trust/workload-certificates";
import { versionChecks } from "./versions";
import { type VerifyWorld, verifyWorld } from "./world";

/** Everything that verify looks at, each after what it stands on. */
export const verifyChecks: readonly Check<VerifyWorld>[] = [
  ...programChecks,
  ...reachableChecks,
  ...kubeletChecks,
  ...skewChecks,
  ...readingChecks,
  ...execRightsChecks,
  ...clusterChecks,
  ...installedChecks,
  ...versionChecks,
  ...installedCaChecks,
  ...workloadCertificateChecks,
  ...controlPlaneChecks,
  ...remoteSecretChecks,
  ...gatewayChecks,
  ...workloadChecks,
  ...routingChecks,
  ...endpointSetChecks,
  ...trafficChecks,
  ...splitChecks,
  ...addonChecks,
  ...driftChecks,
];

/**
 * Proves that the mesh works, or finds the first layer that does not hold. It changes nothing; the client of the sample
 * sends requests.
 *
 * @throws Interrupted on Ctrl-C; whatever else goes wrong is in the report
 */
export async function verify(
  context: Context,
  inputs: CheckInputs,
  options: RunOptions = {},
): Promise<CheckReport> {
  const worldOf = (given: Context) => verifyWorld(given, inputs);
  return asProof(await runChecks(verifyChecks, inputs.mesh, worldOf, context, options));
}

/**
 * The report of `verify` and, where it has proved what it looked at, what comes of scaling the sample up and back.
 * @throws Interrupted on Ctrl-C, with the sample scaled back
 */
export async function withScaling(
  context: Context,
  inputs: CheckInputs,
  { mesh, results, seconds }: CheckReport,
): Promise<CheckReport> {
  const started = performance.now();
  const [obstacle] = obstaclesOf(results);
  const scaled = obstacle
    ? scaleChecks.map((check) => blocked(check, placeOf(obstacle)))
    : await verifyScaling(context, inputs);
  const all = [...results, ...scaled];
  return asProof(reportOf(mesh, all, seconds + (performance.now() - started) / 1000));
}
