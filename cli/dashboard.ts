import { readMesh } from "../mesh/load";
import { meshCommand, meshPaths } from "../mesh/paths";
import { fileProblem, InputError, quote } from "../mesh/problem";
import { withCredentials } from "../ops/azure/credentials";
import { type DashboardName, requireDashboard, serveDashboard } from "../ops/dashboard";
import { openBrowser } from "../ops/exec/browser";
import { exitCode, type Output } from "./command";
import { type RunOptions, withContext } from "./context";

/** As they stand on the command line. */
export interface DashboardFlags extends RunOptions {
  /** @default - a free one */
  readonly port?: string;
  readonly browser: boolean;
}

/** Opens a dashboard of the primary on this machine, and keeps it open until Ctrl-C, which is its ordinary end. */
export async function dashboard(
  file: string,
  name: DashboardName,
  { port, browser, ...flags }: DashboardFlags,
  output: Output,
): Promise<number> {
  const wantedPort = port === undefined ? undefined : readPort(port);
  const mesh = readMesh(file);
  if (!mesh.addons[name]) throw switchedOff(file, name);
  return withContext(flags, output, async (context, untilCtrlC) => {
    const reaching = await withCredentials(context, mesh, meshPaths(file).terraform, {
      file,
      needed: [mesh.primary],
    });
    await requireDashboard(reaching, mesh, name, file);
    const onOpen = (url: string) => {
      output.result(url);
      const opened = browser && openBrowser(url);
      output.note(`${opened ? "opened in the browser" : "open it in a browser"}; Ctrl-C ends it`);
      if (name === "kiali" && mesh.sample)
        output.note(
          `without requests the graph is empty: ${meshCommand(file, "traffic")}, in another terminal, sends some`,
        );
    };
    await serveDashboard(reaching, { mesh, name, port: wantedPort, onOpen }, untilCtrlC());
    return exitCode.fine;
  });
}

/** @throws InputError */
function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new InputError([
    fileProblem(
      "mesh dashboard",
      `--port ${quote(text)} is given; allowed is a number from 1 to 65535`,
      "leave --port out for a free one",
    ),
  ]);
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
