import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ApiObject, App, Chart, JsonPatch, Names, Yaml, YamlOutputType } from "cdk8s";
import type { Cluster, Mesh } from "../mesh/mesh";
import { type Bundle, isGap, type ManifestFile, manifestFile, manifestFiles, operatorFiles } from "./bundle";
import { gitopsFiles, type StagedFile, stageAnnotations } from "./gitops";
import { ownerLabels } from "./mesh-chart";

export interface ClusterBundleProps extends Bundle {
  /** Folder of the bundle, for example `dist/main0`. It is created if it does not exist; existing files stay. */
  readonly outdir: string;
}

type OwnChart = Pick<ManifestFile, "id" | "file" | "beforeIstio"> & {
  readonly gap: boolean;
  readonly chart: Chart;
};

/**
 * The manifests of one cluster: a chart for each file, numbered in the order of application. Charts that are added to it
 * come after the mesh's own, and their objects get the mesh's labels.
 */
export class ClusterBundle extends App {
  readonly mesh: Mesh;
  readonly cluster: Cluster;
  private readonly bundle: Bundle;
  private readonly own: readonly OwnChart[];
  private isFinished = false;

  constructor({ outdir, ...bundle }: ClusterBundleProps) {
    super({ outdir, yamlOutputType: YamlOutputType.FILE_PER_CHART });
    this.bundle = bundle;
    this.mesh = bundle.mesh;
    this.cluster = bundle.cluster;
    this.own = manifestFiles(bundle.mesh, bundle.cluster).map((row) => {
      const gap = isGap(row, bundle);
      // An empty chart keeps the number of a missing file, so that the other names do not depend on the inputs.
      return { ...row, gap, chart: gap ? new Chart(this, row.id) : row.make(this, row.id, bundle) };
    });
  }

  /**
   * One of the mesh's own objects, for example to patch it: `bundle.object("Deployment", "curl").addJsonPatch(...)`.
   * @param kind as in the manifest, for example VirtualService
   * @throws Error if this cluster's bundle has no such object
   */
  object(kind: string, name: string): ApiObject {
    const objects = this.own.flatMap(({ chart }) => chart.node.findAll().filter(ApiObject.isApiObject));
    const found = objects.find((object) => object.kind === kind && object.name === name);
    if (found) return found;
    const known = objects.map((object) => `${object.kind} ${object.name}`).join(", ");
    throw new Error(`${this.cluster.name} has no ${kind} ${name} of the mesh: expected one of ${known}`);
  }

  /** Charts that are not the mesh's own, in the order of application. */
  addedCharts(): readonly Chart[] {
    const own = new Set(this.own.map(({ chart }) => chart));
    return this.charts.filter((chart) => !own.has(chart));
  }

  /** Writes the manifests, and istioctl's input under `istio/`. Files that lack an input are not written: see `bundleGaps`. */
  override synth(): void {
    this.finish();
    mkdirSync(this.outdir, { recursive: true });
    for (const file of this.filesWithSecrets()) createPrivate(join(this.outdir, file));
    super.synth();
    for (const { file, gap } of this.own) if (gap) rmSync(join(this.outdir, file));
    this.writeIstioOperators();
    for (const { file, objects } of gitopsFiles(this.bundle, this.manifests())) this.writeYaml(file, objects);
  }

  /** The objects of all charts, as they stand in the files. */
  objects(): readonly unknown[] {
    this.finish();
    return this.charts.flatMap((chart) => chart.toJson());
  }

  /** Once: numbers and labels of all charts. */
  private finish(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    // cdk8s numbers the files by these.
    const charts = this.own.map(({ chart }) => chart);
    charts.slice(1).forEach((chart, index) => {
      chart.addDependency(charts[index]!);
    });
    for (const chart of this.addedCharts()) {
      chart.addDependency(charts.at(-1)!);
      for (const object of chart.node.findAll().filter(ApiObject.isApiObject)) {
        for (const [label, value] of Object.entries(ownerLabels(this.mesh)))
          object.metadata.addLabel(label, value);
        // cdk8s writes a chart's namespace into every object, and `kubectl apply` would change these every time.
        if (object.metadata.namespace !== undefined && clusterScopedKinds.has(object.kind))
          object.addJsonPatch(JsonPatch.remove("/metadata/namespace"));
      }
    }
    for (const { chart, stage } of this.manifests())
      for (const object of chart.node.findAll().filter(ApiObject.isApiObject))
        for (const [key, value] of Object.entries(stageAnnotations(this.mesh.gitops, stage) ?? {}))
          object.metadata.addAnnotation(key, value);
  }

  /** The files of all charts, in the order of application. */
  private manifests(): readonly (StagedFile & { readonly chart: Chart; readonly hasSecret: boolean })[] {
    const early = this.own.filter(({ beforeIstio }) => beforeIstio).map(({ chart }) => chart);
    return this.charts.map((chart, index) => ({
      chart,
      file: manifestFile(index, Names.toDnsLabel(chart)),
      stage: early.includes(chart) ? "namespaces" : "workloads",
      hasSecret: chart.node
        .findAll()
        .some((child) => ApiObject.isApiObject(child) && child.kind === "Secret"),
    }));
  }

  /** Names of the files that Git must not hold. */
  filesWithSecrets(): readonly string[] {
    return this.manifests().flatMap(({ file, hasSecret }) => (hasSecret ? [file] : []));
  }

  private writeIstioOperators(): void {
    const { mesh, cluster, addresses } = this.bundle;
    for (const row of operatorFiles(mesh, cluster)) {
      // istioctl accepts a file without the address and installs a remote that reaches nothing.
      if (isGap(row, this.bundle)) continue;
      this.writeYaml(row.file, [row.make(mesh, cluster, addresses[mesh.primary.name] ?? "")]);
    }
  }

  private writeYaml(file: string, objects: readonly object[]): void {
    const path = join(this.outdir, file);
    mkdirSync(dirname(path), { recursive: true });
    Yaml.save(path, objects.map(withoutSharedParts));
  }
}

/**
 * Kubernetes' own kinds without a namespace that a chart may have.
 * https://kubernetes.io/docs/reference/kubernetes-api/ (read 2026-11-30)
 */
const clusterScopedKinds = new Set([
  "APIService",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "IngressClass",
  "MutatingWebhookConfiguration",
  "Namespace",
  "PersistentVolume",
  "PriorityClass",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
]);

/** YAML writes an object that occurs twice as an anchor and an alias, which readers would have to resolve. */
function withoutSharedParts<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** Before the secrets are written: at no moment can others read them. */
function createPrivate(file: string): void {
  closeSync(openSync(file, "w", 0o600));
  chmodSync(file, 0o600);
}
