import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { dump, load } from "js-yaml";
import { getCredentials, useLoginOfAz } from "../../mesh/azure-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { meshCommand } from "../../mesh/paths";
import { commandLine } from "../../mesh/shell-quote";
import { Interrupted, MissingProgram } from "../exec/errors";
import { fileToWrite } from "../exec/kubeconfig-files";
import type { ProgramName, Programs } from "../exec/programs";
import { replaceFile } from "../exec/replace-file";
import type { Context } from "../run/context";
import { terraformFor } from "./terraform";

/** There are no credentials for a cluster that Terraform creates. No cluster was changed. */
export class CredentialsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CredentialsError";
  }
}

/** The parts of a kubeconfig that are merged; the rest are settings of a user's kubectl. */
interface Kubeconfig {
  readonly clusters: readonly Named[];
  readonly users: readonly User[];
  readonly contexts: readonly NamedContext[];
}
interface Named {
  readonly name: string;
}
interface User extends Named {
  readonly user?: { readonly exec?: { readonly command: string; readonly args: readonly string[] } };
}
interface NamedContext extends Named {
  readonly context: { readonly cluster: string; readonly user: string };
}

/** The mesh's own kubeconfig in the work folder. */
export const kubeconfigName = "kubeconfig";

/** az starts slowly, and calls Azure. */
const azSeconds = 90;

/**
 * Fetches credentials. AKS clusters without a context in the user's kubeconfig get one in the mesh's own kubeconfig
 * (`.mesh/kubeconfig`, readable by its owner alone), from Terraform's outputs or else from az, as `az aks
 * get-credentials` writes it. The user's kubeconfig is never changed.
 * @param terraformFolder `cdktf.out`
 * @returns the context, whose programs also read that kubeconfig
 * @throws CredentialsError naming the clusters without credentials
 */
export async function withCredentials(
  context: Context,
  mesh: Mesh,
  terraformFolder: string,
  { file, needed = mesh.clusters }: CredentialsNeed,
): Promise<Context> {
  const { reaching, ...found } = await withKnownCredentials(context, mesh, terraformFolder);
  const missing = found.missing.filter((cluster) => needed.includes(cluster));
  if (missing.length > 0) throw new CredentialsError(noCredentials(mesh, { ...found, missing }, file));
  return reaching;
}

export interface CredentialsNeed {
  /** `mesh.yaml` as the user named it, for commands to paste. */
  readonly file: string;
  /** Clusters that the command cannot do without. @default - all of them */
  readonly needed?: readonly Cluster[];
}

/** Clusters without credentials. */
export interface MissingCredentials {
  readonly missing: readonly Cluster[];
  /** Programs that may have them, and are not on the PATH. */
  readonly absent: readonly ProgramName[];
}

/**
 * The same for commands that can do with some of the clusters: a cluster that does not exist yet has no credentials.
 * @returns also the clusters without credentials
 */
export async function withKnownCredentials(
  context: Context,
  mesh: Mesh,
  terraformFolder: string,
): Promise<MissingCredentials & { readonly reaching: Context }> {
  const all = { reaching: context, missing: [], absent: [] };
  const wanted = mesh.clusters.filter(({ aks }) => aks);
  if (wanted.length === 0) return all;
  const known = await contextNames(context.programs);
  const file = resolve(context.workFolder, kubeconfigName);
  const kept = existsSync(file) ? readKubeconfig(readFileSync(file, "utf8")) : empty;
  const unknown = wanted.filter((cluster) => !known.has(cluster.context));
  // The user's KUBECONFIG may include this file: its contexts are fetched again like unknown ones.
  const ours = wanted.filter((cluster) => unknown.includes(cluster) || holds(kept, cluster));
  if (ours.length === 0) return all;

  const { fetched, ...lacking } = await fetchKubeconfigs(context.programs, mesh, ours, kept, terraformFolder);
  if (fetched.length > 0) {
    mkdirSync(context.workFolder, { recursive: true, mode: 0o700 });
    replaceFile(file, dump(kubeconfigDocument(fetched.reduce(merge, kept))), 0o600);
  }
  // kubectl warns about a missing kubeconfig.
  if (lacking.missing.length === unknown.length) return { reaching: context, ...lacking };
  const own = join(context.workFolder, kubeconfigName);
  context.reporter.say(
    `credentials of ${ours.length - lacking.missing.length} clusters in ${own}; for printed commands: export KUBECONFIG="$PWD/${own}:\${KUBECONFIG:-$HOME/.kube/config}"`,
  );
  return { reaching: { ...context, programs: withKubeconfig(file, context.programs) }, ...lacking };
}

const holds = ({ contexts }: Kubeconfig, { context }: Cluster) =>
  contexts.some(({ name }) => name === context);

async function contextNames(programs: Programs): Promise<ReadonlySet<string>> {
  const { stdout } = await programs.run("kubectl", ["config", "get-contexts", "--output=name"]);
  return new Set(stdout.split("\n").filter(Boolean));
}

/**
 * One kubeconfig for each cluster, with the context name from mesh.yaml. Terraform comes first: a recreated cluster has
 * other credentials than those of an earlier run.
 */
