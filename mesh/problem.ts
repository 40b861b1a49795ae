/** Where something stands in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys and list indexes from the top of `mesh.yaml` down. */
export type Path = readonly (string | number)[];

/** Something wrong with the input. The sentences are lower case and safe to print: they never quote a secret. */
export interface Problem {
  /** File as the user named it. */
  readonly file: string;
  /** Undefined where the problem is of the file as a whole. */
  readonly position: Position | undefined;
  readonly path: Path;
  /** What was given and what is allowed. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A problem whose place in the file is yet to be looked up. */
export type FieldProblem = Pick<Problem, "path" | "message" | "fix">;

/** Something wrong with a file, or with a command, as a whole. */
export function fileProblem(file: string, message: string, fix: string): Problem {
  return { file, position: undefined, path: [], message, fix };
}

/** Bad input: every problem at once. Commands print it and exit with 2. */
export class InputError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(formatProblems(problems));
    this.name = "InputError";
  }
}

/** More than anybody reads at once. */
const mostShown = 100;

function formatProblems(problems: readonly Problem[]): string {
  const more = problems.length - mostShown;
  return [...problems.slice(0, mostShown).map(formatProblem), ...(more > 0 ? [`and ${more} more`] : [])].join(
    "\n",
  );
}

/** `mesh.yaml:7:14: clusters[1].network: "network1" is main0's already ...`, the fix on a line of its own. */
export function formatProblem({ file, position, path, message, fix }: Problem): string {
  const place = position ? `${file}:${position.line}:${position.column}` : file;
  const where = path.length > 0 ? `${formatPath(path)}: ` : "";
  return `${place}: ${where}${message}\n  fix: ${fix}`;
}

/** `clusters[1].network`, as people write it. */
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

/** A value as an error message shows it: on one line, shortened, control characters escaped. */
export function quote(value: unknown): string {
  const text =
    JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "nothing";
  // JSON leaves C1 controls and the bidirectional marks alone; a terminal or a reader may not.
  const shown = text.replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}
