import { Argument, Option } from "commander";
import type { Mesh, Sample } from "../mesh/mesh";
import { meshCommand } from "../mesh/paths";
import { didYouMean, fileProblem, InputError, type Problem, quote } from "../mesh/problem";

/** Names of the forms of a result. `text` is for people: a list, a table or a sentence, whatever the command shows. */
export const formats = ["text", "json"] as const;
export type Format = (typeof formats)[number];

/** A value of an option or an argument that is not allowed. */
export const invalidValue = (of: string, value: string, expected: string, fix: string): Problem =>
  fileProblem(`invalid value ${quote(value)} for ${of}`, `expected ${expected}`, fix);

/** More names than anybody reads. */
const mostNames = 20;

/** A value that is none of the known ones. */
export function unknownValue(
  of: string,
  value: string,
  known: readonly string[],
  suggestion = didYouMean(value, known),
): Problem {
  const names = known.length > mostNames ? [...known.slice(0, mostNames), "..."] : known;
  const leave = of.startsWith("-") ? `, or leave ${of} out` : "";
  return invalidValue(of, value, `one of ${names.join(", ")}`, `${suggestion}use one of these${leave}`);
}

/** @throws InputError naming every value that is not a cluster of mesh.yaml */
export function requireClusters(option: string, values: readonly string[], { clusters }: Mesh): void {
  const names = clusters.map(({ name }) => name);
  const unknown = values.filter((value) => !names.includes(value));
  if (unknown.length > 0) throw new InputError(unknown.map((value) => unknownValue(option, value, names)));
}

/**
 * For commands that need the sample app.
 * @param why completes the sentence "the sample is switched off, and ..."
 * @param otherwise what to use for other services @default - nothing
 * @throws InputError where mesh.yaml has none
 */
export function requireSample({ sample }: Mesh, file: string, why: string, otherwise?: string): Sample {
  if (sample) return sample;
  const fix = `switch it on and run ${meshCommand(file, "apply")}${otherwise ? `; for other services: ${otherwise}` : ""}`;
  throw new InputError([fileProblem(file, `the sample is switched off, and ${why}`, fix)]);
}

/** The longest duration: a day. Node.js ends a timer of more than 24 days at once. */
export const longestSeconds = 86_400;

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/**
 * Seconds of `90s`, `5m`, `1h`, or of a number alone.
 * @throws InputError
 */
export function parseDuration(option: string, text: string): number {
  const [, number, unit = "s"] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  const seconds = Number(number) * unitSeconds[unit]!;
  if (seconds >= 1 && seconds <= longestSeconds) return seconds;
  throw new InputError([
    invalidValue(
      option,
      text,
      "a duration from 1s to 24h, such as 90s, 5m or 1h",
      `for example: ${option} 5m`,
    ),
  ]);
}

function parseWhole(option: string, text: string, from: number, to: number): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw new InputError([
    invalidValue(option, text, `a whole number from ${from} to ${to}`, `correct it, or leave ${option} out`),
  ]);
}

function parseFile(option: string, text: string): string {
  if (text !== "") return text;
  throw new InputError([
    invalidValue(option, text, "the name of a file", `leave ${option} out for the default`),
  ]);
}

/** An option whose value `parse` reads. */
function parsed<T>(flags: string, description: string, parse: (option: string, text: string) => T): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => parse(option.long!, text));
}

export const durationOption = (flags: string, description: string) =>
  parsed(flags, description, parseDuration);

export const fileOption = (flags: string, description: string) => parsed(flags, description, parseFile);

export const numberOption = (flags: string, description: string, from: number, to: number) =>
  parsed(flags, description, (option, text) => parseWhole(option, text, from, to));

/** Commander's own message for choices says neither what is near, nor what to do. */
function parseChoice(of: string, text: string, choices: readonly string[]): string {
  if (choices.includes(text)) return text;
  throw new InputError([unknownValue(of, text, choices)]);
}

export const choiceOption = (flags: string, description: string, choices: readonly string[]) => {
  const option = new Option(flags, description).choices(choices);
  return option.argParser((text: string) => parseChoice(option.long!, text, choices));
};

export const choiceArgument = (name: string, description: string, choices: readonly string[]) => {
  const argument = new Argument(name, description).choices(choices);
  return argument.argParser((text: string) => parseChoice(argument.name(), text, choices));
};
