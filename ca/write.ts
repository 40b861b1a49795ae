import {
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isAbsentOrEmpty } from "./read";

export interface NewFile {
  readonly name: string;
  readonly text: string;
  /** Only its owner may read it. */
  readonly secret?: boolean;
}

/** The folder keeps itself out of Git, wherever it is made. */
export const gitIgnore: NewFile = { name: ".gitignore", text: "*\n" };

/** What a folder is called while its files are written; six characters of mkdtemp's follow. */
const temporaryMark = ".tmp-";
/** Milliseconds. Writing takes far less: what is older was left behind by a run that was killed. */
const leftoverAge = 60_000;

/**
 * Makes a folder (0700) with all its files, or nothing: they are written beside it and renamed as one. Whoever
 * renames first wins; there is no lock that a killed run could leave behind.
 *
 * @returns false when a folder with something in it is there already; it stays as it is
 */
export function placeFolder(folder: string, files: readonly NewFile[]): boolean {
  const place = existsSync(folder) ? realpathSync(folder) : folder;
  const temporary = mkdtempSync(`${place}${temporaryMark}`);
  try {
    for (const { name, text, secret } of files) {
      writeFileSync(join(temporary, name), text, { mode: secret ? 0o600 : 0o644, flag: "wx", flush: true });
    }
    renameSync(temporary, place);
    return true;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (isAbsentOrEmpty(place)) throw error;
    return false;
  }
}

/** Writes the folder's `.gitignore` where somebody made the folder by hand. */
export function keepOutOfGit(folder: string): void {
  const file = join(folder, gitIgnore.name);
  if (!existsSync(file)) writeFileSync(file, gitIgnore.text);
}

/** Removes what killed runs left beside a CA's folder and in it: keys that nothing uses. */
export function removeLeftovers(folder: string, now: Date): void {
  const isOurs = (name: string, stem: string) =>
    name.startsWith(`${stem}${temporaryMark}`) && name.length === stem.length + temporaryMark.length + 6;
  const beside = entries(dirname(folder)).filter((name) => isOurs(name, basename(folder)));
  const inside = entries(folder).filter((name) => isOurs(name, name.split(temporaryMark)[0]!));
  const leftovers = [
    ...beside.map((name) => join(dirname(folder), name)),
    ...inside.map((name) => join(folder, name)),
  ];
  for (const leftover of leftovers) {
    const written = statSync(leftover, { throwIfNoEntry: false });
    if (written && now.getTime() - written.mtimeMs > leftoverAge) {
      rmSync(leftover, { recursive: true, force: true });
    }
  }
}

function entries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
