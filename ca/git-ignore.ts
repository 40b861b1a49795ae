import { existsSync, realpathSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ignore from "ignore";
import { foldersUpFrom } from "../mesh/paths";
import { readTextFile } from "../mesh/text-file";

/** Bytes. */
const largestIgnoreFile = 1_000_000;

/**
 * Whether `git add` would add an existing file: it is in a work tree, and neither a .gitignore nor .git/info/exclude
 * ignores it. core.excludesFile does not count, because it applies to one machine only.
 */
export function isOpenToGit(file: string): boolean {
  const real = realpathSync(file);
  const folders = foldersUpFrom(dirname(real));
  const depth = folders.findIndex((folder) => existsSync(join(folder, ".git")));
  if (depth < 0) return false;
  const inTree = folders.slice(0, depth + 1).reverse();
  const top = inTree[0]!;
  const rules = [
    { folder: top, from: join(top, ".git", "info", "exclude") },
    ...inTree.map((folder) => ({ folder, from: join(folder, ".gitignore") })),
  ];
  // From the root of the work tree down, the last match counts.
  const verdicts = rules
    .map(({ folder, from }) => ignore().add(textOf(from)).test(relative(folder, real).split(sep).join("/")))
    .filter(({ ignored, unignored }) => ignored || unignored);
  return !verdicts.at(-1)?.ignored;
}

function textOf(file: string): string {
  try {
    return readTextFile(file, largestIgnoreFile).text;
  } catch {
    return "";
  }
}
