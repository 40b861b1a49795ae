import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { meshCommand } from "../mesh/paths";
import { colours } from "../ops/run/colours";
import { type ClusterStatus, type MeshStatus, status } from "../ops/status/status";
import type { Remark } from "../ops/status/status-remarks";
import { columns } from "./columns";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { reachingWhatIsKnown } from "./reaching";
import { rootCertificate } from "./root-certificate";
import { sayWhenSlow } from "./slow";

/** One screen about the mesh. Exit code 1: something is not well, or not as mesh.yaml has it. */
export async function showStatus(
  file: string,
  format: "text" | "json",
  flags: RunOptions,
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  return withContext({ ...flags, quiet: format === "json" }, output, async (context) => {
    const reaching = await reachingWhatIsKnown(context, mesh, file, output);
    const found = await sayWhenSlow(
      context.reporter,
      `asking ${mesh.clusters.length} clusters ...`,
      status(reaching, { mesh, rootCertificate: rootCertificate(mesh, file) }),
    );
    if (format === "json") output.result(JSON.stringify(found, null, 2));
    else for (const line of screen(found, mesh, file)) output.result(line);
    return found.ok ? exitCode.fine : exitCode.failed;
  });
}

function screen(found: MeshStatus, { primary }: Mesh, file: string): string[] {
  if (!found.installed) {
    const next = meshCommand(file, "apply");
    return [
      ...remarks(colours.red("not well"), found.problems),
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
    ...remarks(colours.red("not well"), found.problems),
    ...remarks(colours.yellow("not as mesh.yaml has it"), found.differences),
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
  return [`${title}:`, ...list.map(({ cluster, text }) => `  ${cluster}: ${text}`), ""];
}

function verdict({ ok, problems }: MeshStatus, file: string): string {
  if (ok) return colours.green("all is well");
  const look = problems.length > 0 ? ["doctor"] : ["apply", "--dry-run"];
  return `next: ${meshCommand(file, ...look)}, then ${meshCommand(file, "apply")}`;
}
