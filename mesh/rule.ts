import type { MeshConfig } from "./config";
import type { Mesh } from "./mesh";
import type { Problem } from "./problem";

/** What a rule finds: it knows the path; where that stands in the file is added later. */
export type Finding = Pick<Problem, "path" | "message" | "fix">;

/**
 * One thing that must hold across fields. It is given the file as written (for paths, and for what was said rather
 * than defaulted) and the mesh that it makes.
 */
export type Rule = (config: MeshConfig, mesh: Mesh) => Finding[];
