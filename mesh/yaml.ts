import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  isAlias,
  isCollection,
  isMap,
  Lexer,
  LineCounter,
  type ParsedNode,
  type ParseOptions,
  Parser,
  type Scalar,
  type SchemaOptions,
  type YAMLMap,
} from "yaml";
import { type FieldProblem, InputError, type Path, type Position, type Problem } from "./problem";

/** A YAML file that people write, with the position of everything in it. */
export interface YamlDocument {
  readonly value: unknown;
  /** Its nodes, for edits of the text; null if the document is empty. */
  readonly root: ParsedNode | null;
  /** Duplicate keys. */
  readonly problems: readonly Problem[];
  /** Position of the value at `path`, or of its nearest parent if there is none. */
  valueAt(path: Path): Position;
  /** Position of the last key of `path`. */
  keyAt(path: Path): Position;
  /** A problem with its position. */
  located(problem: FieldProblem): Problem;
}

/** Two hundred clusters take some 20,000 characters; a million take ten seconds to parse. */
const limits = { characters: 200_000, aliases: 100, depth: 50 };

/** Bytes above which a file is not worth reading: UTF-8 has at most four a character. */
export const largestYaml = 4 * limits.characters;

/** https://yaml.org/spec/1.2.2/#51-character-set, read 2026-11-30 */
const notPrintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

const options: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: "core",
  // `line: 1.30` without quotes is the version 1.30, not the number 1.3.
  customTags: (tags) =>
    tags.filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:float"),
  // No dates, no binaries.
  resolveKnownTags: false,
  // A cluster may be called 0777, null or true.
  stringKeys: true,
  // `repeatedKeys` has all of them.
  uniqueKeys: false,
  prettyErrors: false,
  // `mesh split` takes indentation from them.
  keepSourceTokens: true,
};

/**
 * Parses one YAML document.
 * @param file name for messages
 * @param fix for text that is not YAML
 * @throws InputError if the text is not YAML, or not YAML that a configuration file should have
 */
export function parseYaml(text: string, file: string, fix: string): YamlDocument {
  const refused = (message: string, position?: Position) =>
    new InputError([{ file, path: [], position, message, fix }]);
  const { length } = text;
  if (length > limits.characters)
    throw refused(`the file has ${length} characters: expected at most ${limits.characters}`);
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const refuse: Refuse = (reason, offset) =>
    refused(`invalid YAML: ${reason}`, offset === undefined ? undefined : at(offset));

  const documents = [...new Composer(options).compose(tokensOf(text, lines, refuse), true, length)];
  const [error] = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  if (error)
    throw refuse(error.code === "NON_STRING_KEY" ? "a key is not text" : error.message, error.pos[0]);
  const unprintable = text.search(notPrintable);
  if (unprintable >= 0) throw refuse("a character is not printable", unprintable);
  if (documents.length > 1) throw refused(`the file has ${documents.length} YAML documents: expected one`);

  const document = documents[0]!;
  const root = document.contents as ParsedNode | null;
  const { repeatedKeys, valueAt, keyAt } = placesIn(root, at, refuse);
  return {
    value: isEmpty(root) ? undefined : toValue(document, refuse),
    root,
    valueAt,
    keyAt,
    problems: repeatedKeys.map(({ path, position }) => ({
      file,
      path,
      position,
      message: "duplicate field",
      fix: "remove one of them",
    })),
    located: (problem) => ({ file, position: valueAt(problem.path), ...problem }),
  };
}

function toValue(document: Document.Parsed, refuse: Refuse): unknown {
  try {
    return document.toJS({ maxAliasCount: limits.aliases });
  } catch (cause) {
    // Aliases of values with aliases: few of them in the text, but too many in the value.
    if (!(cause instanceof ReferenceError)) throw cause;
    throw refuse(`aliases stand for more than ${limits.aliases} values`);
  }
}

type Refuse = (reason: string, offset?: number) => InputError;

/** What `Parser.parse` yields, but deep nesting ends it at once. */
function* tokensOf(text: string, lines: LineCounter, refuse: Refuse): Generator<CST.Token> {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > limits.depth)
      throw refuse(`nesting is deeper than ${limits.depth} levels`, parser.offset);
  }
  yield* parser.end();
}

interface Place {
  readonly key: number;
  readonly value: number;
}

/** An empty value has no characters. */
const isEmpty = (node: ParsedNode | null) => node === null || node.range[0] === node.range[1];

function placesIn(root: ParsedNode | null, at: (offset: number) => Position, refuse: Refuse) {
  const places = new Map<string, Place>();
  const repeatedKeys: { path: Path; position: Position }[] = [];
  const anchors = new Map<string, ParsedNode>();
  const open = new Set<ParsedNode>();
  const id = (path: Path) => JSON.stringify(path);
  let aliases = 0;

  const read = (node: ParsedNode | null, path: Path, keyNode?: Scalar.Parsed): void => {
    const key = keyNode?.range[0];
    const start = isEmpty(node) ? key : node!.range[0];
    places.set(id(path), { key: key ?? start ?? 0, value: start ?? node?.range[0] ?? 0 });
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      const reason =
        ++aliases > limits.aliases
          ? `more than ${limits.aliases} aliases`
          : target === undefined
            ? `unknown alias *${node.source}`
            : open.has(target) && `recursive alias *${node.source}`;
      if (reason) throw refuse(reason, node.range[0]);
      return;
    }
    if (node?.anchor) anchors.set(node.anchor, node);
    if (!isCollection(node)) return;
    open.add(node);
    if (isMap(node)) {
      const seen = new Set<string>();
      for (const pair of (node as YAMLMap<Scalar.Parsed, ParsedNode | null>).items) {
        const name = String(pair.key.value);
        if (seen.has(name)) repeatedKeys.push({ path: [...path, name], position: at(pair.key.range[0]) });
        seen.add(name);
        if (pair.key.anchor) anchors.set(pair.key.anchor, pair.key);
        read(pair.value, [...path, name], pair.key);
      }
    } else node.items.forEach((item, index) => void read(item as ParsedNode, [...path, index]));
    open.delete(node);
  };
  read(root, []);

  const nearest = (path: Path): Place => places.get(id(path)) ?? nearest(path.slice(0, -1));
  return {
    repeatedKeys,
    valueAt: (path: Path) => at(nearest(path).value),
    keyAt: (path: Path) => at(nearest(path).key),
  };
}
