import { doctor as examine } from "../checks/doctor/doctor";
import { type ReportFormat, reportFormats } from "../checks/format/format";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { meshPaths } from "../mesh/paths";
import { withKnownCredentials } from "../ops/azure/credentials";
import { DeadlinePassed, MissingProgram, ProgramFailed } from "../ops/programs/programs";
import { colours } from "../ops/runs/colours";
import type { Context } from "../ops/runs/context";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";

/** Looks whether the mesh could be applied. Exit code 1: something stands in the way. */
export async function doctor(
  file: string,
  { output: format, ...flags }: RunOptions & { readonly output: ReportFormat },
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  return withContext(flags, output, async (context) => {
    const reaching = await reachingWhatIsMade(context, mesh, meshPaths(file).terraform);
    const report = await examine(reaching, { mesh, meshFile: file });
    const color = colours.isColorSupported;
    output.result(reportFormats[format](report, { color }).trimEnd());
    return report.ok ? exitCode.fine : exitCode.failed;
  });
}

/** The clusters may not be made yet, and programs be missing: that is for the checks to say. */
async function reachingWhatIsMade(context: Context, mesh: Mesh, terraformFolder: string): Promise<Context> {
  try {
    return (await withKnownCredentials(context, mesh, terraformFolder)).reaching;
  } catch (error) {
    if ([MissingProgram, ProgramFailed, DeadlinePassed].some((kind) => error instanceof kind)) return context;
    throw error;
  }
}
