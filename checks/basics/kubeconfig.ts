import type { Programs } from "../../ops/exec/programs";

/** What a kubeconfig says of contexts; nothing of its secrets. */
export interface Kubeconfig {
  /** Contexts, each with what it leads to. */
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
}

export interface KubeconfigContext {
  /** Name of the entry that holds the server. */
  readonly cluster: string;
  /** URL of the API server; undefined where the kubeconfig names none. */
  readonly server: string | undefined;
  /** Program that logs in; undefined where none does. */
  readonly plugin: string | undefined;
}

/** As `kubectl config view` prints it. */
interface View {
  readonly contexts:
    | readonly {
        readonly name: string;
        readonly context: { readonly cluster?: string; readonly user?: string };
      }[]
    | null;
  readonly clusters:
    | readonly { readonly name: string; readonly cluster: { readonly server?: string } }[]
    | null;
  readonly users?:
    | readonly { readonly name: string; readonly user?: { readonly exec?: { readonly command: string } } }[]
    | null;
}

/** All files that KUBECONFIG names, merged by kubectl, which leaves keys and tokens out. */
export async function readKubeconfig(programs: Programs): Promise<Kubeconfig> {
  const { stdout } = await programs.run("kubectl", ["config", "view", "-o", "json"], {
    deadlineSeconds: 10,
    secretOutput: true,
  });
  const { contexts, clusters, users }: View = JSON.parse(stdout);
  const servers = new Map((clusters ?? []).map(({ name, cluster }) => [name, cluster.server]));
  const plugins = new Map((users ?? []).map(({ name, user }) => [name, user?.exec?.command]));
  return {
    contexts: new Map(
      (contexts ?? []).map(({ name, context: { cluster = "", user = "" } }) => [
        name,
        { cluster, server: servers.get(cluster), plugin: plugins.get(user) },
      ]),
    ),
  };
}
