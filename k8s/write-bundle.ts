import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { App, Chart, Yaml, YamlOutputType } from "cdk8s";
import type { Cluster, Mesh } from "../mesh/mesh";
import { type Bundle, isGap, manifestFiles, operatorFiles } from "./bundle";

/**
 * Writes one cluster's manifests, numbered in the order of application, and istioctl's input under `istio/`. Files that
 * lack an input are not written: see `bundleGaps`.
 * @param outdir created if it does not exist; existing files stay
 */
export function writeBundle(
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
  const charts = manifestFiles(bundle.mesh, bundle.cluster).map((row) => {
    const gap = isGap(row, bundle);
    // An empty chart keeps the number of a missing file, so that the other names do not depend on the inputs.
    const chart = gap ? new Chart(app, row.id) : row.make(app, row.id, bundle);
    return { file: join(outdir, row.file), gap, holdsKeys: row.holdsKeys, chart };
  });
  // cdk8s numbers the files by these.
  charts.slice(1).forEach(({ chart }, index) => {
    chart.addDependency(charts[index]!.chart);
  });
  mkdirSync(outdir, { recursive: true });
  for (const { file, holdsKeys } of charts) {
    if (holdsKeys) createPrivate(file);
  }
  app.synth();
  for (const { file, gap } of charts) {
    if (gap) rmSync(file);
  }
}

function writeIstioOperators(bundle: Bundle, outdir: string): void {
  const { mesh, cluster, addresses } = bundle;
  for (const row of operatorFiles(mesh, cluster)) {
    // istioctl accepts a file without the address and installs a remote that reaches nothing.
    if (isGap(row, bundle)) continue;
    const path = join(outdir, row.file);
    mkdirSync(dirname(path), { recursive: true });
    const operator = row.make(mesh, cluster, addresses[mesh.primary.name] ?? "");
    Yaml.save(path, [withoutSharedParts(operator)]);
  }
}

/** YAML writes an object that occurs twice as an anchor and an alias, which readers would have to resolve. */
function withoutSharedParts<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** Before the keys are written: at no moment can others read them. */
function createPrivate(file: string): void {
  closeSync(openSync(file, "w", 0o600));
  chmodSync(file, 0o600);
}
