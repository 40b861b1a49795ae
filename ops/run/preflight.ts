import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import type { Version } from "../../mesh/versions";
import { fixForUnreachable } from "../diagnosis/unreachable";
import { Interrupted, MissingProgram, Refused, shortMessage } from "../exec/errors";
import { mixedEntries, mixedEntryFix, mixedEntryText } from "../exec/kubeconfig-files";
import { withRequestTimeout } from "../exec/limits";
import type { Programs } from "../exec/programs";
import { programVersion, serverVersion, skewRules, type Versions } from "../exec/versions";
import type { Context } from "./context";

/**
 * Programs are there, clusters answer and are not one and the same, versions go together: looked at side by side, before
 * anything is changed.
 * @returns the versions that were found
 * @throws Refused with everything that stands in the way
 */
export async function preflight({ programs }: Context, mesh: Mesh): Promise<Versions> {
  const asking = withRequestTimeout(programs);
  const problems: string[] = [];
  const ask = async (question: Promise<Version | undefined>, about: (error: Error) => string) => {
    try {
      return await question;
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      problems.push(error instanceof MissingProgram ? error.message : about(error as Error));
      return undefined;
    }
  };
  const asIs = ({ message }: Error) => message;
  const [kubectl, istioctl] = await Promise.all([
    ask(programVersion(programs, "kubectl"), asIs),
    ask(programVersion(programs, "istioctl"), asIs),
  ]);
  problems.push(...mixedContexts(mesh));
  if (problems.length > 0) throw new Refused(problems);
  const [servers, twins] = await Promise.all([
    Promise.all(
      mesh.clusters.map(async ({ name, context }) => {
        const unreachable = (error: Error) =>
          [
            `${name} cannot be reached through the context ${context}; check ${commandLine("kubectl", ["--context", context, "version"])}`,
            error.message,
            ...[fixForUnreachable(shortMessage(error))].flatMap((fix) => (fix ? [`fix: ${fix}`] : [])),
          ].join("\n");
        return [name, await ask(serverVersion(asking, context), unreachable)] as const;
      }),
    ),
    contextsOfOneCluster(asking, mesh),
  ]);
  const versions = { kubectl, istioctl, kubernetes: Object.fromEntries(servers) };
  const all = [...problems, ...twins, ...skewRules.flatMap((rule) => rule(mesh, versions))];
  if (all.length > 0) throw new Refused(all);
  return versions;
}

/** What they lead to is not what their files say: no cluster is asked through them. */
const mixedContexts = ({ clusters }: Mesh): string[] =>
  clusters.flatMap(({ context }) =>
    mixedEntries(context).map((entry) => `${mixedEntryText(context, entry)}\n  fix: ${mixedEntryFix(entry)}`),
  );

/** A mesh of such would install a remote over its own primary. */
async function contextsOfOneCluster(programs: Programs, { clusters }: Mesh): Promise<string[]> {
  const uids = await Promise.all(clusters.map((cluster) => uidOf(programs, cluster)));
  return clusters.flatMap(({ name, context }, index) => {
    const first = clusters[uids.indexOf(uids[index])]!;
    if (uids[index] === undefined || first.name === name) return [];
    return [
      `the contexts ${first.context} (${first.name}) and ${context} (${name}) lead to the same cluster; ` +
        "name the context of another cluster in mesh.yaml, or take the cluster out",
    ];
  });
}

/** No two clusters have the same. Undefined where it cannot be told: that it does not answer is somebody else's to say. */
async function uidOf(programs: Programs, { context }: Cluster): Promise<string | undefined> {
  const output = "jsonpath={.metadata.uid}";
  try {
    const { stdout } = await programs.run("kubectl", [
      "--context",
      context,
      "get",
      "namespace",
      "kube-system",
      "-o",
      output,
    ]);
    return stdout.trim() || undefined;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return undefined;
  }
}
