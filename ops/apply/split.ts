import { readFileSync, statSync } from "node:fs";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { fileProblem, InputError, quote } from "../../mesh/problem";
import { parseYaml } from "../../mesh/yaml";
import { replaceFile } from "../programs/replace-file";

/** Percent of requests by version. */
export type Weights = Readonly<Record<string, number>>;

/**
 * Reads `v1=90 v2=10`.
 * @throws InputError naming each argument that is not of this form
 */
export function parseWeights(words: readonly string[]): Weights {
  const problems = words
    .filter((word) => !/^[\w.-]+=\d{1,3}$/.test(word))
    .map((word) =>
      fileProblem(
        "mesh split",
        `${quote(word)} is given; allowed is VERSION=PERCENT with a whole number from 0 to 100`,
        "for example: mesh split v1=90 v2=10",
      ),
    );
  if (problems.length > 0) throw new InputError(problems);
  return Object.fromEntries(words.map((word) => [word.split("=")[0]!, Number(word.split("=")[1])]));
}

/**
 * The text of mesh.yaml with other weights; whatever else is in it, comments and order too, stays.
 * @param file name for messages
 * @throws InputError when the mesh would not be valid with them
 */
export function withWeights(text: string, file: string, weights: Weights): { text: string; mesh: Mesh } {
  const changed = replaceWeights(text, weights);
  return { text: changed, mesh: parseMesh(changed, file) };
}

/**
 * Writes other weights into mesh.yaml.
 * @returns the mesh as it is now
 */
export function splitTraffic(file: string, weights: Weights): Mesh {
  const { text, mesh } = withWeights(readFileSync(file, "utf8"), file, weights);
  replaceFile(file, text, statSync(file).mode);
  return mesh;
}

const flow = (weights: Weights) =>
  `{ ${Object.entries(weights)
    .map(([version, percent]) => `${version}: ${percent}`)
    .join(", ")} }`;

function replaceWeights(text: string, weights: Weights): string {
  const { value, keyAt, scalarAt } = parseYaml(text);
  const sample = (value as { sample?: { weights?: Record<string, unknown> } } | undefined)?.sample;
  const given = sample?.weights;
  const sameVersions =
    given !== undefined &&
    given !== null &&
    Object.keys(given).length === Object.keys(weights).length &&
    Object.keys(weights).every((version) => version in given);
  if (sameVersions) {
    const edits = Object.entries(weights).map(([version, percent]) => ({
      ...scalarAt(["sample", "weights", version])!,
      percent,
    }));
    return edits
      .sort((one, other) => other.start - one.start)
      .reduce(
        (edited, { start, end, percent }) => `${edited.slice(0, start)}${percent}${edited.slice(end)}`,
        text,
      );
  }
  const lines = text.split("\n");
  if (given !== undefined) {
    // Other versions than before: the old lines of the mapping give way to one new line.
    const first = keyAt(["sample", "weights"]).line - 1;
    const indent = /^\s*/.exec(lines[first]!)![0];
    const isInside = (line: string) => line.trim() !== "" && /^\s*/.exec(line)![0].length > indent.length;
    let last = first;
    while (last + 1 < lines.length && isInside(lines[last + 1]!)) last++;
    lines.splice(first, last - first + 1, `${indent}weights: ${flow(weights)}`);
    return lines.join("\n");
  }
  if (sample === undefined || sample === null) {
    return `${text.replace(/\n*$/, "\n")}\nsample:\n  weights: ${flow(weights)}\n`;
  }
  const at = keyAt(["sample"]).line - 1;
  const isFlow = /^\s*sample:\s*\{/.test(lines[at]!);
  if (isFlow) lines[at] = lines[at]!.replace("{", `{ weights: ${flow(weights)}, `).replace(/,\s*\}/, " }");
  else lines.splice(at + 1, 0, `  weights: ${flow(weights)}`);
  return lines.join("\n");
}
