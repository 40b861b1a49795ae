import { doctor as examine } from "../checks/doctor/doctor";
import { type ReportFormat, reportFormats } from "../checks/format/format";
import { readMesh } from "../mesh/load";
import { colours } from "../ops/run/colours";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";
import { reachingForChecks } from "./reaching";

/** Looks whether the mesh could be applied. Exit code 1: something stands in the way. */
export async function doctor(
  file: string,
  { output: format, ...flags }: RunOptions & { readonly output: ReportFormat },
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  return withContext(flags, output, async (context) => {
    const reaching = await reachingForChecks(context, mesh, file);
    const report = await examine(reaching, { mesh, meshFile: file });
    const color = colours.isColorSupported;
    output.result(reportFormats[format](report, { color }).trimEnd());
    return report.ok ? exitCode.fine : exitCode.failed;
  });
}
