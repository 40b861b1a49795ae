import type { MeshConfig } from "./config";
import type { Mesh } from "./mesh";
import type { FieldProblem } from "./problem";

/**
 * One thing that must hold across fields. It gets the file as written (for paths, and to tell a value from a default)
 * and the mesh that results from it.
 */
export type Rule = (config: MeshConfig, mesh: Mesh) => FieldProblem[];

/**
 * A rule, then the fields that it reads besides those that its problems name, as in `clusters[].aks`: if the schema
 * refuses one of them, the rule says nothing.
 */
export type RuleRow = readonly [rule: Rule, ...reads: string[]];

/** Every value that a list repeats, with the index of its first occurrence. */
export function repeats<T>(values: readonly (T | undefined)[]): { index: number; first: number; value: T }[] {
  const firsts = new Map<T, number>();
  return values.flatMap((value, index) => {
    if (value === undefined) return [];
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, index);
    return first === undefined ? [] : [{ index, first, value }];
  });
}
