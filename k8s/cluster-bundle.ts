import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { App, Yaml, YamlOutputType } from "cdk8s";
import type { Cluster, Mesh } from "../mesh/mesh";
import type { Bundle } from "./bundle";
import { bundleCharts } from "./bundle-charts";
import { istioOperatorRows } from "./istio-operators";

/**
 * Writes one cluster's manifests, numbered in the order in which they are applied, and istioctl's input under
 * `istio/`. A file that lacks one of its inputs is not written: see `bundleGaps`.
 * @param outdir folder, made if it is missing; what it holds already is not looked at
 */
export function writeClusterBundle(
  mesh: Mesh,
  cluster: Cluster,
  inputs: Pick<Bundle, "ca" | "addresses">,
  outdir: string,
): void {
  const bundle = { mesh, cluster, ...inputs };
  writeManifests(bundle, outdir);
  writeIstioOperators(bundle, outdir);
}

function writeManifests(bundle: Bundle, outdir: string): void {
  const app = new App({ outdir, yamlOutputType: YamlOutputType.FILE_PER_CHART });
  const charts = bundleCharts(bundle).map(({ file, id, holdsKeys, make }) => ({
    file: join(outdir, file),
    holdsKeys,
    chart: make(app, id, bundle),
  }));
  // cdk8s numbers the files by these.
  charts.slice(1).forEach(({ chart }, index) => {
    chart.addDependency(charts[index]!.chart);
  });
  mkdirSync(outdir, { recursive: true });
  for (const { file, holdsKeys } of charts) {
    if (holdsKeys) makePrivate(file);
  }
  app.synth();
  // An empty chart keeps its number, so that the names of the other files do not depend on the inputs.
  for (const { file, chart } of charts) {
    if (chart.apiObjects.length === 0) rmSync(file);
  }
}

function writeIstioOperators({ mesh, cluster, addresses }: Bundle, outdir: string): void {
  const address = addresses[mesh.primary.name] ?? "";
  for (const { file, needsPrimaryAddress, make } of istioOperatorRows(mesh, cluster)) {
    // istioctl takes a file without the address and installs a remote that reaches nothing.
    if (needsPrimaryAddress && address === "") continue;
    const path = join(outdir, file);
    mkdirSync(dirname(path), { recursive: true });
    Yaml.save(path, [make(mesh, cluster, address)]);
  }
}

/** Before the keys are in it: there is no moment at which others can read them. */
function makePrivate(file: string): void {
  closeSync(openSync(file, "w", 0o600));
  chmodSync(file, 0o600);
}
