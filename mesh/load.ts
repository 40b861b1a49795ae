import type { ZodError } from "zod";
import { type MeshConfig, meshConfigSchema } from "./config";
import { readDocument } from "./document";
import type { Mesh } from "./mesh";
import { normalize } from "./normalize";
import { meshCommand } from "./paths";
import { fileProblem, InputError, type Problem } from "./problem";
import { consistencyProblems } from "./rules";
import { schemaProblems } from "./schema-problems";
import { readTextFile, type TextFile, UnreadableFile } from "./text-file";
import { largestYaml } from "./yaml";

/**
 * Reads `mesh.yaml`.
 * @throws InputError with every problem of the file at once, or when it cannot be read
 */
export function readMesh(file: string): Mesh {
  return parseMesh(readMeshFile(file).text, file);
}

/**
 * Makes a frozen `Mesh` of the text of a `mesh.yaml`; `file` is the name that messages give it.
 * @throws InputError with every problem at once
 */
export function parseMesh(text: string, file: string): Mesh {
  const document = readDocument(
    text,
    file,
    `compare with what \`${meshCommand("example.yaml", "init")}\` writes`,
  );
  const parsed = meshConfigSchema.safeParse(document.value);
  const config = parsed.success ? parsed.data : withoutBadParts(document.value, parsed.error);
  const mesh = config && normalize(config);
  const problems = [
    ...document.problems,
    ...(parsed.success ? [] : schemaProblems(parsed.error, document, file)),
    ...(config && mesh ? consistencyProblems(config, mesh).map(document.located) : []),
  ];
  if (!mesh || problems.length > 0) throw new InputError(inOrder(problems));
  return mesh;
}

/**
 * The file less what the schema refuses, so that the rules can judge the rest in the same go. Undefined when what is
 * left is not a mesh.
 */
function withoutBadParts(value: unknown, { issues }: ZodError): MeshConfig | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const rest = structuredClone(value);
  for (const issue of issues) {
    const path = isWeight(issue.path) ? issue.path.slice(0, -1) : issue.path;
    const keys = issue.code === "unrecognized_keys" ? issue.keys : path.slice(-1);
    const parent = issue.code === "unrecognized_keys" ? path : path.slice(0, -1);
    const holder = parent.reduce<unknown>(
      (inner, part) => (inner as Record<PropertyKey, unknown>)?.[part],
      rest,
    );
    // Taking an element out of a list would move the others away from their places in the file.
    if (typeof holder !== "object" || holder === null || Array.isArray(holder)) return undefined;
    for (const key of keys) delete (holder as Record<PropertyKey, unknown>)[key];
  }
  return meshConfigSchema.safeParse(rest).data;
}

/**
 * The text of `mesh.yaml`, for `parseMesh`, and to change it.
 * @throws InputError when it cannot be read
 */
export function readMeshFile(file: string): TextFile {
  try {
    return readTextFile(file, largestYaml);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new InputError([fileProblem(file, error.message, fixes(file)[error.reason])]);
  }
}

const another = "-f FILE or MESH_FILE names another";

const fixes = (file: string): Readonly<Record<UnreadableFile["reason"], string>> => ({
  absent: `\`${meshCommand(file, "init")}\` writes a first one; ${another}`,
  "no file": another,
  "too large": another,
  "not readable": "make it readable",
});

function inOrder(problems: Problem[]): Problem[] {
  const at = ({ position }: Problem) => (position ? position.line * 1e6 + position.column : 0);
  return problems.sort((one, other) => at(one) - at(other));
}

/** Weights stand and fall together: without one of them the others' sum says nothing. */
const isWeight = (path: readonly PropertyKey[]) => /^sample\.weights\../.test(path.map(String).join("."));
