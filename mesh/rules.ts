import type { MeshConfig } from "./config";
import type { Finding, Rule } from "./load";
import type { Mesh } from "./mesh";

const rules: readonly Rule[] = [];
export function consistencyProblems(config: MeshConfig, mesh: Mesh): Finding[] {
  return rules.flatMap((rule) => rule(config, mesh));
}
