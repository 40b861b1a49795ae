import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { verifyWithStatus } from "../checks/status";
import { readMesh } from "../mesh/load";
import { fileProblem, InputError } from "../mesh/problem";
import { replaceFile } from "../ops/exec/replace-file";
import { version } from "../package.json";
import { headlineOf } from "../report/headline";
import { reportPage, reportStart } from "../report/page";
import { exitCode, type Output } from "./command";
import { forChecks, type RunOptions, withClusters } from "./context";

/** Writes the results of verify and status as one page. The exit code is that of `verify`. */
export async function writeReport(
  file: string,
  { to, ...flags }: RunOptions & { readonly to: string },
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  refuseOtherFiles(to);
  return withClusters(forChecks(mesh, file), flags, output, async (context) => {
    const time = context.now();
    const { checks, status } = await verifyWithStatus(context, { mesh, meshFile: file });
    replaceFile(to, reportPage({ mesh, checks, status, time, tool: version }), 0o644);
    output.note(headlineOf(checks, status).sentence);
    output.result(to);
    return checks.ok ? exitCode.fine : exitCode.failed;
  });
}

/** @throws InputError where no report can be written, or another file would be lost */
function refuseOtherFiles(to: string): void {
  const folder = dirname(to);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError([
      fileProblem(to, `the folder ${folder} does not exist`, "create it, or name another file with --to"),
    ]);
  if (!existsSync(to)) return;
  if (statSync(to).isFile() && readFileSync(to, "utf8").startsWith(reportStart)) return;
  throw new InputError([
    fileProblem(
      to,
      "exists and is not a report of mesh; only a report is replaced",
      "name another file with --to, or remove it",
    ),
  ]);
}
