import { isDeepStrictEqual } from "node:util";
import { isCollection, isMap, isScalar, type Pair, type ParsedNode, Scalar, type YAMLMap } from "yaml";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { fileProblem, InputError } from "../../mesh/problem";
import { parseYaml } from "../../mesh/yaml";
import type { Weights } from "./weights";

/**
 * The text of mesh.yaml with other weights. Numbers are replaced and missing entries are added: every other byte stays.
 * @param file name for messages
 * @param weights of every version that runs, 100 in all
 * @throws InputError if the text is not a valid mesh, or if the edit would change more than the weights
 */
export function withWeights(text: string, file: string, weights: Weights): { text: string; mesh: Mesh } {
  const before = parseMesh(text, file);
  // Bytes that are not UTF-8 were read as this character, and would be written as such.
  if (text.includes("\ufffd")) throw byHand(file, "it contains bytes that are not UTF-8", weights);
  const changed = replaceWeights(parseYaml(text, file, "").root, text, weights);
  const mesh = changed === undefined ? undefined : parsed(changed, file);
  // An alias may carry a weight to another place.
  if (!isDeepStrictEqual(mesh, { ...before, sample: before.sample && { ...before.sample, weights } }))
    throw byHand(file, "editing the weights would also change other values", weights);
  return { text: changed!, mesh: mesh! };
}

function parsed(text: string, file: string): Mesh | undefined {
  try {
    return parseMesh(text, file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}

const byHand = (file: string, why: string, weights: Weights) =>
  new InputError([
    fileProblem(
      file,
      `cannot be edited: ${why}`,
      `edit it by hand: under sample, set \`weights: ${flow(weights, String)}\`, then run mesh apply`,
    ),
  ]);

type Mapping = YAMLMap.Parsed;

/** A replacement of a part of the text; an empty part is an insertion. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Undefined if the place of the weights is unclear. */
function replaceWeights(root: ParsedNode | null, text: string, weights: Weights): string | undefined {
  if (!isMap(root)) return undefined;
  const edits = weightEdits(text, root as Mapping, weights);
  return edits
    ?.toSorted((one, other) => other.start - one.start)
    .reduce((edited, { start, end, text }) => edited.slice(0, start) + text + edited.slice(end), text);
}

function weightEdits(text: string, root: Mapping, weights: Weights): Edit[] | undefined {
  const name = namesAsIn(root);
  const weightsEntry = `${name("weights")}: ${flow(weights, name)}`;

  const sample = valueIn(root, "sample");
  if (sample === undefined) {
    const lines = ["", `${name("sample")}:`, `  ${weightsEntry}`];
    return addTo(text, root, root.flow ? [`${name("sample")}: { ${weightsEntry} }`] : lines);
  }
  if (!isMap(sample)) return undefined;

  const given = valueIn(sample, "weights");
  if (given === undefined) return addTo(text, sample, [weightsEntry]);
  if (!isMap(given)) return [replacement(given, flow(weights, name))];

  const missing = Object.entries(weights).filter(([version]) => valueIn(given, version) === undefined);
  const numbers = Object.entries(weights).flatMap(([version, percent]) => {
    const number = valueIn(given, version);
    return number ? [replacement(number, String(percent))] : [];
  });
  const entries = missing.map(([version, percent]) => `${namesAsIn(given)(version)}: ${percent}`);
  return [...numbers, ...addTo(text, given, entries)];
}

const replacement = ({ range: [start, end] }: ParsedNode, text: string): Edit => ({ start, end, text });

const valueIn = (mapping: Mapping, key: string) =>
  (mapping.items as Pair<ParsedNode, ParsedNode | null>[]).find(
    (pair) => isScalar(pair.key) && pair.key.value === key,
  )?.value ?? undefined;

type Naming = (key: string) => string;

/** Quotes new keys if the existing ones are quoted, as in JSON. */
function namesAsIn({ items: [first] }: Mapping): Naming {
  const isQuoted = isScalar(first?.key) && first.key.type === Scalar.QUOTE_DOUBLE;
  return isQuoted ? (key) => JSON.stringify(key) : (key) => key;
}

const flow = (weights: Weights, name: Naming) =>
  `{ ${Object.entries(weights)
    .map(([version, percent]) => `${name(version)}: ${percent}`)
    .join(", ")} }`;

/** Adds entries after the last one of a mapping; lines to a block. */
function addTo(text: string, mapping: Mapping, entries: readonly string[]): Edit[] {
  if (entries.length === 0) return [];
  const insert = (at: number, inserted: string): Edit[] => [{ start: at, end: at, text: inserted }];
  if (mapping.flow) {
    const last = mapping.items.at(-1);
    if (last) return insert(endOf(last.value ?? last.key), entries.map((entry) => `, ${entry}`).join(""));
    const inside = mapping.range[0] + 1;
    return insert(inside, ` ${entries.join(", ")}${text[inside] === "}" ? " " : ""}`);
  }
  const newLine = lineBreakOf(text);
  const indent = indentOf(mapping);
  const lines = entries.map((entry) => entry && `${" ".repeat(indent)}${entry}`);
  const end = endOf(mapping);
  // A block scalar includes its last line break.
  if (text[end - 1] === "\n") return insert(end, lines.map((line) => `${line}${newLine}`).join(""));
  const below = endOfComments(text, lineEnd(text, end), indent);
  return insert(below, lines.map((line) => `${newLine}${line}`).join(""));
}

/** Where the text of a node ends, without what follows on its line. */
function endOf(node: ParsedNode): number {
  if (!isCollection(node) || node.flow) return node.range[1];
  const last = node.items.at(-1)!;
  return endOf("key" in last ? (last.value ?? last.key) : last);
}

function lineEnd(text: string, from: number): number {
  const found = /\r?\n|$/g;
  found.lastIndex = from;
  return found.exec(text)!.index;
}

/** Comments below the last entry that are indented as it is, or more, belong to it. */
function endOfComments(text: string, from: number, indent: number): number {
  const emptyOrComment = /\r?\n([ \t]*)(#[^\r\n]*)?(?=\r?\n|$)/y;
  emptyOrComment.lastIndex = from;
  let end = from;
  for (let found = emptyOrComment.exec(text); found; found = emptyOrComment.exec(text)) {
    const [, { length: column } = "", comment] = found;
    if (comment === undefined) continue;
    if (column < indent) return end;
    end = emptyOrComment.lastIndex;
  }
  return end;
}

const lineBreakOf = (text: string) => /\r?\n/.exec(text)?.[0] ?? "\n";

/** Columns to the left of the keys of a block. */
function indentOf({ srcToken }: Mapping): number {
  return srcToken?.type === "block-map" ? srcToken.indent : 0;
}
