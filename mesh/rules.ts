import { azureRules } from "./azure-rules";
import { backendRules } from "./backend-rules";
import { clusterRules } from "./cluster-rules";
import type { MeshConfig } from "./config";
import type { Mesh } from "./mesh";
import { meshRules } from "./mesh-rules";
import type { Finding } from "./rule";
import { sampleRules } from "./sample-rules";
import { tagRules } from "./tag-rules";

/** Every rule's findings. */
export function consistencyProblems(config: MeshConfig, mesh: Mesh): Finding[] {
  const rules = [...meshRules, ...clusterRules, ...azureRules, ...backendRules, ...tagRules, ...sampleRules];
  return rules.flatMap((rule) => rule(config, mesh));
}
