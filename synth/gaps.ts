import { bundleGaps } from "../k8s/bundle";
import { meshCommand } from "../mesh/paths";
import type { Inputs } from "./inputs";

/** Something that the output lacks because an input is not there yet. */
export interface MissingInput {
  readonly what: string;
  /** Files that are not written without it. */
  readonly files: readonly string[];
  /** Who fills it in, and how. */
  readonly remedy: string;
}

/** What is missing until somebody fills it in. */
export function missingInputs({ mesh, ca, addresses, paths }: Inputs): readonly MissingInput[] {
  const gaps = bundleGaps(mesh, { ca, addresses });
  const filesWithout = (input: (typeof gaps)[number]["missing"]) =>
    gaps
      .filter(({ missing }) => missing === input)
      .map(({ cluster, file }) => `${paths.dist}/${cluster.name}/${file}`);
  const clustersWithout = (input: (typeof gaps)[number]["missing"]) => [
    ...new Set(gaps.filter(({ missing }) => missing === input).map(({ cluster }) => cluster.name)),
  ];
  return [
    {
      what: ca ? `the CA of ${clustersWithout("ca").join(", ")}` : "a certificate authority",
      files: filesWithout("ca"),
      remedy: `\`${meshCommand(paths.mesh, "ca")}\` makes it${ca ? " from the same root" : ""}; without it \`mesh apply\` refuses`,
    },
    {
      what: `the address of ${mesh.primary.name}'s ${mesh.istio.line.gateway.name}`,
      files: filesWithout("primary address"),
      remedy: `\`${meshCommand(paths.mesh, "apply")}\` finds it and keeps it in ${paths.addresses}; ${paths.dist}/RUNBOOK.md says how by hand`,
    },
  ].filter(({ files }) => files.length > 0);
}
