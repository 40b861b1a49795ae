import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { dump, load } from "js-yaml";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { MissingProgram, type Programs } from "../programs/programs";
import { replaceFile } from "../programs/replace-file";
import type { Context } from "../runs/context";
import { terraformFor } from "./terraform";

/** A cluster that Terraform was to make, and that nobody has credentials for. No cluster was changed. */
export class CredentialsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CredentialsError";
  }
}

/** The parts of a kubeconfig that are merged; what else is in it is about one person's kubectl. */
interface Kubeconfig {
  readonly clusters: readonly Named[];
  readonly users: readonly Named[];
  readonly contexts: readonly NamedContext[];
}
interface Named {
  readonly name: string;
}
interface NamedContext extends Named {
  readonly context: { readonly cluster: string; readonly user: string };
}

/** Name of the mesh's own kubeconfig in the work folder. */
export const kubeconfigName = "kubeconfig";

/** az starts slowly, and asks Azure over the network. */
const azSeconds = 90;

/**
 * Makes the clusters of a mesh reachable. Those on AKS that the user's kubeconfig does not name get a context in a
 * kubeconfig of the mesh's own (`.mesh/kubeconfig`, readable by its owner alone), from Terraform's outputs or else from
 * az, as `az aks get-credentials` would write it. The user's own kubeconfig is never written.
 * @param terraformFolder `cdktf.out`
 * @returns the context, whose programs look into that kubeconfig as well
 * @throws CredentialsError naming the clusters for which there are none
 */
export async function withCredentials(
  context: Context,
  mesh: Mesh,
  terraformFolder: string,
): Promise<Context> {
  const { reaching, missing } = await withKnownCredentials(context, mesh, terraformFolder);
  if (missing.length > 0) throw noCredentials(mesh, missing);
  return reaching;
}

/**
 * The same for whoever can do with some of the clusters: one that is not made yet has no credentials.
 * @returns also the clusters that stay out of reach
 */
export async function withKnownCredentials(
  context: Context,
  mesh: Mesh,
  terraformFolder: string,
): Promise<{ readonly reaching: Context; readonly missing: readonly Cluster[] }> {
  const wanted = mesh.clusters.filter(({ aks }) => aks);
  if (wanted.length === 0) return { reaching: context, missing: [] };
  const known = await contextNames(context.programs);
  const unknown = wanted.filter((cluster) => !known.has(cluster.context));
  if (unknown.length === 0) return { reaching: context, missing: [] };

  const file = resolve(context.workFolder, kubeconfigName);
  const kept = existsSync(file) ? readKubeconfig(readFileSync(file, "utf8")) : empty;
  const { fetched, missing } = await fetchKubeconfigs(context.programs, mesh, unknown, kept, terraformFolder);
  if (fetched.length > 0) {
    mkdirSync(context.workFolder, { recursive: true, mode: 0o700 });
    replaceFile(file, dump(kubeconfigDocument(fetched.reduce(merge, kept))), 0o600);
    context.reporter.say(
      `credentials of ${fetched.length} clusters in ${join(context.workFolder, kubeconfigName)}`,
    );
  }
  // kubectl warns of a kubeconfig that is not there.
  if (missing.length === unknown.length) return { reaching: context, missing };
  return { reaching: { ...context, programs: lookingInto(file, context.programs) }, missing };
}

async function contextNames(programs: Programs): Promise<ReadonlySet<string>> {
  const { stdout } = await programs.run("kubectl", ["config", "get-contexts", "--output=name"]);
  return new Set(stdout.split("\n").filter(Boolean));
}

/**
 * One kubeconfig a cluster, its context named as the mesh names it. Terraform is asked first: a cluster that was made
 * anew has other credentials than those kept from an earlier run.
 */
async function fetchKubeconfigs(
  programs: Programs,
  mesh: Mesh,
  clusters: readonly Cluster[],
  kept: Kubeconfig,
  terraformFolder: string,
): Promise<{ readonly fetched: readonly Kubeconfig[]; readonly missing: readonly Cluster[] }> {
  const outputs = await outputsOfTerraform(programs, mesh, terraformFolder);
  const isKept = ({ context }: Cluster) => kept.contexts.some(({ name }) => name === context);
  const found = await Promise.all(
    clusters.map(async (cluster) => ({
      cluster,
      text: outputs[cluster.name] ?? (isKept(cluster) ? undefined : await askAz(programs, mesh, cluster)),
    })),
  );
  return {
    fetched: found.flatMap(({ cluster, text }) =>
      text === undefined ? [] : [withContextName(readKubeconfig(text), cluster.context)],
    ),
    missing: clusters.filter((cluster, index) => found[index]!.text === undefined && !isKept(cluster)),
  };
}

async function outputsOfTerraform(
  programs: Programs,
  mesh: Mesh,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  try {
    return await terraformFor(programs, mesh, folder).kubeconfigs();
  } catch (error) {
    // Whoever only runs the mesh may do without Terraform.
    if (error instanceof MissingProgram) return {};
    throw error;
  }
}

/** Undefined: az is not there, nobody is logged in, or there is no such cluster. The log has its words. */
async function askAz(programs: Programs, mesh: Mesh, cluster: Cluster): Promise<string | undefined> {
  try {
    const { stdout } = await programs.run("az", [...getCredentials(mesh, cluster), "--file", "-"], {
      deadlineSeconds: azSeconds,
      secretOutput: true,
    });
    return stdout;
  } catch (error) {
    if ((error as Error).name === "Interrupted") throw error;
    return undefined;
  }
}

function getCredentials({ azure }: Mesh, { aks, context }: Cluster): string[] {
  const subscription = azure!.subscription === undefined ? [] : ["--subscription", azure!.subscription];
  const where = [...subscription, "--resource-group", azure!.resourceGroup, "--name", aks!.name];
  return ["aks", "get-credentials", ...where, "--context", context];
}

function noCredentials(mesh: Mesh, clusters: readonly Cluster[]): CredentialsError {
  const names = clusters.map(({ name, context }) => `${name} (context ${context})`).join(", ");
  return new CredentialsError(
    `no credentials for ${names}: neither the kubeconfig nor Terraform's outputs nor az has them; ` +
      "make the clusters with `mesh up`; where they are made, have Terraform read its state again (`terraform init` in " +
      "the stack's folder), or fetch them yourself: " +
      `${commandLine("az", getCredentials(mesh, clusters[0]!))}`,
  );
}

const empty: Kubeconfig = { clusters: [], users: [], contexts: [] };

function readKubeconfig(text: string): Kubeconfig {
  const { clusters, users, contexts } = (load(text) ?? {}) as Partial<Kubeconfig>;
  return { clusters: clusters ?? [], users: users ?? [], contexts: contexts ?? [] };
}

/** A cluster's own kubeconfig has one context. */
function withContextName({ contexts, ...rest }: Kubeconfig, name: string): Kubeconfig {
  return { ...rest, contexts: contexts.slice(0, 1).map((context) => ({ ...context, name })) };
}

/** What comes later wins. */
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

/** No current context: the user's own stays what it is. */
const kubeconfigDocument = (parts: Kubeconfig) => ({ apiVersion: "v1", kind: "Config", ...parts });

const lookingInto = (kubeconfig: string, programs: Programs): Programs => ({
  run: (program, args, options) => programs.run(program, args, { ...options, kubeconfig }),
});
