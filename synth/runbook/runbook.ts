import type { Mesh } from "../../mesh/mesh";
import { accessInWords, isCreated } from "../../mesh/network-access";
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
    ...accessTable(mesh),
  ].join("\n\n");
}

/** Who can reach what, where Terraform closes the network. */
function accessTable(mesh: Mesh): string[] {
  const access = mesh.clusters.map((cluster) => ({ cluster, ...accessInWords(mesh, cluster) }));
  if (
    access.every(({ apiServer, eastWestGateway }) => apiServer === undefined && eastWestGateway === undefined)
  )
    return [];
  const rows = access.map(
    ({
      cluster,
      apiServer = isCreated(cluster) ? "every source" : "what its own settings admit",
      eastWestGateway = "what its own network admits",
    }) => `| ${cluster.name} | ${apiServer} | ${eastWestGateway} |`,
  );
  return [
    "The network is closed. A cluster stands for the public addresses of its outbound traffic:",
    ["| cluster | its API server admits | its east-west gateway admits |", "|---|---|---|", ...rows].join(
      "\n",
    ),
  ];
}

/** The clusters in a runbook's table. */
export function clustersIn(text: string): { name: string; network: string; context: string }[] {
  return [...text.matchAll(/^\| (\S+) \| (?:primary|remote) \| (\S+) \| `(.+)` \|$/gm)].map(
    ([, name, network, context]) => ({ name: name!, network: network!, context: context! }),
  );
}
