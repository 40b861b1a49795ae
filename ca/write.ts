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
  /** Readable only for its owner. */
  readonly secret?: boolean;
}

/** Keeps the folder out of Git. */
export const gitIgnore: NewFile = { name: ".gitignore", text: "*\n" };

/** Suffix of the folder while its files are written; mkdtemp adds six characters. */
const temporaryMark = ".tmp-";
/** Milliseconds. Writing takes far less: older folders belong to killed runs. */
const leftoverAge = 60_000;

/**
 * Creates a folder (0700) with all its files atomically: it is written beside its place and renamed. The first rename
 * wins; there is no lock that a killed run could leave.
 *
 * @returns false if a folder that is not empty exists; it is unchanged
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

/** Writes the folder's `.gitignore` if the folder was created by hand. */
export function keepOutOfGit(folder: string): void {
  const file = join(folder, gitIgnore.name);
  if (!existsSync(file)) writeFileSync(file, gitIgnore.text);
}

/** Removes unused keys of killed runs, beside a CA's folder and in it. */
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
