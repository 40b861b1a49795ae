import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Text of every file below a folder, by its path from there with `/`; empty when there is no such folder. */
export type Files = ReadonlyMap<string, string>;

export function filesBelow(folder: string, isWanted: (file: string) => boolean = () => true): Files {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter(isWanted)
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

export type Action = "added" | "changed" | "removed";

export interface FileChange {
  readonly file: string;
  readonly action: Action;
}

/** What has to happen to one side to make it the other, in the order of the keys. */
export function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): { key: string; action: Action }[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    if (before.get(key) === after.get(key)) return [];
    const action = !before.has(key) ? "added" : !after.has(key) ? "removed" : "changed";
    return [{ key, action } as const];
  });
}
