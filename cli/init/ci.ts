import type { Mesh } from "../../mesh/mesh";
import { hasStack } from "../../ops/azure/terraform";
import { azurePipeline, azurePipelineReadme } from "./azure-pipelines";
import { ciScripts } from "./ci-scripts";
import type { CiSystem } from "./ci-systems";
import { githubReadme, githubWorkflow } from "./github";
import type { ProjectFile } from "./project";

/** What a pipeline depends on. */
export interface Pipeline {
  /** `mesh.yaml`, relative to the project. */
  readonly meshFile: string;
  /** Terraform creates clusters. */
  readonly hasStack: boolean;
  /** Kubeconfig contexts of existing clusters. */
  readonly contexts: readonly string[];
  /** Names of all clusters. */
  readonly clusters: readonly string[];
}

export const pipelineOf = (meshFile: string, mesh: Mesh): Pipeline => ({
  meshFile,
  hasStack: hasStack(mesh),
  contexts: mesh.clusters.filter(({ aks }) => !aks).map(({ context }) => context),
  clusters: mesh.clusters.map(({ name }) => name),
});

interface System {
  readonly file: (pipeline: Pipeline) => ProjectFile;
  readonly readme: (pipeline: Pipeline) => string;
}

const systems: Readonly<Record<CiSystem, System>> = {
  github: { file: githubWorkflow, readme: githubReadme },
  "azure-pipelines": { file: azurePipeline, readme: azurePipelineReadme },
};

export const ciFiles = (system: CiSystem, pipeline: Pipeline): ProjectFile[] => [
  systems[system].file(pipeline),
  { file: "ci/README.md", text: systems[system].readme(pipeline) },
  ...ciScripts(pipeline),
];
