import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { App, Chart, Yaml, YamlOutputType } from "cdk8s";
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
  const charts = bundleCharts(bundle).map(({ file, id, needsCa, holdsKeys, make }) => {
    const gap = needsCa && !bundle.ca;
    // An empty chart in its place, so that the names of the other files do not depend on the inputs.
    const chart = gap ? new Chart(app, id) : make(app, id, bundle);
    return { file: join(outdir, file), gap, holdsKeys, chart };
  });
  // cdk8s numbers the files by these.
  charts.slice(1).forEach(({ chart }, index) => {
    chart.addDependency(charts[index]!.chart);
  });
  mkdirSync(outdir, { recursive: true });
  for (const { file, holdsKeys } of charts) {
    if (holdsKeys) makePrivate(file);
  }
  app.synth();
  for (const { file, gap } of charts) {
    if (gap) rmSync(file);
  }
}

function writeIstioOperators({ mesh, cluster, addresses }: Bundle, outdir: string): void {
  const address = addresses[mesh.primary.name] ?? "";
  for (const { file, needsPrimaryAddress, make } of istioOperatorRows(mesh, cluster)) {
    // istioctl takes a file without the address and installs a remote that reaches nothing.
    if (needsPrimaryAddress && address === "") continue;
    const path = join(outdir, file);
    mkdirSync(dirname(path), { recursive: true });
    Yaml.save(path, [withoutSharedParts(make(mesh, cluster, address))]);
  }
}

/** YAML writes a part that stands twice as an anchor and an alias, which a reader would have to resolve. */
function withoutSharedParts<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** Before the keys are in it: there is no moment at which others can read them. */
function makePrivate(file: string): void {
  closeSync(openSync(file, "w", 0o600));
  chmodSync(file, 0o600);
}
