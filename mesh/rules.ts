import type { core, ZodError } from "zod";
import { aksRules } from "./aks-rules";
import { azureRules } from "./azure-rules";
import { backendRules } from "./backend-rules";
import { clusterRules } from "./cluster-rules";
import { type MeshConfig, meshConfigSchema } from "./config";
import { meshRules } from "./mesh-rules";
import { networkRules } from "./network-rules";
import { normalize } from "./normalize";
import { type FieldProblem, fieldOf, type Path, valueAt } from "./problem";
import type { RuleRow } from "./rule";
import { sampleRules } from "./sample-rules";
import { keysAt } from "./schema-problems";
import { tagRules } from "./tag-rules";

const rules: readonly RuleRow[] = [
  ...meshRules,
  ...clusterRules,
  ...azureRules,
  ...aksRules,
  ...networkRules,
  ...backendRules,
  ...tagRules,
  ...sampleRules,
];

/** What the rules say against a file that fits the schema. */
export const ruleProblems = (config: MeshConfig): FieldProblem[] => problemsBeside([], config);

/** What the rules say against the rest of a file of which the schema refuses a part: nothing that involves that part. */
export function ruleProblemsOfTheRest(value: unknown, error: ZodError): FieldProblem[] {
  const config = withoutRefused(value, error);
  if (!config) return [];
  return problemsBeside(
    error.issues.flatMap((issue) => refusedBy(issue, config)),
    config,
  );
}

function problemsBeside(refused: readonly Path[], config: MeshConfig): FieldProblem[] {
  const mesh = normalize(config);
  const fields = refused.map(fieldOf);
  return rules
    .filter(([, ...reads]) => !reads.some((field) => fields.some((one) => overlap(field, one))))
    .flatMap(([rule]) => rule(config, mesh))
    .filter(({ path }) => !refused.some((one) => isAtOrAbove(path, one)));
}

/** The part that an issue is about; for an unknown key, every field beside it that is absent: one of them is meant. */
function refusedBy(issue: core.$ZodIssue, config: MeshConfig): Path[] {
  const path = issue.path as Path;
  if (issue.code !== "unrecognized_keys") return [path];
  return keysAt(path)
    .map((key) => [...path, key])
    .filter((field) => valueAt(config, field) === undefined);
}

const overlap = (one: string, other: string) => isWithin(one, other) || isWithin(other, one);

/** `clusters[].aks` is within `clusters`. */
const isWithin = (field: string, outer: string) =>
  field.startsWith(outer) && /^([.[]|$)/.test(field.slice(outer.length));

const isAtOrAbove = (path: Path, other: Path) => path.every((part, index) => part === other[index]);

/**
 * The file without what the schema refuses; undefined if the rest is no mesh. A malformed text stays: other fields may
 * refer to it.
 */
function withoutRefused(value: unknown, { issues }: ZodError): MeshConfig | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const rest = structuredClone(value);
  for (const issue of issues.filter((one) => !isText(one))) {
    const path = issue.path as Path;
    const isUnknownKey = issue.code === "unrecognized_keys";
    const holder = valueAt(rest, isUnknownKey ? path : path.slice(0, -1));
    // Without an element of a list, the others would no longer have their places in the file.
    if (typeof holder !== "object" || holder === null || Array.isArray(holder)) return undefined;
    for (const key of isUnknownKey ? issue.keys : path.slice(-1))
      delete (holder as Record<PropertyKey, unknown>)[key];
  }
  const left = meshConfigSchema.safeParse(rest);
  return left.error?.issues.every(isText) === false ? undefined : (rest as MeshConfig);
}

/** The value is a text, as it should be, but malformed. */
const isText = ({ code }: core.$ZodIssue) => code === "invalid_format";
