import { type ClusterStatus, type MeshStatus, meshStatus, type Remark } from "../checks/status";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { meshCommand } from "../mesh/paths";
import { colours } from "../ops/run/colours";
import { exitCode, type Output } from "./command";
import { asKnown, type RunOptions, withClusters } from "./context";
import type { Format } from "./options";
import { columns } from "./terminal";

/** One screen about the mesh. Exit code 1: there is a problem, or a difference from mesh.yaml. */
export async function showStatus(
  file: string,
  { output: format, ...flags }: RunOptions & { readonly output: Format },
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  const options = { ...flags, quiet: format === "json" };
  return withClusters(asKnown(mesh, file, output), options, output, async (context) => {
    const found = await meshStatus(context, { mesh, meshFile: file });
    if (format === "json") output.result(JSON.stringify(found, null, 2));
    else for (const line of screen(found, mesh, file)) output.result(line);
    return found.ok ? exitCode.fine : exitCode.failed;
  });
}

function screen(found: MeshStatus, { primary }: Mesh, file: string): string[] {
  if (!found.installed) {
    const next = meshCommand(file, "apply");
    return [
      ...remarks(colours.red("problems"), found.problems),
      `no mesh on ${primary.name} (context ${primary.context}); next: ${next}`,
    ];
  }
  return [
    `mesh ${found.mesh}, Istio ${found.istio}`,
    "",
    ...columns([
      ["CLUSTER", "ROLE", "CONTEXT", "KUBERNETES", "ISTIO", "ISTIOD", "PROXIES", "CA DAYS LEFT"],
      ...found.clusters.map(clusterRow),
    ]),
    "",
    ...columns([
      ["CLUSTER", "GATEWAY", "ADDRESS", "READY"],
      ...found.clusters.flatMap(({ name, gateways }) =>
        gateways.map((gateway) => [
          name,
          gateway.name,
          gateway.address ?? "pending",
          `${gateway.replicas.ready}/${gateway.replicas.wanted}`,
        ]),
      ),
    ]),
    "",
    ...remarks(colours.red("problems"), found.problems),
    ...remarks(colours.yellow("drift from mesh.yaml"), found.differences),
    verdict(found, file),
  ];
}

function clusterRow(cluster: ClusterStatus): string[] {
  const { istiod, synced, proxies, certificateDaysLeft } = cluster;
  return [
    cluster.name,
    cluster.role,
    cluster.context,
    cluster.reachable ? (cluster.kubernetes ?? unknown) : "unreachable",
    cluster.istio.join(" ") || unknown,
    istiod ? `${istiod.ready}/${istiod.wanted} ready` : (synced ?? unknown),
    proxies ? `${proxies.inSync}/${proxies.connected} in sync` : unknown,
    String(certificateDaysLeft ?? unknown),
  ];
}

const unknown = "-";

function remarks(title: string, list: readonly Remark[]): string[] {
  if (list.length === 0) return [];
  const lines = list.flatMap(({ cluster, text, fix, commands = [] }) => [
    `  ${cluster}: ${text}`,
    ...(fix ? [`    fix: ${fix}`] : []),
    ...commands.map((command) => `      ${command}`),
  ]);
  return [`${title}:`, ...lines, ""];
}

function verdict({ ok, problems }: MeshStatus, file: string): string {
  if (ok) return colours.green("the mesh is healthy");
  const look = problems.length > 0 ? ["doctor"] : ["apply", "--dry-run"];
  return `next: ${meshCommand(file, ...look)}, then ${meshCommand(file, "apply")}`;
}
