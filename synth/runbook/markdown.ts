/** A numbered step of the runbook: what it is for, and commands that can be pasted as they are. */
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
