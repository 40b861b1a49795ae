import type { Book } from "./runbook/book";
import { look } from "./runbook/look";
import { formatSteps } from "./runbook/markdown";
import { setUp } from "./runbook/set-up";
import { teardown } from "./runbook/teardown";

/**
 * `dist/RUNBOOK.md`: every command from nothing to a working mesh and back, in order, with this mesh's names filled
 * in. `mesh apply` does the same; the runbook is for those who want to see or do it by hand.
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
    `Istio ${istio.version} over ${clusters.length} ${clusters.length === 1 ? "cluster" : "clusters"}. Every command below can be pasted as it is, from top to bottom, in the folder that holds \`dist\`.`,
    ["| cluster | role | network | context |", "|---|---|---|---|", ...table].join("\n"),
  ].join("\n\n");
}

/** The clusters that a runbook is about, read off its table. */
export function clustersIn(text: string): { name: string; network: string; context: string }[] {
  return [...text.matchAll(/^\| (\S+) \| (?:primary|remote) \| (\S+) \| `(.+)` \|$/gm)].map(
    ([, name, network, context]) => ({ name: name!, network: network!, context: context! }),
  );
}
