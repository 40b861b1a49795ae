import { kialiServer } from "../k8s/addons/kiali-settings";
import { installationOf } from "../k8s/installations";
import { istioNamespace } from "../k8s/istio-names";
import type { Addons, Mesh } from "../mesh/mesh";
import { whyUnavailable } from "./diagnosis/pods";
import { ProgramFailed, Refused, shortMessage } from "./exec/errors";
import { type Kubectl, kubectlFor } from "./exec/kubectl";
import { deadlineSignal, pause } from "./exec/timing";
import type { Context } from "./run/context";

export type DashboardName = keyof Addons;

interface Dashboard {
  /** Path of the health check. */
  readonly health: string;
  /** Path and query of the first page. */
  readonly page: (mesh: Mesh) => string;
}

const dashboards: Readonly<Record<DashboardName, Dashboard>> = {
  kiali: {
    health: `${kialiServer.web_root}/healthz`,
    page({ istio, sample }) {
      const { graph } = installationOf({ istio }).kiali;
      const query = new URLSearchParams({ ...(sample && { namespaces: sample.namespace }), ...graph });
      return `${kialiServer.web_root}/console/graph/namespaces?${query}`;
    },
  },
  prometheus: {
    health: "/-/ready",
    // Prometheus 3 redirects from /graph, the address of 2, and reads its parameters:
    // web/ui/mantine-ui/src/pages/query/urlStateEncoding.ts of prometheus/prometheus v3.10.
    page({ sample }) {
      if (!sample) return "/graph";
      const requests = `istio_requests_total{reporter="source",destination_service_namespace="${sample.namespace}"}`;
      const query = new URLSearchParams({
        "g0.expr": `sum by (destination_service_name, destination_version) (rate(${requests}[1m]))`,
        "g0.tab": "0",
        "g0.stacked": "1",
        "g0.range_input": "15m",
      });
      return `/graph?${query}`;
    },
  },
};

export interface DashboardProps {
  readonly mesh: Mesh;
  readonly name: DashboardName;
  /** Local port. @default - a free one */
  readonly port: number | undefined;
  /** Called when the dashboard is first available. */
  readonly onOpen: (url: string) => void;
}

/** Only this machine can reach the dashboard. */
const loopback = "127.0.0.1";

/** Seconds. */
const times = {
  /** For kubectl to listen, and for the dashboard to answer. */
  open: 30,
  /** Between two health checks: kubectl only notices that the pod is gone when a connection is made. */
  look: 5,
  /** For an answer. */
  answer: 5,
  /** Between two attempts to open it again. */
  pause: 2,
  /** A port-forward is reopened after a day: every wait has a deadline. */
  longest: 86_400,
} as const;

/**
 * @param meshFile `mesh.yaml` as the user named it
 * @throws Refused if the dashboard was not applied, or is not ready
 */
export async function requireDashboard(
  context: Context,
  { primary }: Mesh,
  name: DashboardName,
  meshFile: string,
): Promise<void> {
  const deployment = { namespace: istioNamespace, name };
  const problem = await whyUnavailable(context, primary, deployment, meshFile);
  if (problem !== undefined) throw new Refused([problem]);
}

/**
 * Forwards a local port to a dashboard of the primary until `stop` is aborted. Reconnects on the same port.
 * @throws Refused if the first connection fails
 */
export async function serveDashboard(
  context: Context,
  { mesh, name, port: wantedPort, onOpen }: DashboardProps,
  stop: AbortSignal,
): Promise<void> {
  const kubectl = kubectlFor(context.programs, mesh.primary.context);
  const { health, page } = dashboards[name];
  let port = wantedPort;
  let opened = false;
  let lost = false;
  while (!stop.aborted && !context.signal.aborted) {
    const isOpen = (found: number) => {
      port = found;
      if (lost) context.reporter.say(`${name} is available again`);
      if (!opened) onOpen(`http://${loopback}:${port}${page(mesh)}`);
      lost = false;
      opened = true;
    };
    const why = await forward(kubectl, { name, port, health, onOpen: isOpen }, stop);
    if (why === undefined) continue;
    if (!opened) throw new Refused([refusal(name, port, why)]);
    if (!lost) context.reporter.say(`connection to ${name} lost: ${why}; retrying every ${times.pause} s`);
    lost = true;
    await pause(stop, times.pause * 1000);
  }
}

/** One run of `kubectl port-forward`. */
interface Forward {
  readonly name: DashboardName;
  /** Local port. @default - a free one */
  readonly port: number | undefined;
  readonly health: string;
  /** Called when the dashboard answers, with the port. */
  readonly onOpen: (port: number) => void;
}

/** @returns why it ended; undefined: `stop` */
async function forward(
  kubectl: Kubectl,
  { name, port, health, onOpen }: Forward,
  stop: AbortSignal,
): Promise<string | undefined> {
  const end = new AbortController();
  let why: string | undefined;
  const endFor = (reason?: string) => {
    why ??= reason;
    end.abort();
  };
  const stopForward = () => endFor();
  stop.addEventListener("abort", stopForward);

  let listening: number | undefined;
  const args = ["port-forward", `service/${name}`, `${port ?? ""}:http`, `--address=${loopback}`];
  const running = kubectl
    .run(["-n", istioNamespace, ...args], {
      signal: end.signal,
      deadlineSeconds: times.longest,
      onOutput(chunk) {
        listening ??= Number(/^Forwarding from [\d.]+:(\d+) /m.exec(chunk)?.[1]) || undefined;
      },
    })
    .then(
      () => endFor("kubectl exited"),
      (error) => endFor(end.signal.aborted ? undefined : words(error)),
    );
  const watch = async () => {
    const giveUpAt = performance.now() + times.open * 1000;
    let opened = false;
    let missed = 0;
    while (!end.signal.aborted) {
      const answered = listening !== undefined && (await answers(listening, health, end.signal));
      missed = answered ? 0 : missed + 1;
      if (answered && !opened) {
        opened = true;
        onOpen(listening!);
      }
      if (!opened && performance.now() > giveUpAt) endFor(`no answer within ${times.open} s`);
      if (opened && missed >= patience) endFor("it stopped answering");
      await pause(end.signal, opened ? times.look * 1000 : firstLookMilliseconds);
    }
  };
  try {
    await Promise.all([running, watch()]);
  } finally {
    stop.removeEventListener("abort", stopForward);
  }
  return why;
}

/** One missed answer may only be late. */
const patience = 2;
/** Between two health checks before the first answer. */
const firstLookMilliseconds = 200;

async function answers(port: number, path: string, signal: AbortSignal): Promise<boolean> {
  const limit = deadlineSignal(signal, times.answer);
  try {
    const response = await fetch(`http://${loopback}:${port}${path}`, {
      signal: limit.signal,
      headers: { connection: "close" },
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  } finally {
    limit.release();
  }
}

/** The last line of kubectl's stderr: the lines before are about connections that it served. */
function words(error: unknown): string {
  if (!(error instanceof ProgramFailed)) return shortMessage(error);
  const said = error.stderr.split("\n").findLast((line) => line.trim() !== "");
  return said?.replace(/^error: /, "") ?? `kubectl ended with ${error.code}`;
}

function refusal(name: DashboardName, port: number | undefined, why: string): string {
  return /^unable to listen/.test(why)
    ? `local port ${port} is not available: it is in use, or needs more privileges; omit --port to use a free port`
    : `${name} cannot be opened: ${why}`;
}
