import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { must } from "./lab";
import { survivors } from "./leftovers";
import type { Ended, Tool } from "./tool";

/** A moment of a run with `--verbose`: this line is printed before a program runs or after a step has ended. */
export interface Moment {
  readonly name: string;
  readonly line: RegExp;
  /** So long after the line. @default 0 */
  readonly milliseconds?: number;
  /**
   * The line may be missing, because an earlier run has already done this step. Then the run is killed at this line
   * instead. @default - the line comes in every run
   */
  readonly orElse?: RegExp;
}

export interface Killed extends Ended {
  /** Whether the run was killed at `line`, not at its replacement. */
  readonly isExact: boolean;
}

/**
 * Runs the tool and kills it (SIGKILL) at the moment.
 * @throws if it ended or failed before
 */
export async function killedAt(
  tool: Tool,
  args: readonly string[],
  { name, line, milliseconds = 0, orElse }: Moment,
): Promise<Killed> {
  let at: "line" | "or else" | undefined;
  const run = tool.start([...args, "--verbose"], {
    onLine: (told, child) => {
      if (at !== undefined) return;
      if (line.test(told)) at = "line";
      else if (orElse?.test(told)) at = "or else";
      if (at !== undefined) setTimeout(() => child.kill("SIGKILL"), at === "line" ? milliseconds : 0);
    },
  });
  const ended = await run.ended;
  const whatIsWrong = [
    at === undefined && "it never came to this moment",
    ended.code !== null && `it ended by itself with ${ended.code}`,
    / FAILED /.test(ended.err) && "a step had failed before",
  ].filter((sentence) => typeof sentence === "string");
  if (whatIsWrong.length > 0)
    throw new Error(`killed at "${name}": ${whatIsWrong.join("; ")}\n${ended.out}${ended.err}`);
  return { ...ended, isExact: at === "line" };
}

/** Programs of a killed run that only wait and end at their own timeout. */
const isOnlyWaiting =
  /^kubectl .*(get .*--watch|wait --for=delete|delete -f -|delete .*services -l) .*timeout=\d+s/;
/** Seconds until they have ended: the longest of their timeouts, and some reserve. */
const longestWait = 290;

/** Programs of a killed run that may still change something after a few seconds. */
export async function busySurvivors(tool: Tool): Promise<string[]> {
  const end = Date.now() + 10_000;
  for (;;) {
    const busy = (await survivors(tool, 0)).filter((command) => !isOnlyWaiting.test(command));
    if (busy.length === 0 || Date.now() > end) return busy;
    await sleep(200);
  }
}

export const lastSurvivors = (tool: Tool) => survivors(tool, longestWait);

/** Inconsistent states that must not exist at any moment: a second root, half a CA, more than one lock. */
export function inconsistencies(tool: Tool, contexts: readonly string[]): string[] {
  const root = readFileSync(join(tool.folder, "mesh.ca/root-cert.pem"), "utf8").trim();
  const get = (context: string, what: string) =>
    JSON.parse(must(`kubectl --context ${context} get ${what} -o json`)).items as {
      metadata: { name: string; namespace: string };
      data: Record<string, string>;
    }[];
  const sentences = contexts.flatMap((context) => [
    ...get(context, "secrets -n istio-system --field-selector metadata.name=cacerts").flatMap(({ data }) => [
      ...(Object.keys(data).length === 4
        ? []
        : [`${context}: cacerts holds only ${Object.keys(data).join(", ")}`]),
      ...(Buffer.from(data["root-cert.pem"] ?? "", "base64")
        .toString("utf8")
        .trim() === root
        ? []
        : [`${context}: cacerts has another root`]),
    ]),
    ...get(context, "configmaps -A --field-selector metadata.name=istio-ca-root-cert")
      .filter(({ data }) => data["root-cert.pem"]?.trim() !== root)
      .map(({ metadata }) => `${context}: ${metadata.namespace} trusts another root`),
    ...get(context, "secrets -n istio-system --field-selector metadata.name=istio-ca-secret").map(
      () => `${context}: istiod has made a root of its own`,
    ),
  ]);
  const locks = contexts.flatMap((context) =>
    get(context, "leases -A -l app.kubernetes.io/managed-by=mesh").map(
      ({ metadata }) => `${context} ${metadata.name}`,
    ),
  );
  return locks.length > 1 ? [...sentences, `more than one lock: ${locks.join(", ")}`] : sentences;
}
