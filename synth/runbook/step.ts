import type { Cluster, Mesh } from "../../mesh/mesh";
import type { MeshPaths } from "../../mesh/paths";
import { shellQuote } from "../../mesh/shell-quote";

export interface Book {
  readonly mesh: Mesh;
  readonly paths: MeshPaths;
}

export const at = ({ context }: Cluster): string => `--context ${shellQuote(context)}`;

export function kubectl(cluster: Cluster): string {
  return `kubectl ${at(cluster)}`;
}

/**
 * `npx --no mesh ca`, with `-f` if the file is not `mesh.yaml`. Without `--no`, npx offers to install another package of
 * this name if this one is not installed.
 */
export function meshCommand({ paths }: Book, name: string): string {
  return `npx --no mesh ${name}${paths.mesh === "mesh.yaml" ? "" : ` -f ${shellQuote(paths.mesh)}`}`;
}

/** A numbered step of the runbook. */
export interface Step {
  readonly title: string;
  /** Paragraphs and blocks of commands, in order. */
  readonly body: readonly (string | Commands)[];
}

export interface Commands {
  readonly commands: readonly string[];
}

export function commands(...lines: readonly string[]): Commands {
  return { commands: lines };
}

export function formatSteps(steps: readonly Step[]): string {
  return steps
    .map(({ title, body }, index) => [`## ${index + 1}. ${title}`, ...body.map(formatPart)].join("\n\n"))
    .join("\n\n");
}

function formatPart(part: string | Commands): string {
  return typeof part === "string" ? part : ["```bash", ...part.commands, "```"].join("\n");
}
