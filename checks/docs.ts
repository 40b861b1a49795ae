import { type CheckFacts, idOfNeed, type Layer, layerOf, layers, type Need, type Severity } from "./check";

const severities: Readonly<Record<Severity, string>> = {
  fail: "a failure: the mesh cannot work like this",
  warn: "a warning: it may work, or not for long",
  info: "for you to know; nothing is wrong",
};

/** `docs/checks.md`: every check of these commands, layer by layer, in the order in which they are judged. */
export function checksDocument(commands: Readonly<Record<string, readonly CheckFacts[]>>): string {
  const all = [...new Set(Object.values(commands).flat())];
  const madeBy = (check: CheckFacts) =>
    Object.keys(commands)
      .filter((command) => commands[command]!.includes(check))
      .map((command) => `\`mesh ${command}\``)
      .join(" and ");
  const parts = (Object.keys(layers) as Layer[]).flatMap((layer) => {
    const inLayer = all.filter((check) => layerOf(check) === layer);
    return [`## ${capital(layers[layer])}`, ...inLayer.flatMap((check) => checkParts(check, madeBy(check)))];
  });
  return `${[...introduction, ...parts].join("\n\n")}\n`;
}

const introduction = [
  "# Checks",
  "<!-- Written by `npx tsx checks/write-docs.ts` from the checks themselves. Change them there. -->",
  [
    "Every check has an id that stays the same, and looks at one thing. All of them look at once; what stands on a check",
    "that did not pass is *not judged*, so that what is reported is the cause and not its echo. What cannot be looked at",
    "counts as failed where the mesh depends on it, and `mesh verify` ends with 1 also where such a check is not judged.",
    "Nothing is changed by looking; `mesh verify` sends requests.",
  ].join(" "),
];

function checkParts({ id, severity, title, looksAt, why, fix, needs }: CheckFacts, madeBy: string): string[] {
  const rows = [
    ["looks at", looksAt],
    ["otherwise", why],
    ["fix", fix],
    ["counts as", severities[severity]],
    ["made by", madeBy],
    ...(needs.length > 0 ? [["needs", needs.map(linked).join(", ")]] : []),
  ];
  return [`### ${id}`, `${capital(title)}.`, rows.map(([name, text]) => `- **${name}**: ${text}`).join("\n")];
}

function linked(need: Need): string {
  const id = idOfNeed(need);
  return `[${id}](#${id.replace(".", "")})${need === id ? "" : " of the primary"}`;
}

/** The text as a sentence begins, but for programs: their names are lower case. */
export const capital = (text: string) =>
  /^(kubectl|istioctl|terraform|az) /.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
