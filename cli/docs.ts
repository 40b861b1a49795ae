import type { Argument, Command, Option } from "commander";

/** `docs/cli.md`: every command with its arguments, options and defaults, group by group as in `mesh --help`. */
export function cliDocument(mesh: Command): string {
  const help = mesh.createHelp();
  const commands = help.visibleCommands(mesh).filter((command) => command.name() !== "help");
  const groups = [...new Set(commands.map((command) => command.helpGroup()))].map((heading) => ({
    heading: `## ${heading.replace(/:$/, "")}`,
    commands: commands.filter((command) => command.helpGroup() === heading),
  }));
  return `${[
    ...introduction,
    ...groups.flatMap((group) => [group.heading, ...group.commands.flatMap(commandParts)]),
  ].join("\n\n")}\n`;
}

const introduction = [
  "# Commands",
  "<!-- Written by `npm run docs` from cli/program.ts. Change it there. -->",
  "`mesh COMMAND --help` prints the same, with examples. Results go to stdout, everything else to stderr. A duration is a " +
    "number with a unit, such as `90s`, `5m` or `1h`; a number alone is seconds.",
  table(
    ["Exit code", "Meaning"],
    [
      ["0", "success"],
      ["1", "a check or a step failed, or `diff` or `synth --check` found a difference"],
      ["2", "bad input: an option, `mesh.yaml`, or a file beside it; nothing was changed"],
      ["130", "interrupted by Ctrl-C"],
    ],
  ),
];

function commandParts(command: Command): string[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== "--help");
  const termOf = (argument: Argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  };
  const rows = [
    ...command.registeredArguments.map((one) => row(termOf(one), one)),
    ...options.map((one) => row(one.flags, one)),
  ];
  return [
    `### mesh ${command.name()}`,
    `${command.description()}.`,
    `\`mesh ${command.name()} ${command.usage()}\``,
    table(["Argument or option", "Description", "Default"], rows),
  ];
}

function row(term: string, { description, argChoices, defaultValue }: Argument | Option): string[] {
  const choices = argChoices ? `: ${argChoices.map((choice) => `\`${choice}\``).join(", ")}` : "";
  const [, text, inWords = ""] = /^(.*?)(?: \(default: (.+)\))?$/.exec(description)!;
  const isValue = !["undefined", "boolean"].includes(typeof defaultValue);
  return [`\`${term}\``, `${text}${choices}`, isValue ? `\`${defaultValue}\`` : inWords];
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), `|${"---|".repeat(heading.length)}`, ...rows.map(line)].join("\n");
}
