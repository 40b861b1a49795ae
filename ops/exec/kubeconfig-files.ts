import { existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { load } from "js-yaml";
import { type Environment, kubeconfigFiles, userEnvironment } from "./environment";

/**
 * The file into which az should write a context if KUBECONFIG lists several: az takes the whole list for one file name
 * (https://github.com/Azure/azure-cli/issues/18836). It is the file that has the context, or else the last, as for
 * `kubectl config`.
 * @returns undefined if az finds the file by itself
 */
export function fileToWrite(context: string, env: Environment = userEnvironment()): string | undefined {
  if (!env.KUBECONFIG?.includes(delimiter)) return undefined;
  const holder = readFiles(env).find(({ contexts }) => contexts.has(context));
  return holder?.path ?? kubeconfigFiles(env).at(-1);
}

/** The file that a program created because it took all of KUBECONFIG for one file name; undefined: none. */
export function strayFile({ KUBECONFIG = "" }: Environment = userEnvironment()): string | undefined {
  return KUBECONFIG.includes(delimiter) && existsSync(KUBECONFIG) ? KUBECONFIG : undefined;
}

/** A context whose user or cluster kubectl takes from another file, which has a different entry of that name. */
export interface MixedEntry {
  readonly kind: "user" | "cluster";
  /** Name of the entry. */
  readonly name: string;
  /** File of the context. */
  readonly own: string;
  /** The file whose entry kubectl uses. */
  readonly first: string;
}

export function mixedEntries(context: string, env: Environment = userEnvironment()): readonly MixedEntry[] {
  const files = readFiles(env);
  const own = files.find(({ contexts }) => contexts.has(context));
  if (!own) return [];
  const refers = own.contexts.get(context) as Readonly<Record<string, string>> | undefined;
  return (["cluster", "user"] as const).flatMap((kind) => {
    const name = refers?.[kind] ?? "";
    const first = files.find((file) => file[kind].has(name));
    if (!first || !own[kind].has(name) || isDeepStrictEqual(first[kind].get(name), own[kind].get(name)))
      return [];
    return [{ kind, name, own: own.path, first: first.path }];
  });
}

export function mixedEntryText(context: string, { kind, name, own, first }: MixedEntry): string {
  const so = kind === "user" ? "logs in with the credentials" : "leads to the server";
  return `the ${kind} ${name} is in ${first} and in ${own}, and the first counts: the context ${context} of ${own} ${so} of ${first}`;
}

export const mixedEntryFix = ({ kind, name, own }: MixedEntry): string =>
  `give the ${kind} ${name} another name in ${own}, under ${kind}s and in its contexts (kubectl has no command for this)`;

/** The entries of a kubeconfig by name. Users are secrets: they never leave this file. */
interface KubeconfigFile {
  readonly path: string;
  readonly contexts: ReadonlyMap<string, unknown>;
  readonly cluster: ReadonlyMap<string, unknown>;
  readonly user: ReadonlyMap<string, unknown>;
}

/** Unreadable files are left out: kubectl reports them. */
function readFiles(env: Environment): readonly KubeconfigFile[] {
  return kubeconfigFiles(env).flatMap((path) => {
    try {
      const { contexts, clusters, users } = load(readFileSync(path, "utf8")) as Record<string, unknown>;
      return [
        {
          path,
          contexts: byName(contexts, "context"),
          cluster: byName(clusters, "cluster"),
          user: byName(users, "user"),
        },
      ];
    } catch {
      return [];
    }
  });
}

function byName(list: unknown, key: string): ReadonlyMap<string, unknown> {
  const entries = (Array.isArray(list) ? list : []) as readonly Record<string, unknown>[];
  // Of two entries with one name in a file, kubectl takes the first.
  return new Map([...entries].reverse().map((entry) => [String(entry.name), entry[key]]));
}
