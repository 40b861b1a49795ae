import { z } from "zod";
import type { NameRule } from "./names";

/**
 * The kinds of fields of mesh.yaml. An error completes "expected ..."; editors show the descriptions.
 */

export const byDefault = (value: string | number | boolean) => `Default: ${value}.`;

export const named = (rule: NameRule, description: string) => {
  const error = `${rule.allowed}, for example ${rule.example}`;
  return z.string({ error }).regex(rule.pattern, { error }).describe(`${description} Syntax: ${error}.`);
};
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z
    .enum(values, { error: values.length > 2 ? `one of ${values.join(", ")}` : values.join(" or ") })
    .describe(description);
export const yesOrNo = (description: string) => z.boolean({ error: "true or false" }).describe(description);
export const wholeNumber = (min: number, max: number, description: string) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).describe(description);
};
export const section = <T extends z.ZodRawShape>(shape: T, description: string) =>
  z
    .strictObject(shape, { error: `a mapping with the keys ${Object.keys(shape).join(", ")}` })
    .describe(description);