async function fetchKubeconfigs(
  programs: Programs,
  mesh: Mesh,
  clusters: readonly Cluster[],
  kept: Kubeconfig,
  terraformFolder: string,
): Promise<MissingCredentials & { readonly fetched: readonly Kubeconfig[] }> {
  const absent = new Set<ProgramName>();
  const outputs = await outputsOfTerraform(programs, mesh, terraformFolder, absent);
  const isKept = (cluster: Cluster) => holds(kept, cluster);
  const found = await Promise.all(
    clusters.map(async (cluster) => ({
      cluster,
      text: outputs[cluster.name] ?? (isKept(cluster) ? undefined : await askAz(programs, cluster, absent)),
    })),
  );
  return {
    fetched: found.flatMap(({ cluster, text }) =>
      text === undefined ? [] : [withLoginOfAz(withContextName(readKubeconfig(text), cluster.context))],
    ),
    missing: clusters.filter((cluster, index) => found[index]!.text === undefined && !isKept(cluster)),
    absent: [...absent],
  };
}

async function outputsOfTerraform(
  programs: Programs,
  mesh: Mesh,
  folder: string,
  absent: Set<ProgramName>,
): Promise<Readonly<Record<string, string>>> {
  try {
    return await terraformFor(programs, mesh, folder).kubeconfigs();
  } catch (error) {
    // Users who only run the mesh may not have Terraform.
    if (!(error instanceof MissingProgram)) throw error;
    absent.add(error.program);
    return {};
  }
}

/** Undefined without az, without a login, or without such a cluster; the log has az's message. */
async function askAz(
  programs: Programs,
  cluster: Cluster,
  absent: Set<ProgramName>,
): Promise<string | undefined> {
  try {
    const { stdout } = await programs.run("az", getCredentials(cluster, "-"), {
      deadlineSeconds: azSeconds,
      secretOutput: true,
    });
    return stdout;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (error instanceof MissingProgram) absent.add(error.program);
    return undefined;
  }
}

/** Commands that write the credentials of a cluster; none for a cluster that Terraform does not create. */
export function fetchCredentials(mesh: Mesh, cluster: Cluster): string[] {
  if (!mesh.azure || !cluster.aks) return [];
  return [
    commandLine("az", getCredentials(cluster, fileToWrite(cluster.context))),
    ...(cluster.aks.localAccountDisabled ? [loginOfAz(cluster.context)] : []),
  ];
}

/** A command that lets kubelogin use the login of az. */
export const loginOfAz = (context: string) => commandLine("kubelogin", useLoginOfAz(context));

/** A message with the clusters, where credentials were looked for, and commands that fetch them. */
export function noCredentials(mesh: Mesh, { missing, absent }: MissingCredentials, file: string): string {
  const names = missing.map(({ name, context }) => `${name} (context ${context})`).join(", ");
  return [
    `no credentials for ${names}: ${lookedIn(absent)}`,
    `  fix: create the clusters with \`${meshCommand(file, "up")}\`; if they exist, let Terraform read its state again ` +
      "(`terraform init` in the stack's folder), or fetch them yourself:",
    ...missing.flatMap((cluster) => fetchCredentials(mesh, cluster)).map((command) => `    ${command}`),
  ].join("\n");
}

function lookedIn(absent: readonly ProgramName[]): string {
  const asked = [
    "the kubeconfig",
    ...(absent.includes("terraform") ? [] : ["Terraform's outputs"]),
    ...(absent.includes("az") ? [] : ["az"]),
  ];
  const has = asked.length > 1 ? `neither ${asked.join(" nor ")} has them` : `${asked[0]} has none`;
  if (absent.length === 0) return has;
  return `${has}, and ${absent.join(" and ")} ${absent.length > 1 ? "are" : "is"} not on the PATH`;
}

const empty: Kubeconfig = { clusters: [], users: [], contexts: [] };

function readKubeconfig(text: string): Kubeconfig {
  const { clusters, users, contexts } = (load(text) ?? {}) as Partial<Kubeconfig>;
  return { clusters: clusters ?? [], users: users ?? [], contexts: contexts ?? [] };
}

/** The kubeconfig of a single cluster has one context. */
function withContextName({ contexts, ...rest }: Kubeconfig, name: string): Kubeconfig {
  return { ...rest, contexts: contexts.slice(0, 1).map((context) => ({ ...context, name })) };
}

/**
 * Lets kubelogin use the login of az: as az writes it, kubelogin would wait for a person with a device code. The same as
 * `kubelogin convert-kubeconfig --login azurecli`. https://azure.github.io/kubelogin/concepts/aks.html, read 2026-11-30
 */
function withLoginOfAz({ users, ...rest }: Kubeconfig): Kubeconfig {
  return {
    ...rest,
    users: users.map((entry) => {
      const exec = entry.user?.exec;
      if (exec?.command !== "kubelogin") return entry;
      const args = exec.args.map((arg, index) =>
        exec.args[index - 1] === "--login" || exec.args[index - 1] === "-l" ? "azurecli" : arg,
      );
      return { ...entry, user: { ...entry.user, exec: { ...exec, args } } };
    }),
  };
}

/** Later entries win. */
function merge(one: Kubeconfig, other: Kubeconfig): Kubeconfig {
  const byName = <T extends Named>(before: readonly T[], after: readonly T[]) => [
    ...new Map([...before, ...after].map((entry) => [entry.name, entry])).values(),
  ];
  return {
    clusters: byName(one.clusters, other.clusters),
    users: byName(one.users, other.users),
    contexts: byName(one.contexts, other.contexts),
  };
}

/** Without a current context, so that the user's stays current. */
const kubeconfigDocument = (parts: Kubeconfig) => ({ apiVersion: "v1", kind: "Config", ...parts });

const withKubeconfig = (kubeconfig: string, programs: Programs): Programs => ({
  run: (program, args, options) => programs.run(program, args, { ...options, kubeconfig }),
});
