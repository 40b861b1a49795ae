import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tool } from "./tool";

/** Processes and keys that a run of the tool must not leave on this machine. */

/** The tool and its programs run in its folder. Needs /proc. */
function processesIn(folder: string): string[] {
  if (!existsSync("/proc/self/cwd")) return [];
  const place = realpathSync(folder);
  const read = (file: string, how: (file: string) => string) => {
    try {
      return how(file);
    } catch {
      // The process has ended, or belongs to another user.
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/cwd`, readlinkSync) === place)
    .map((pid) =>
      read(`/proc/${pid}/cmdline`, (file) => readFileSync(file, "utf8"))
        .replaceAll("\0", " ")
        .trim(),
    )
    .filter((command) => command !== "");
}

/**
 * Command lines of the tool's processes that still run after so many seconds.
 */
export async function survivors({ folder }: Tool, seconds: number): Promise<readonly string[]> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = processesIn(folder);
    if (found.length === 0 || Date.now() > end) return found;
    await sleep(200);
  }
}

/** Files that may hold keys: the CA, and the Secrets created from it. */
const placesOfKeys = /^(mesh\.ca\/.*-key\.pem|dist\/[^/]+\/\d{4}-cacerts\.k8s\.yaml)$/;

/**
 * Files of the tool's folder that should not hold a key of its CA, that other users can read, or that are temporary. Files
 * that disappear during the search belong to a run that continues.
 */
export function strayFiles(tool: Tool): string[] {
  const keys = keyMaterial(tool);
  return filesBelow(tool.folder).flatMap((file) => {
    const name = relative(tool.folder, file);
    const text = readFileSync(file, "utf8");
    const holdsKey = keys.some((key) => text.includes(key));
    return [
      ...(holdsKey && !placesOfKeys.test(name) ? [`${name} holds a key`] : []),
      ...(holdsKey && (lstatSync(file).mode & 0o077) !== 0 ? [`${name} can be read by others`] : []),
      ...(/^\.mesh\/staging-|\.\d+$/.test(name) ? [`${name} was left behind`] : []),
    ];
  });
}

/** Lines of every private key of the tool's CA, plain and as they look inside base64. */
export function keyMaterial({ folder }: Tool): readonly string[] {
  const files = filesBelow(join(folder, "mesh.ca")).filter((file) => file.endsWith("-key.pem"));
  return files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    // A line from the middle: the first ones are the same in every RSA key.
    const line = text.split("\n")[5]!;
    return [line, Buffer.from(text).toString("base64").slice(400, 460)];
  });
}

/** Secrets in the logs of all runs in the tool's folder: for `expect(...).toEqual([])`. */
export function secretsIn(tool: Tool, outputs: readonly string[]): string[] {
  const folder = join(tool.folder, ".mesh/log");
  const logs = existsSync(folder)
    ? readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const)
    : [];
  const keys = keyMaterial(tool);
  const texts = [...logs, ...outputs.map((text, index) => [`output ${index + 1}`, text] as const)];
  return texts.flatMap(([name, text]) => [
    ...(keys.some((key) => text.includes(key)) ? [`${name}: a key of the CA`] : []),
    ...(/PRIVATE KEY/.test(text) ? [`${name}: a private key`] : []),
    ...(/eyJ[\w-]{20,}\.eyJ|ZXlK[\w+/]{40}/.test(text) ? [`${name}: a token`] : []),
  ]);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}
