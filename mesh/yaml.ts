import {
  boolCoreTag,
  constructFromEvents,
  EVENT_ALIAS,
  EVENT_MAPPING,
  EVENT_POP,
  EVENT_SCALAR,
  EVENT_SEQUENCE,
  type Event,
  getScalarValue,
  intCoreTag,
  mapTag,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from "js-yaml";
import type { Path, Position } from "./problem";

/** A YAML document with the place of everything in it. */
export interface YamlDocument {
  readonly value: unknown;
  /** Where the value at `path` stands; a path that leads nowhere gives its nearest parent. */
  valueAt(path: Path): Position;
  /** Where the key that ends `path` stands. */
  keyAt(path: Path): Position;
  /** Keys that a mapping holds again. */
  readonly repeatedKeys: readonly { readonly path: Path; readonly position: Position }[];
}

/** The text is not YAML, or not YAML that a configuration file should hold. */
export class YamlError extends Error {
  constructor(
    message: string,
    readonly position: Position | undefined,
  ) {
    super(message);
    this.name = "YamlError";
  }
}

// No floats: `line: 1.30` without quotes is the version 1.30, not the number 1.3. No merge keys, dates or binaries.
// A collection whose carrier is not its result yet cannot be named from within, which refuses aliases that go in circles.
const schema = new Schema([
  nullCoreTag,
  boolCoreTag,
  intCoreTag,
  strTag,
  { ...seqTag, carrierIsResult: false },
  { ...mapTag, carrierIsResult: false },
]);

/** Far above any real mesh, far below what could hurt: characters, aliases, depth. */
const limits = { characters: 1_000_000, aliases: 100, depth: 50 };

/** Bytes above which a file is not worth reading: UTF-8 has at most four a character. */
export const largestYaml = 4 * limits.characters;

/**
 * One YAML document, with positions.
 * @throws YamlError with the position where the text is not YAML
 */
export function parseYaml(text: string): YamlDocument {
  if (text.length > limits.characters) {
    throw new YamlError(
      `the file has ${text.length} characters; allowed are ${limits.characters}`,
      undefined,
    );
  }
  const lines = lineStarts(text);
  try {
    const events = withTextKeys(parseEvents(text, { maxDepth: limits.depth }));
    // `json` keeps the last of repeated keys: they are reported from the events, all at once.
    const documents = constructFromEvents(events, {
      source: text,
      schema,
      json: true,
      maxAliases: limits.aliases,
    });
    if (documents.length > 1) {
      throw new YamlError(`the file holds ${documents.length} YAML documents; allowed is one`, undefined);
    }
    return { value: documents[0], ...placesIn(text, events, (offset) => positionOf(offset, lines)) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const position = error.mark && { line: error.mark.line + 1, column: error.mark.column + 1 };
    const reason = error.reason.startsWith("recursive alias")
      ? "an alias stands inside the value that it names, which would never end"
      : `not YAML: ${error.reason}`;
    throw new YamlError(reason, position);
  }
}

/** Keys are names: a cluster called 0777, null or true is no number, nothing or truth. */
function withTextKeys(events: readonly Event[]): Event[] {
  const open: { isMapping: boolean; children: number }[] = [];
  return events.map((event) => {
    if (event.type === EVENT_POP) {
      open.pop();
      return event;
    }
    const parent = open.at(-1);
    const isKey = parent?.isMapping && parent.children++ % 2 === 0;
    if (event.type !== EVENT_SCALAR) {
      if (event.type !== EVENT_ALIAS) open.push({ isMapping: event.type === EVENT_MAPPING, children: 0 });
      return event;
    }
    // The text of a `fast` scalar is what stands there, whatever its style; only plain ones are taken for more than text.
    return isKey && event.fast ? { ...event, style: SCALAR_STYLE.DOUBLE_QUOTED } : event;
  });
}

interface Place {
  key?: number;
  value: number;
}

function placesIn(
  text: string,
  events: readonly Event[],
  at: (offset: number) => Position,
): Omit<YamlDocument, "value"> {
  const places = new Map<string, Place>();
  const repeatedKeys: { path: Path; position: Position }[] = [];
  const id = (path: Path) => JSON.stringify(path);
  let next = 0;

  const read = (path: Path, keyOffset?: number): void => {
    const event = events[next++];
    if (!event || event.type === EVENT_POP) return;
    const key = keyOffset === undefined ? {} : { key: keyOffset };
    switch (event.type) {
      case EVENT_SCALAR:
        // An empty value has no place of its own; its key has.
        places.set(id(path), {
          ...key,
          value: event.valueStart >= 0 ? event.valueStart : (keyOffset ?? 0),
        });
        return;
      case EVENT_ALIAS:
        places.set(id(path), { ...key, value: event.anchorStart });
        return;
      case EVENT_SEQUENCE:
        places.set(id(path), { ...key, value: event.start });
        for (let index = 0; events[next]?.type !== EVENT_POP; index++) read([...path, index]);
        next++;
        return;
      case EVENT_MAPPING: {
        places.set(id(path), { ...key, value: event.start });
        const seen = new Set<string>();
        while (events[next] && events[next]!.type !== EVENT_POP) {
          const keyEvent = events[next]!;
          if (keyEvent.type !== EVENT_SCALAR) {
            read([...path, "?"]);
            read([...path, "?"]);
            continue;
          }
          next++;
          const name = getScalarValue(text, keyEvent);
          const start = Math.max(0, keyEvent.valueStart);
          if (seen.has(name)) repeatedKeys.push({ path: [...path, name], position: at(start) });
          seen.add(name);
          read([...path, name], start);
        }
        next++;
        return;
      }
      default:
        read(path);
    }
  };
  read([]);

  const nearestPlace = (path: Path): Place =>
    places.get(id(path)) ?? (path.length > 0 ? nearestPlace(path.slice(0, -1)) : { value: 0 });
  return {
    repeatedKeys,
    valueAt: (path) => at(nearestPlace(path).value),
    keyAt: (path) => at(nearestPlace(path).key ?? nearestPlace(path).value),
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index } of text.matchAll(/\r\n|\r|\n/g))
    starts.push(index + (text.startsWith("\r\n", index) ? 2 : 1));
  return starts;
}

function positionOf(offset: number, lines: readonly number[]): Position {
  // The last line that starts at or before the offset lies in [from, to).
  let [from, to] = [0, lines.length];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (lines[middle]! <= offset) from = middle;
    else to = middle;
  }
  return { line: from + 1, column: offset - lines[from]! + 1 };
}
