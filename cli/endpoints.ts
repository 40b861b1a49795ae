import { readMesh } from "../mesh/load";
import { meshCommand } from "../mesh/paths";
import { colours } from "../ops/run/colours";
import { type Endpoint, type EndpointView, endpoints } from "../ops/status/endpoints";
import { exitCode, type Output } from "./command";
import { asKnown, type RunOptions, withClusters } from "./context";
import { type Format, requireSample } from "./options";
import { columns, sayWhenSlow } from "./terminal";

/** What each cluster's client sees of the sample. Exit code 1: nothing, or something that is not healthy. */
export async function showEndpoints(
  file: string,
  { output: format, ...flags }: RunOptions & { readonly output: Format },
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  const sample = requireSample(mesh, file, "endpoints are shown of it", "istioctl proxy-config endpoints");
  const options = { ...flags, quiet: format === "json" };
  return withClusters(asKnown(mesh, file, output), options, output, async (context) => {
    const found = await sayWhenSlow(
      context.reporter,
      `asking the clients of ${mesh.clusters.length} clusters ...`,
      endpoints(context, mesh, sample),
    );
    if (format === "json") output.result(JSON.stringify(found, null, 2));
    else
      output.result(
        found.views
          .flatMap((view) => ["", ...viewLines(view, found.host, file)])
          .slice(1)
          .join("\n"),
      );
    return found.ok ? exitCode.fine : exitCode.failed;
  });
}

function viewLines(
  { cluster, endpoints: seen, error, fix }: EndpointView,
  host: string,
  file: string,
): string[] {
  const title = colours.bold(`${host} as ${cluster}'s client sees it`);
  if (error !== undefined)
    return [title, `  ${colours.red("not known")}: ${error}`, ...(fix ? [`  fix: ${fix}`] : [])];
  if (seen.length === 0)
    return [title, `  ${colours.red("no endpoints")}; next: ${meshCommand(file, "status")}`];
  const rows = columns([["VERSION", "ADDRESS", "WHAT IT IS", "WEIGHT", "HEALTH"], ...seen.map(row)]);
  return [title, ...rows.map((line) => `  ${line}`)];
}

function row({ version, address, target, weight, healthy, health }: Endpoint): string[] {
  const what = target
    ? `${target.kind} ${target.name} of ${target.cluster}`
    : "unknown: no pod and no gateway";
  return [version ?? "any", address, what, String(weight), healthy ? "healthy" : health];
}
