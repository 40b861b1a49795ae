import { azureRules } from "./azure-rules";
import { clusterRules } from "./cluster-rules";
import type { MeshConfig } from "./config";
import type { Mesh } from "./mesh";
import type { Problem } from "./problem";
import { sampleRules } from "./sample-rules";

/** What a rule finds: it knows the path; where that stands in the file is added later. */
export type Finding = Pick<Problem, "path" | "message" | "fix">;

/**
 * One thing that must hold across fields. It is given the file as written (for paths, and for what was said rather
 * than defaulted) and the mesh that it makes.
 */
export type Rule = (config: MeshConfig, mesh: Mesh) => Finding[];

/** Every rule's findings. */
export function consistencyProblems(config: MeshConfig, mesh: Mesh): Finding[] {
  return [...clusterRules, ...azureRules, ...sampleRules].flatMap((rule) => rule(config, mesh));
}
