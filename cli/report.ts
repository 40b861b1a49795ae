import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { verify } from "../checks/verify/verify";
import { readMesh } from "../mesh/load";
import { fileProblem, InputError } from "../mesh/problem";
import { replaceFile } from "../ops/exec/replace-file";
import { status } from "../ops/status/status";
import { version } from "../package.json";
import { headlineOf } from "../report/headline";
import { reportPage, reportStart } from "../report/page";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { reachingForChecks } from "./reaching";
import { rootCertificate } from "./root-certificate";

/** Writes what verify and status find as one page. The exit code is that of `verify`. */
export async function writeReport(
  file: string,
  { to, ...flags }: RunOptions & { readonly to: string },
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  refuseOtherFiles(to);
  return withContext(flags, output, async (context) => {
    const reaching = await reachingForChecks(context, mesh, file);
    const time = context.now();
    const [checks, found] = await Promise.all([
      verify(reaching, { mesh, meshFile: file }),
      status(reaching, { mesh, rootCertificate: rootCertificate(mesh, file) }),
    ]);
    replaceFile(to, reportPage({ mesh, checks, status: found, time, tool: version }), 0o644);
    output.note(headlineOf(checks, found).sentence);
    output.result(to);
    return checks.ok ? exitCode.fine : exitCode.failed;
  });
}

/** @throws InputError before anything is looked at, where no report can be written or another file would be lost */
function refuseOtherFiles(to: string): void {
  if (to === "")
    throw new InputError([
      fileProblem(
        "mesh report --to",
        "no name is given",
        "name a file, or leave --to out for mesh-report.html",
      ),
    ]);
  const folder = dirname(to);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError([
      fileProblem(to, `the folder ${folder} is not there`, "make it, or name another file with --to"),
    ]);
  if (!existsSync(to)) return;
  if (statSync(to).isFile() && readFileSync(to, "utf8").startsWith(reportStart)) return;
  throw new InputError([
    fileProblem(
      to,
      "is there and is no report of mesh; only a report is replaced",
      "name another file with --to, or remove it",
    ),
  ]);
}
