import { doctor as examine } from "../checks/doctor/doctor";
import { type ReportFormat, reportFormats } from "../checks/format/format";
import { readMesh } from "../mesh/load";
import { colours } from "../ops/run/colours";
import { exitCode, type Output } from "./command";
import { forChecks, type RunOptions, withClusters } from "./context";

/** Runs the pre-flight checks. Exit code 1: one failed. */
export async function doctor(
  file: string,
  { output: format, ...flags }: RunOptions & { readonly output: ReportFormat },
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  return withClusters(forChecks(mesh, file), flags, output, async (context) => {
    const report = await examine(context, { mesh, meshFile: file });
    const color = colours.isColorSupported;
    output.result(reportFormats[format](report, { color }).trimEnd());
    return report.ok ? exitCode.fine : exitCode.failed;
  });
}
