import type { Argument, Command, Option } from "commander";
import { meshFile } from "../../mesh/paths";
import { homeFolder } from "../../ops/exec/environment";
import { exitCode, type Output } from "../command";
import { type Known, knownValues, type Suggestion } from "./known-values";

/** What a shell may do with an answer, as in cobra's scripts. */
const directives = { noFiles: 4, keepOrder: 32 } as const;

/**
 * Answers a shell that asks for completions of the last word: a line per value, its description after a tab, and a last
 * line with the directives. An error offers nothing, and prints nothing.
 * @param words the words after `mesh`, as typed
 */
export async function complete(mesh: Command, words: readonly string[], output: Output): Promise<number> {
  const { suggestions, files } = await completionOf(mesh, words.map(asTheShellReads)).catch(() => nothing);
  for (const { value, about } of suggestions) output.result(about ? `${value}\t${about}` : value);
  output.result(`:${directives.keepOrder | (files ? 0 : directives.noFiles)}`);
  return exitCode.fine;
}

interface Completion {
  readonly suggestions: readonly Suggestion[];
  /** The shell offers files. */
  readonly files: boolean;
}

const nothing: Completion = { suggestions: [], files: false };

async function completionOf(mesh: Command, words: readonly string[]): Promise<Completion> {
  const typed = words.at(-1) ?? "";
  const line = readLine(mesh, words.slice(0, -1));
  const { command, open, given } = line;

  if (open && (open.mustTake || !isFlag(typed))) {
    const values = await valuesOf(line, mesh, open.option);
    if (values !== undefined || open.mustTake) return offer(values ?? [], typed, given.get(open.option));
  }
  if (line.optionsMayFollow && typed.startsWith("-")) {
    const { option, value } = findOption(command, typed);
    // The shell would replace the whole of `-oj`.
    if (option && value !== undefined && typed.startsWith("--"))
      return offer((await valuesOf(line, mesh, option)) ?? [], value);
    return offer(optionsOf(line), typed);
  }
  const subcommands = commandsOf(command);
  if (subcommands.length > 0)
    return line.operands.length > 0 ? nothing : offer(subcommands.map(asSuggestion), typed);
  const argument = argumentAt(command, line.operands.length);
  return offer((argument && (await valuesOf(line, mesh, argument))) ?? [], typed, line.operands);
}

function offer(
  values: readonly Suggestion[] | "files",
  typed: string,
  given: readonly string[] = [],
): Completion {
  if (values === "files") return { suggestions: [], files: true };
  const fitting = values.filter(({ value }) => value.startsWith(typed) && !given.includes(value));
  return { suggestions: fitting, files: false };
}

/** The command line up to a word. */
interface Line {
  command: Command;
  operands: string[];
  /** Options on the line, with their values. */
  given: Map<Option, string[]>;
  /** The option whose value may come next, or must. */
  open?: { option: Option; mustTake: boolean } | undefined;
  /** Until a `--`. */
  optionsMayFollow: boolean;
}

/** Reads words as commander does, but refuses none. */
function readLine(mesh: Command, words: readonly string[]): Line {
  const line: Line = { command: mesh, operands: [], given: new Map(), optionsMayFollow: true };
  for (const word of words) readWord(line, word);
  return line;
}

function readWord(line: Line, word: string): void {
  const { open } = line;
  line.open = undefined;
  if (open && (open.mustTake || !isFlag(word))) {
    line.given.get(open.option)!.push(word);
    if (open.option.variadic) line.open = { option: open.option, mustTake: false };
  } else if (line.optionsMayFollow && word === "--") {
    line.optionsMayFollow = false;
  } else if (line.optionsMayFollow && isFlag(word)) {
    const { option, value } = findOption(line.command, word);
    if (!option) return;
    const values = line.given.get(option) ?? [];
    line.given.set(option, value === undefined ? values : [...values, value]);
    if (value === undefined && takesValue(option)) line.open = { option, mustTake: option.required };
  } else {
    const subcommand = commandsOf(line.command).find((each) => each.name() === word);
    if (subcommand) line.command = subcommand;
    else line.operands.push(word);
  }
}

const isFlag = (word: string) => word.length > 1 && word.startsWith("-");
const named = ({ long, short }: Option, word: string) => word === long || word === short;
const takesValue = ({ required, optional }: Option) => required || optional;

/** The option that a word names: `--output`, `--output=json`, `-o` or `-ojson`. */
function findOption(command: Command, word: string): { option?: Option | undefined; value?: string } {
  const options = command.createHelp().visibleOptions(command);
  const exact = options.find((option) => named(option, word));
  if (exact) return { option: exact };
  const [name, value] = word.startsWith("--") ? halves(word, word.indexOf("=")) : halves(word, 2);
  const option = options.find((each) => named(each, name) && takesValue(each));
  return option ? { option, value: word.startsWith("--") ? value.slice(1) : value } : {};
}

const halves = (word: string, at: number): [string, string] =>
  at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at)];

/** Without hidden commands. */
const commandsOf = (command: Command) => command.createHelp().visibleCommands(command);
const asSuggestion = (command: Command): Suggestion => ({
  value: command.name(),
  about: command.description(),
});

/** Long names of the options that may follow. */
function optionsOf({ command, given }: Line): Suggestion[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.variadic || !given.has(option))
    .map(({ long, short, description }) => ({ value: long ?? short ?? "", about: description }));
}

const argumentAt = ({ registeredArguments: all }: Command, index: number): Argument | undefined =>
  all[index] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);

/** Possible values of an option or an argument; undefined where they are not known. */
async function valuesOf(
  { command, given }: Line,
  mesh: Command,
  of: Option | Argument,
): Promise<readonly Suggestion[] | "files" | undefined> {
  if (of.argChoices) return of.argChoices.map((value) => ({ value }));
  const name = "long" in of ? of.long : of.name();
  const known: Known | undefined = knownValues[`${command.name()} ${name}`] ?? knownValues[`${name}`];
  const file = [...given].find(([option]) => option.long === "--file")?.[1].at(-1);
  return known?.(meshFile(file), mesh);
}

/** Shells pass words with their quotes and backslashes, and the home folder as `~`. */
function asTheShellReads(word: string): string {
  return word.replace(/^~(?=\/)/, () => homeFolder()).replace(/\\(.)|['"]/g, "$1");
}
