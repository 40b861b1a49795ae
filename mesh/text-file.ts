import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** Why a file cannot be read. */
export class UnreadableFile extends Error {
  constructor(
    readonly reason: "absent" | "no file" | "too large" | "not readable",
    /** For a message that names the file. */
    message: string,
  ) {
    super(message);
    this.name = "UnreadableFile";
  }
}

export interface TextFile {
  readonly text: string;
  /** Permissions and type, as in stat. */
  readonly mode: number;
}

/**
 * Reads a file of the user: by mistake it may be a named pipe, a device or a disk image.
 * @param largest bytes above which it is refused unread
 * @throws UnreadableFile
 */
export function readTextFile(file: string, largest: number): TextFile {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a named pipe would hang the run.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new UnreadableFile("no file", "is not a file");
    if (status.size > largest) {
      throw new UnreadableFile("too large", `has ${status.size} bytes: expected at most ${largest}`);
    }
    return { text: readFileSync(descriptor, "utf8"), mode: status.mode };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw code === "ENOENT" || code === "ENOTDIR"
      ? new UnreadableFile("absent", "file not found")
      : new UnreadableFile("not readable", `cannot be read: ${code}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
