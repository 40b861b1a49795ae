import { existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { load } from "js-yaml";
import { type Environment, kubeconfigFiles, userEnvironment } from "./environment";

/**
 * The file into which az should write a context, where KUBECONFIG names several: az takes the whole list for one name
 * (https://github.com/Azure/azure-cli/issues/18836). It is the one that has the context, or else the last, as with
 * `kubectl config`.
 * @returns undefined where az finds it by itself
 */
export function fileToWrite(context: string, env: Environment = userEnvironment): string | undefined {
  if (!env.KUBECONFIG?.includes(delimiter)) return undefined;
  const holder = readFiles(env).find(({ contexts }) => contexts.has(context));
  return holder?.path ?? kubeconfigFiles(env).at(-1);
}

/** The file that a program made which took all of KUBECONFIG for one name; undefined: there is none. */
export function strayFile({ KUBECONFIG = "" }: Environment = userEnvironment): string | undefined {
  return KUBECONFIG.includes(delimiter) && existsSync(KUBECONFIG) ? KUBECONFIG : undefined;
}

/** A context whose user or cluster kubectl takes from another file, which has a different one of that name. */
export interface MixedEntry {
  readonly kind: "user" | "cluster";
  /** Name of the entry. */
  readonly name: string;
  /** File of the context. */
  readonly own: string;
  /** The file that counts. */
  readonly first: string;
}

export function mixedEntries(context: string, env: Environment = userEnvironment): readonly MixedEntry[] {
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

/** What a kubeconfig holds, by name. Users are secrets, and stay here. */
interface KubeconfigFile {
  readonly path: string;
  readonly contexts: ReadonlyMap<string, unknown>;
  readonly cluster: ReadonlyMap<string, unknown>;
  readonly user: ReadonlyMap<string, unknown>;
}

/** Those that can be read: what is wrong with the others kubectl says. */
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
  // Of two of one name in one file kubectl takes the first.
  return new Map([...entries].reverse().map((entry) => [String(entry.name), entry[key]]));
}
