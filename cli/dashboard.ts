import { readMesh } from "../mesh/load";
import { meshCommand } from "../mesh/paths";
import { fileProblem, InputError } from "../mesh/problem";
import { type DashboardName, requireDashboard, serveDashboard } from "../ops/dashboard";
import { openBrowser } from "../ops/exec/browser";
import { exitCode, type Output } from "./command";
import { type RunOptions, required, withClusters } from "./context";

export interface DashboardFlags extends RunOptions {
  /** @default - a free one */
  readonly port?: number;
  readonly browser: boolean;
}

/** Opens a dashboard of the primary on this machine until Ctrl-C, which is its ordinary end. */
export async function dashboard(
  file: string,
  name: DashboardName,
  { port, browser, ...flags }: DashboardFlags,
  output: Output,
): Promise<number> {
  const mesh = readMesh(file);
  if (!mesh.addons[name]) throw switchedOff(file, name);
  return withClusters(required(mesh, file, [mesh.primary]), flags, output, async (context, untilCtrlC) => {
    await requireDashboard(context, mesh, name, file);
    const onOpen = (url: string) => {
      output.result(url);
      const opened = browser && openBrowser(url);
      output.note(`${opened ? "opened in the browser" : "open it in a browser"}; Ctrl-C ends it`);
      if (name === "kiali" && mesh.sample)
        output.note(
          `without requests the graph is empty: ${meshCommand(file, "traffic")}, in another terminal, sends some`,
        );
    };
    await serveDashboard(context, { mesh, name, port, onOpen }, untilCtrlC());
    return exitCode.fine;
  });
}

function switchedOff(file: string, name: DashboardName): InputError {
  return new InputError([
    fileProblem(
      file,
      `addons.${name} is switched off, and there is nothing to open`,
      `write addons: { ${name}: true }, then run ${meshCommand(file, "apply")}`,
    ),
  ]);
}
