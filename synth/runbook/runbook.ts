import { setUp } from "./set-up";
import type { Book } from "./step";
import { formatSteps } from "./step";
import { teardown } from "./uninstall";
import { look } from "./usage";

/**
 * `dist/RUNBOOK.md`: every command that installs and uninstalls the mesh, in order, with this mesh's names filled in.
 * `mesh apply` does the same; the runbook is for manual runs.
 */
export function runbook(book: Book): string {
  return `${[introduction(book), formatSteps([...setUp(book), ...look(book), teardown(book)])].join("\n\n")}\n`;
}

function introduction({ mesh }: Book): string {
  const { name, istio, clusters } = mesh;
  const table = clusters.map(
    ({ name, role, network, context }) => `| ${name} | ${role} | ${network} | \`${context}\` |`,
  );
  return [
    `# Runbook of the mesh ${name}`,
    `Istio ${istio.version} over ${clusters.length} ${clusters.length === 1 ? "cluster" : "clusters"}. Paste the commands as they are, from top to bottom, in the folder that contains \`dist\`.`,
    ["| cluster | role | network | context |", "|---|---|---|---|", ...table].join("\n"),
  ].join("\n\n");
}

/** The clusters in a runbook's table. */
export function clustersIn(text: string): { name: string; network: string; context: string }[] {
  return [...text.matchAll(/^\| (\S+) \| (?:primary|remote) \| (\S+) \| `(.+)` \|$/gm)].map(
    ([, name, network, context]) => ({ name: name!, network: network!, context: context! }),
  );
}
