import { distance } from "fastest-levenshtein";

/** In a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys and list indexes, from the root of the file. */
export type Path = readonly (string | number)[];

/** Invalid input. The texts are lower case, and never quote a secret. */
export interface Problem {
  /** File as the user named it. */
  readonly file: string;
  /** Undefined: the problem is about the file as a whole. */
  readonly position: Position | undefined;
  readonly path: Path;
  /** What is wrong with the value, and what is expected: `invalid value "x": expected primary or remote`. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A problem of a field, without its position. */
export type FieldProblem = Pick<Problem, "path" | "message" | "fix">;

/** A problem without its place. */
export type ProblemText = Pick<Problem, "message" | "fix">;

/** A problem of a file, or of a command, as a whole. */
export function fileProblem(file: string, message: string, fix: string): Problem {
  return { file, position: undefined, path: [], message, fix };
}

/** Invalid input, with every problem. Commands print it and exit with 2. */
export class InputError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(formatProblems(problems));
    this.name = "InputError";
  }
}

const mostShown = 100;

function formatProblems(problems: readonly Problem[]): string {
  const more = problems.length - mostShown;
  return [...problems.slice(0, mostShown).map(formatProblem), ...(more > 0 ? [`and ${more} more`] : [])].join(
    "\n",
  );
}

/** `mesh.yaml:7:14: clusters[1].network: duplicate network "network1": ...`, then a line with the fix. */
export function formatProblem({ file, position, path, message, fix }: Problem): string {
  const place = position ? `${file}:${position.line}:${position.column}` : file;
  const where = path.length > 0 ? `${formatPath(path)}: ` : "";
  return `${place}: ${where}${message}\n  fix: ${fix}`;
}

/** `clusters[1].network`. */
export function formatPath(path: Path): string {
  return path
    .map((part) =>
      typeof part === "number" ? `[${part}]` : /^[\w-]+$/.test(part) ? `.${part}` : `[${quote(part)}]`,
    )
    .join("")
    .replace(/^\./, "");
}

/** `clusters[].network`: the field, whichever element of a list it belongs to. */
export const fieldOf = (path: Path): string => formatPath(path).replace(/\[\d+\]/g, "[]");

/** The value at `path`; undefined if there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, part)
        ? (inner as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );
}

/** A value in a message: on one line, shortened, control characters escaped. */
export function quote(value: unknown): string {
  const text =
    JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "nothing";
  // JSON does not escape C1 controls and bidirectional marks, which terminals interpret.
  const shown = text.replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}

/** The known word of which `word` may be a typo. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.round(word.length * 0.4));
  const [best] = known
    .map((candidate) => ({ candidate, away: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ away }) => away <= limit)
    .sort((one, other) => one.away - other.away);
  return best?.candidate;
}

/** `did you mean "network"? `, or nothing: the beginning of a fix. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `did you mean "${near}"? `;
}
