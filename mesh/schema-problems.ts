import type { ZodError } from "zod";
import type { Problem } from "./problem";
import type { YamlDocument } from "./yaml";
export function schemaProblems(error: ZodError, document: YamlDocument, file: string): Problem[] {
  return error.issues.map((issue) => ({
    file,
    position: document.valueAt(issue.path as (string | number)[]),
    path: issue.path as (string | number)[],
    message: issue.message,
    fix: "?",
  }));
}
