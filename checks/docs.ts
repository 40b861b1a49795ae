import { type CheckFacts, idOfNeed, type Layer, layerOf, layers, type Need, type Severity } from "./check";

const severities: Readonly<Record<Severity, string>> = {
  fail: "failure: the mesh does not work",
  warn: "warning: the mesh may stop working",
  info: "info: nothing is wrong",
};

/** `docs/checks.md`: every check of these commands, layer by layer, in the order in which they are judged. */
export function checksDocument(commands: Readonly<Record<string, readonly CheckFacts[]>>): string {
  const all = [...new Set(Object.values(commands).flat())];
  const runBy = (check: CheckFacts) =>
    Object.keys(commands)
      .filter((command) => commands[command]!.includes(check))
      .map((command) => `\`mesh ${command}\``)
      .join(" and ");
  const parts = (Object.keys(layers) as Layer[]).flatMap((layer) => {
    const inLayer = all.filter((check) => layerOf(check) === layer);
    return [`## ${capital(layers[layer])}`, ...inLayer.flatMap((check) => checkParts(check, runBy(check)))];
  });
  return `${[...introduction, ...parts].join("\n\n")}\n`;
}

const introduction = [
  "# Checks",
  "<!-- Written by `npm run docs` from the checks themselves. Change them there. -->",
  [
    "Every check has a stable id and looks at one thing. Checks run in parallel. A check is *not judged* if a check that",
    "it needs did not pass, so the report shows causes, not consequences. If a check cannot run, it counts as failed if",
    "its severity is failure. `mesh verify` exits with 1 if such a check failed or is not judged. Checks change nothing;",
    "`mesh verify` sends requests. `mesh apply` and `mesh up` first run the checks of severity failure for programs, reachability,",
    "versions, read rights and clusters; `mesh status` shows the problems that checks of both commands find.",
  ].join(" "),
];

function checkParts({ id, severity, title, looksAt, why, fix, needs }: CheckFacts, runBy: string): string[] {
  const rows = [
    ["Looks at", looksAt],
    ["Impact", why],
    ["Fix", fix],
    ["Severity", severities[severity]],
    ["Run by", runBy],
    ...(needs.length > 0 ? [["Needs", needs.map(linked).join(", ")]] : []),
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
